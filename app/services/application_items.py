"""导入 from the portfolio, 上移, 下移, 移除, 合格学历. What is imported is frozen as it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, case, delete, insert, or_, select, update
from sqlalchemy.orm import Session

from app.actor import Actor
from app.audit import Event, record_event
from app.errors import Invalid, NotFound
from app.services.application import bump, lock
from app.services.application_effects import SUBJECT
from app.transaction import transaction
from models.achievement import Achievement, AchievementKind
from models.application import IMPORT_PAGES, Application, ApplicationItem
from models.plan import StandardItem, StandardSection
from models.series import Title

_item, _achievement, _kind = ApplicationItem.__table__, Achievement.__table__, AchievementKind.__table__
_need, _section = StandardItem.__table__, StandardSection.__table__
_a, _title = Application.__table__, Title.__table__
OFFSETS = {"up": -1, "down": 1}


@dataclass(frozen=True)
class Place:
    """Where items are imported: an import page (a key of IMPORT_PAGES) or an item of the standard, not both."""

    page: str = ""
    standard_item_id: int | None = None


def import_items(*, application_id: int, place: Place, achievement_ids: Sequence[int], actor: Actor) -> int:
    """导入 own approved achievements of the place's kind; how many. Invalid names what cannot be imported and why.

    All or nothing: either every chosen achievement is imported or none.
    """
    wanted = list(dict.fromkeys(achievement_ids))
    if not wanted:
        raise Invalid("请先勾选要导入的业绩。")
    with transaction() as session:
        row = lock(session, application_id, actor)
        kind_id, maximum, label = _kind_of(session, row, place)
        present = session.execute(
            select(_item.c.achievement_id, _item.c.page, _item.c.standard_item_id, _item.c.position)
            .where(_item.c.application_id == row.id)
        ).all()
        here = [p for p in present if (p.page, p.standard_item_id) == (place.page, place.standard_item_id)]
        if maximum and len(here) + len(wanted) > maximum:
            raise Invalid(f"{label}最多 {maximum} 项，已导入 {len(here)} 项，本次选择了 {len(wanted)} 项，请减少后再导入。")
        achievements = _usable(session, row, kind_id, wanted, {p.achievement_id for p in present})
        start = max((p.position for p in here), default=-1) + 1
        session.execute(insert(_item), [
            {
                "application_id": row.id, "achievement_id": achievement.id, "page": place.page,
                "standard_item_id": place.standard_item_id, "position": start + n, "is_qualifying": False,
                "data": achievement.data,
            }
            for n, achievement in enumerate(achievements)
        ])
        bump(session, row)
        record_event(session, event=Event.APPLICATION_ITEM_IMPORTED, subject_type=SUBJECT, subject_id=row.id,
                     actor=actor, data={"place": place.page or place.standard_item_id, "achievements": wanted})
        return len(wanted)


def _kind_of(session: Session, row: Row[Any], place: Place) -> tuple[int, int, str]:
    """(kind, maximum, label) of a place that belongs to this application."""
    if place.page:
        if place.page not in IMPORT_PAGES or place.standard_item_id is not None:
            raise NotFound("没有找到要导入的页面，请返回后重试。")
        kind_id = session.execute(select(_kind.c.id).where(_kind.c.code == place.page)).scalar()
        if kind_id is None:
            raise NotFound("系统中没有这类业绩，请联系平台客服。")
        return kind_id, 0, IMPORT_PAGES[place.page]
    found = session.execute(
        select(_need.c.kind_id, _need.c.maximum, _kind.c.name)
        .join(_section, _section.c.id == _need.c.section_id)
        .join(_kind, _kind.c.id == _need.c.kind_id)
        .where(
            _need.c.id == place.standard_item_id, _section.c.standard_id == row.standard_id,
            or_(
                _section.c.level_id.is_(None),
                _section.c.level_id == select(_title.c.level_id).where(_title.c.id == row.title_id).scalar_subquery(),
            ),
        )
    ).first()
    if found is None:
        raise NotFound("所选评审标准中没有这一项，请刷新页面。")
    return found.kind_id, found.maximum, found.name


def _usable(
    session: Session, row: Row[Any], kind_id: int, wanted: Sequence[int], imported: set[int]
) -> list[Row[Any]]:
    """The achievements in the order chosen, locked so that nobody withdraws one meanwhile."""
    found: dict[int, Any] = {
        achievement.id: achievement
        for achievement in session.execute(
            select(_achievement.c.id, _achievement.c.kind_id, _achievement.c.state, _achievement.c.summary,
                   _achievement.c.data)
            .where(_achievement.c.id.in_(wanted), _achievement.c.person_id == row.person_id)
            .with_for_update()
        )
    }
    problems = []
    for achievement_id in wanted:
        achievement = found.get(achievement_id)
        if achievement is None or achievement.kind_id != kind_id:
            problems.append("所选业绩中有一条不存在或类别不符，请刷新页面后重新选择。")
        elif achievement.state != "approved":
            problems.append(f"“{achievement.summary}”尚未通过单位审核，不能导入。")
        elif achievement.id in imported:
            problems.append(f"“{achievement.summary}”已经导入过，如需移到这里，请先移除原来的一条。")
    if problems:
        raise Invalid("".join(dict.fromkeys(problems)))
    return [found[achievement_id] for achievement_id in wanted]


def remove_item(*, application_id: int, item_id: int, actor: Actor) -> str:
    """移除 an imported item; the portfolio keeps it. The summary of what was removed."""
    with transaction() as session:
        row, item = _item_of(session, application_id, item_id, actor)
        session.execute(delete(_item).where(_item.c.id == item.id))
        bump(session, row)
        record_event(session, event=Event.APPLICATION_ITEM_REMOVED, subject_type=SUBJECT, subject_id=row.id,
                     actor=actor, data={"item": item.id, "achievement": item.achievement_id})
        return str(item.summary)


def move_item(*, application_id: int, item_id: int, direction: str, actor: Actor) -> None:
    """上移 (up) or 下移 (down) within its place; at the end it stays."""
    if direction not in OFFSETS:
        raise Invalid("不支持的操作，请刷新页面后重试。")
    with transaction() as session:
        row, item = _item_of(session, application_id, item_id, actor)
        siblings = [
            found.id for found in session.execute(
                select(_item.c.id).where(
                    _item.c.application_id == row.id, _item.c.page == item.page,
                    _item.c.standard_item_id.is_not_distinct_from(item.standard_item_id),
                ).order_by(_item.c.position, _item.c.id)
            )
        ]
        old = siblings.index(item.id)
        new = min(max(old + OFFSETS[direction], 0), len(siblings) - 1)
        if new == old:
            return
        siblings.insert(new, siblings.pop(old))
        session.execute(
            update(_item).where(_item.c.id.in_(siblings)).values(position=_position_in(siblings))
        )
        bump(session, row)
        record_event(session, event=Event.APPLICATION_ITEM_MOVED, subject_type=SUBJECT, subject_id=row.id,
                     actor=actor, data={"item": item.id, "from": old, "to": new})


def _position_in(ids: Sequence[int]) -> Any:
    return case({item_id: position for position, item_id in enumerate(ids)}, value=_item.c.id)


def set_qualifying(*, application_id: int, item_id: int, qualifying: bool, actor: Actor) -> None:
    """合格学历: tick or untick an imported education."""
    with transaction() as session:
        row, item = _item_of(session, application_id, item_id, actor)
        if item.page != "education":
            raise Invalid("只有学历教育可以设为“合格学历”。")
        if item.is_qualifying == qualifying:
            return
        session.execute(update(_item).where(_item.c.id == item.id).values(is_qualifying=qualifying))
        bump(session, row)
        record_event(session, event=Event.APPLICATION_SAVED, subject_type=SUBJECT, subject_id=row.id, actor=actor,
                     data={"item": item.id, "is_qualifying": qualifying})


def _item_of(session: Session, application_id: int, item_id: int, actor: Actor) -> tuple[Row[Any], Row[Any]]:
    row = lock(session, application_id, actor)
    item = session.execute(
        select(_item, _achievement.c.summary).join(_achievement, _achievement.c.id == _item.c.achievement_id)
        .where(_item.c.id == item_id, _item.c.application_id == row.id)
    ).first()
    if item is None:
        raise NotFound("没有找到这条导入记录，它可能已被移除，请刷新页面。")
    return row, item
