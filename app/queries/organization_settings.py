"""What 管理设置 shows: the unit's own data with names for codes, its administrators, and choices for the forms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from models.account import Account
from models.case import Task
from models.dictionary import CodeItem, CodeTable
from models.organization import Organization
from models.region import Region

DICTIONARIES = {  # column of Organization -> dictionary
    "nature_code": "unit_nature", "industry_code": "industry_division", "status_code": "unit_status",
    "economic_type_code": "economic_type", "license_kind_code": "business_license",
}
Groups = dict[str, list[tuple[str, str]]]
_account, _task = Account.__table__, Task.__table__


def region_groups(session: Session) -> Groups:
    """属地 as a select's groups: the province alone, then each city with its counties. One query."""
    groups: Groups = {}
    rows = session.execute(
        select(Region.code, Region.name, Region.level, Region.parent_code)
        .where(Region.enabled.is_(True)).order_by(Region.path)
    ).all()
    cities = {row.code: row.name for row in rows if row.level == "city"}
    for row in rows:
        if row.level == "province":
            groups.setdefault("省属单位", []).append((row.code, row.name))
        elif row.level == "city":
            groups.setdefault(row.name, []).append((row.code, f"{row.name}（市属单位）"))
        else:
            groups.setdefault(cities.get(row.parent_code, "其他"), []).append((row.code, row.name))
    return groups


def region_path(session: Session, code: str) -> str:
    """安徽省-合肥市-瑶海区: the names from the province down; empty for a region that is not known."""
    path = session.scalar(select(Region.path).where(Region.code == code)) or ""
    names = dict(session.execute(select(Region.code, Region.name).where(Region.code.in_(path.split("/")))).tuples().all())
    return "-".join(names.get(part, part) for part in path.split("/") if part)


def needs_post_quota(session: Session, nature_code: str) -> bool:
    """Whether the dictionary counts this 单位性质 among 事业单位, which keep 岗位核准信息."""
    extra = session.scalar(
        select(CodeItem.extra).join(CodeItem.table)
        .where(CodeTable.code == "unit_nature", CodeItem.code == nature_code)
    )
    return extra is not None and str(extra.get("needs_post_quota", "0")) == "1"


def code_names(session: Session, organization: Organization) -> dict[str, str]:
    """The names behind the organization's codes, by column; entries no longer offered have theirs too. One query."""
    wanted = {(table, getattr(organization, column)): column for column, table in DICTIONARIES.items()}
    rows = session.execute(
        select(CodeTable.code, CodeItem.code, CodeItem.name).join(CodeItem.table)
        .where(CodeTable.code.in_(DICTIONARIES.values()), CodeItem.code.in_({code for _, code in wanted if code}))
    )
    names = dict.fromkeys(DICTIONARIES, "")
    for table, code, name in rows:
        if (table, code) in wanted:
            names[wanted[table, code]] = name
    return names


def administrators_of(session: Session, organization_id: int) -> Sequence[Row[*tuple[Any, ...]]]:
    """The organization's accounts, active ones first: id, username, name parts, active, must_change_password,
    last_login, and `claimed`: how many open tasks each has claimed. One query.
    """
    claimed = (
        select(_task.c.claimed_by, func.count().label("n"))
        .where(_task.c.organization_id == organization_id, _task.c.state == "open", _task.c.claimed_by.is_not(None))
        .group_by(_task.c.claimed_by).subquery()
    )
    return session.connection().execute(
        select(
            _account.c.id, _account.c.username, _account.c.last_name, _account.c.first_name, _account.c.active,
            _account.c.must_change_password, _account.c.last_login, _account.c.created_on,
            func.coalesce(claimed.c.n, 0).label("claimed"),
        )
        .outerjoin(claimed, claimed.c.claimed_by == _account.c.id)
        .where(_account.c.organization_id == organization_id)
        .order_by(_account.c.active.desc(), _account.c.id)
    ).all()
