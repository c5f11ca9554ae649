"""Row scope: no shape of statement reads a foreign row, no way of writing changes one."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import aliased, contains_eager, joinedload, selectinload, subqueryload

import models as m
from app.errors import NotAllowed
from app.extensions import db
from app.scope import EVERYTHING, Scope, criterion_for, scoped, system_scope
from app.transaction import transaction
from tests.access.scope_world import World, visible
from tests.factories import person as people


def _ways_to_reach_b(world: World) -> dict[str, Any]:
    """Statements of every shape that a leak could hide in; each must find nothing of B for A's administrator."""
    person_b, task_b = world.rows[m.Person]["b"], world.rows[m.Task]["b"]
    other = aliased(m.Person)
    session = db.session
    return {
        "get": lambda: session.get(m.Person, person_b),
        "query": lambda: session.query(m.Person).filter_by(id=person_b).all(),
        "alias": lambda: session.scalars(select(other).where(other.id == person_b)).all(),
        "columns": lambda: session.execute(select(m.Person.name).where(m.Person.id == person_b)).all(),
        "count": lambda: session.scalar(select(func.count()).select_from(m.Task).where(m.Task.id == task_b)),
        "join": lambda: session.scalars(
            select(m.Organization.id).join(m.Person, m.Person.organization_id == m.Organization.id)
            .where(m.Person.id == person_b)
        ).all(),
        "subquery": lambda: session.scalars(
            select(m.Organization.id).where(m.Organization.id.in_(
                select(m.Person.organization_id).where(m.Person.id == person_b)
            ))
        ).all(),
        "has": lambda: session.scalars(
            select(m.Organization.id).where(select(m.Person.id).where(
                m.Person.organization_id == m.Organization.id, m.Person.id == person_b
            ).exists())
        ).all(),
        "exists": lambda: session.scalar(select(select(m.Task.id).where(m.Task.id == task_b).exists())),
        "union": lambda: session.execute(
            select(m.Person.id).where(m.Person.id == person_b).union(select(m.Task.id).where(m.Task.id == task_b))
        ).all(),
        "cte": lambda: session.execute(
            select(select(m.Person.id).where(m.Person.id == person_b).cte())
        ).all(),
    }


WAYS = ("get", "query", "alias", "columns", "count", "join", "subquery", "has", "exists", "union", "cte")


@pytest.mark.parametrize("way", WAYS)
def test_no_shape_of_statement_reaches_a_foreign_row(world: World, way: str) -> None:
    db.session.expunge_all()
    with scoped(EVERYTHING):
        assert _ways_to_reach_b(world)[way](), "the statement finds the row when it may"
    db.session.expunge_all()
    with scoped(world.scopes["unit_a"]):
        assert not _ways_to_reach_b(world)[way]()


@pytest.mark.parametrize("loading", [joinedload, selectinload, subqueryload, contains_eager, None])
def test_relationships_load_within_the_scope(world: World, loading: Any) -> None:
    """A public row leads to scoped ones by a relationship: the application's items, a task's case."""
    application = world.rows[m.Application]["a"]
    foreign_person = people.person("person_c", organization_id=world.b.id)
    with system_scope(), transaction() as session:  # a broken row: A's application names B's person
        session.get(m.Application, application).person_id = foreign_person
    db.session.expunge_all()
    statement = select(m.Application).where(m.Application.id == application)
    if loading is contains_eager:
        statement = statement.outerjoin(m.Application.person)
    if loading is not None:
        statement = statement.options(loading(m.Application.person))
    with scoped(world.scopes["unit_a"]):
        found = db.session.scalars(statement).one()
        assert found.person is None
        db.session.expunge_all()
    with system_scope():
        assert db.session.scalars(statement).one().person is not None


def test_a_row_loaded_under_one_scope_loads_its_relations_under_the_next(world: World) -> None:
    application = world.rows[m.Application]["b"]
    db.session.expunge_all()
    with system_scope():
        row = db.session.get(m.Application, application)
    with scoped(world.scopes["unit_a"]):
        assert row.items == []
        assert row.person is None


def test_core_statements_can_use_the_same_criterion(world: World) -> None:
    table = m.Task.__table__
    statement = select(table.c.id).where(criterion_for(m.Task, world.scopes["unit_b"]))
    assert set(db.session.execute(statement).scalars()) == visible(m.Task, world.scopes["unit_b"])


# Writing


def test_a_foreign_row_cannot_be_changed_however_it_was_loaded(world: World) -> None:
    pk = world.rows[m.Achievement]["b"]
    with pytest.raises(NotAllowed):
        _write(world.scopes["unit_a"], m.Achievement, pk, lambda session, row: setattr(row, "summary", "改写"))
    assert _value(m.Achievement, pk, "summary") != "改写"


def test_a_foreign_row_cannot_be_deleted(world: World) -> None:
    pk = world.rows[m.Notification]["b"]
    with pytest.raises(NotAllowed):
        _write(world.scopes["person_a"], m.Notification, pk, lambda session, row: session.delete(row))
    assert _value(m.Notification, pk, "id") == pk


def _write(scope: Scope, model: Any, pk: int, change: Any) -> None:
    """Change a row under a scope, after loading it under the platform's."""
    with scoped(scope), transaction() as session:
        with system_scope():
            row = session.get(model, pk)
        change(session, row)


def test_a_row_cannot_be_inserted_for_somebody_else(world: World) -> None:
    other = world.rows[m.Account]["person_b"]
    with pytest.raises(NotAllowed), scoped(world.scopes["person_a"]), transaction() as session:
        session.add(m.Notification(user_id=other, key="forged", title="伪造"))
    with system_scope():
        assert db.session.scalar(select(m.Notification.id).where(m.Notification.key == "forged")) is None


def test_an_own_row_cannot_be_moved_to_somebody_else(world: World) -> None:
    pk, other = world.rows[m.Notification]["a"], world.rows[m.Account]["person_b"]
    with pytest.raises(NotAllowed), scoped(world.scopes["person_a"]), transaction() as session:
        session.get(m.Notification, pk).user_id = other
    assert _value(m.Notification, pk, "user_id") == world.rows[m.Account]["person_a"]


def test_own_rows_are_written_freely(world: World) -> None:
    pk = world.rows[m.Achievement]["a"]
    with scoped(world.scopes["person_a"]), transaction() as session:
        session.get(m.Achievement, pk).summary = "新的摘要"
        session.add(m.Notification(user_id=world.rows[m.Account]["person_a"], key="own", title="通知"))
    assert _value(m.Achievement, pk, "summary") == "新的摘要"


def _value(model: Any, pk: int, column: str) -> Any:
    table = model.__table__
    with db.engine.connect() as connection:
        return connection.execute(select(table.c[column]).where(table.c.id == pk)).scalar_one()
