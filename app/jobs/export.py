"""Rosters as Excel: one function a kind of list gives title, columns and rows; everything else is common.

    roster = compose(session, "own_achievements", actor, {"kind": "paper"})
    data = render(roster)          # at once, or by the job "export.make"

Rows come a few hundred at a time by key, each its own read: a long file holds no transaction open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_appbuilder.security.sqla.models import Role, assoc_user_role
from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.actor import SYSTEM, Actor
from app.errors import DomainError
from app.jobs.registry import GiveUp, JobView, handler
from app.reports.sheet import MEDIA_TYPE, SheetColumn, numbered, write_roster
from app.reports.wording import moment
from app.services import export as exports
from app.services import file as files
from app.transaction import current_session
from models.account import Account
from models.base import utcnow
from models.export import Export

STEP = 500  # rows read at a time
_export, _account, _role = Export.__table__, Account.__table__, Role.__table__


@dataclass(frozen=True)
class Roster:
    """A list as it leaves. `total`: how many rows there are, at most MOST + 1; `rows` reads them when it is run through."""

    title: str
    columns: Sequence[SheetColumn]
    rows: Iterable[Sequence[Any]]
    total: int
    note: str = ""
    on: exports.On | None = None


Composer = Callable[[Session, Actor, Mapping[str, Any]], Roster]
_composers: dict[str, Composer] = {}


def roster(kind: str) -> Callable[[Composer], Composer]:
    """Register how a kind of list is composed. It checks the actor's right to it: it is asked again at the download."""

    def register(function: Composer) -> Composer:
        _composers[kind] = function
        return function

    return register


def compose(session: Session, kind: str, actor: Actor, params: Mapping[str, Any]) -> Roster:
    """The list as the actor may see it now; NotFound or NotAllowed when they may not."""
    return _composers[kind](session, actor, params)


def render(made: Roster, *, watch: Callable[[int], None] = lambda _n: None) -> tuple[bytes, int]:
    """(the .xlsx file, how many rows); `watch` is told after each STEP rows."""
    count = 0

    def counted() -> Iterator[Sequence[Any]]:
        nonlocal count
        for row in made.rows:
            yield row
            count += 1
            if count % STEP == 0:
                watch(count)

    first = SheetColumn(_("序号"), "number", 6)
    note = _("导出时间：%(when)s，共 %(n)s 条", when=moment(utcnow()), n=made.total)
    data = write_roster(
        title=made.title, columns=[first, *made.columns], rows=numbered(counted()),
        note=f"{note}。{made.note}" if made.note else note,
    )
    return data, count


@handler("export.make")
def make(job: JobView) -> None:
    """Make one file. Run again after an interruption it begins anew; a made one stays as it is."""
    session, export_id = current_session(), job.payload["export_id"]
    row = session.execute(select(_export).where(_export.c.id == export_id)).first()
    if row is None or row.state != "waiting":
        return
    actor = _actor_of(session, row)
    session.rollback()
    try:
        if actor is None:
            raise GiveUp("the account is gone or acts for somebody else now")
        with force_locale(row.language):
            data, count = render(
                compose(session, row.kind, actor, row.params),
                watch=lambda done: exports.progress(export_id=export_id, done=done),
            )
    except (DomainError, GiveUp) as error:
        session.rollback()
        exports.fail(export_id=export_id, error=error.message if isinstance(error, DomainError) else
                     "账号已停用或已不在原单位，不能导出。")
        raise GiveUp(str(error)) from error
    except Exception:
        if job.attempts >= job.max_attempts:
            session.rollback()
            exports.fail(export_id=export_id, error="生成时发生意外，已通知运维人员，请稍后重新导出。")
        raise
    file = files.store_generated(data=data, name=f"{row.title}.xlsx", media_type=MEDIA_TYPE, actor=SYSTEM)
    if not exports.keep(export_id=export_id, file_id=file.id, rows=count, actor=SYSTEM):
        files.discard(file_id=file.id, actor=SYSTEM)


@handler("export.purge")
def purge(job: JobView) -> None:
    """Delete files that were kept long enough."""
    while exports.purge(actor=SYSTEM):
        pass


def _actor_of(session: Session, row: Any) -> Actor | None:
    """The account as it is now; None when it is disabled or no longer acts for the organization it asked for."""
    account = session.execute(select(_account).where(_account.c.id == row.user_id, _account.c.active.is_(True))).first()
    if account is None or account.organization_id != row.organization_id:
        return None
    roles = session.scalars(
        select(_role.c.name).join(assoc_user_role, assoc_user_role.c.role_id == _role.c.id)
        .where(assoc_user_role.c.user_id == row.user_id)
    )
    return Actor(account.id, f"{account.last_name}{account.first_name}", person_id=row.person_id,
                 organization_id=row.organization_id, roles=frozenset(roles), origin="job")
