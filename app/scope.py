"""Row-level scope: which rows the current actor may know of, applied to every ORM SELECT.

The scope is a plain value in a context variable. **Unset means deny**: a scoped table then yields no rows, whoever
asks. Requests set it from the signed-in account; jobs, commands and tests say `with system_scope():`.
ORM writes are held to the same line: a flush that would insert, change or delete a row outside the scope is refused.
Neither covers Core statements, bulk UPDATE/DELETE or raw SQL: services that use them compare the owner columns
themselves (`criterion_for`). Which rows belong to whom is in `app/scope_criteria.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import ColumnElement, Table, event, inspect, select, true
from sqlalchemy.orm import ORMExecuteState, Session, with_loader_criteria
from sqlalchemy.sql.expression import TableClause
from sqlalchemy.sql.visitors import ExternallyTraversible, iterate

from app.actor import Actor
from app.errors import NotAllowed
from app.scope_criteria import CRITERIA


@dataclass(frozen=True)
class Scope:
    """`everything`: system and platform staff. Otherwise the ids that own rows; a missing one owns nothing."""

    everything: bool = False
    user_id: int | None = None
    person_id: int | None = None
    organization_id: int | None = None


DENY = Scope()
EVERYTHING = Scope(everything=True)
_current: ContextVar[Scope] = ContextVar("row_scope", default=DENY)


def scope_of(actor: Actor) -> Scope:
    """The scope an actor works in."""
    if actor.is_system or actor.is_platform:
        return EVERYTHING
    return Scope(user_id=actor.user_id, person_id=actor.person_id, organization_id=actor.organization_id)


def current_scope() -> Scope:
    """The scope in force; DENY unless somebody set one."""
    return _current.get()


def set_scope(scope: Scope) -> Token[Scope]:
    """Set the scope for the rest of this context (a request); `restore_scope` takes the token back."""
    return _current.set(scope)


def restore_scope(token: Token[Scope]) -> None:
    """Undo `set_scope`. In another context than the one that set it (a streamed answer) nothing is owed: deny."""
    try:
        _current.reset(token)
    except ValueError:
        _current.set(DENY)


@contextmanager
def scoped(scope: Scope) -> Iterator[None]:
    """Run a block under another scope."""
    token = _current.set(scope)
    try:
        yield
    finally:
        _current.reset(token)


def system_scope() -> Any:
    """`with system_scope():` for jobs, commands, and look-ups that check the owner themselves."""
    return scoped(EVERYTHING)


def criterion_for(model: type, scope: Scope) -> ColumnElement[bool]:
    """The WHERE clause of one scoped table, for Core statements that bypass the ORM hook."""
    return true() if scope.everything else CRITERIA[model](model, scope)


def _table(model: type) -> Table:
    return cast(Table, cast(Any, model).__table__)


@lru_cache(maxsize=512)
def _options(scope: Scope, joined: bool) -> dict[str, list[Any]]:
    """Loader criteria by table name. Only for eager joins (SQLAlchemy asks for it there) are they handed on to the
    loads an object makes later: otherwise each of those comes by here itself, under its own scope."""
    options: dict[str, list[Any]] = {}
    for model, criterion in CRITERIA.items():
        options.setdefault(_table(model).name, []).append(
            with_loader_criteria(model, criterion(model, scope), include_aliases=True, propagate_to_loaders=joined)
        )
    return options


_JOINING = {("lazy", "joined"), ("lazy", "subquery")}  # these pull in tables the statement itself does not name


def _joins_by_option(statement: Any) -> bool:
    for option in getattr(statement, "_with_options", ()):
        for element in getattr(option, "context", ()):
            if _JOINING & set(getattr(element, "strategy", None) or ()):
                return True
    return False


@event.listens_for(Session, "do_orm_execute")
def _apply_scope(state: ORMExecuteState) -> None:
    """Narrow every ORM SELECT, lazy loads included. Refreshing a row that is already in the session is none.

    Only the criteria of tables the statement names are added: each costs 40 µs, named or not.
    """
    if not state.is_select or state.is_column_load:
        return
    scope = _current.get()
    if scope.everything or state.execution_options.get("unscoped"):
        return
    joined = _joins_by_option(state.statement)
    options = _options(scope, joined)
    if joined:
        names = set(options)
    else:
        names = {element.name for element in iterate(cast(ExternallyTraversible, state.statement)) if isinstance(element, TableClause)}
    chosen = [option for name in sorted(names & options.keys()) for option in options[name]]
    if chosen:
        state.statement = state.statement.options(*chosen)


_WRITTEN = "zhicheng_written_rows"


@event.listens_for(Session, "before_flush")
def _guard_changes(session: Session, context: Any, instances: Any) -> None:
    """Refuse the ORM update or delete of a row that the scope does not know of, however it came into the session."""
    scope = _current.get()
    if scope.everything:
        return
    changed = [row for row in session.dirty if session.is_modified(row)]
    _require_in_scope(session, scope, [*changed, *session.deleted])
    session.info[_WRITTEN] = [*changed, *session.new]


@event.listens_for(Session, "after_flush")
def _guard_results(session: Session, context: Any) -> None:
    """Refuse inserts outside the scope, and updates that move a row out of it; the transaction rolls back."""
    written = session.info.pop(_WRITTEN, [])
    scope = _current.get()
    if not scope.everything:
        _require_in_scope(session, scope, written)


def _require_in_scope(session: Session, scope: Scope, rows: list[Any]) -> None:
    """Each row, by its key, must satisfy its table's criterion. Read over Core: no hook, no autoflush."""
    keys: dict[type, set[int]] = {}
    for row in rows:
        model = next((base for base in type(row).__mro__ if base in CRITERIA), None)
        if model is not None:
            keys.setdefault(model, set()).add(inspect(row).identity[0] if inspect(row).identity else row.id)
    for model, wanted in keys.items():
        columns = _table(model).c
        statement = select(columns.id).where(columns.id.in_(wanted), CRITERIA[model](columns, scope))
        if set(session.connection().execute(statement).scalars()) != wanted:
            raise NotAllowed("这条记录不属于您，不能修改。")
