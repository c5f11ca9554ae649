"""Accounts and persons."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app
from flask_appbuilder.security.sqla.models import Role, assoc_user_role
from sqlalchemy import insert, select

from app.actor import Actor
from app.extensions import db
from app.roles import ROLE_OF_KIND
from app.security import hash_password
from models.account import Account
from models.base import utcnow
from models.encrypted import blind_index
from models.person import Person
from tests.factories.rows import save, serial

PASSWORD = "Zhicheng@2026"


def account(
    username: str | None = None, *, role: str | tuple[str, ...] = "Applicant", organization_id: int | None = None,
    name: str = "测试员",
) -> int:
    """An account with roles, acting for an organization if given. Its password is PASSWORD."""
    username = username or f"user{serial()}"
    made = save(Account(
        username=username, last_name=name[:1], first_name=name[1:], email=f"{username}@example.invalid", active=True,
        password=hash_password(PASSWORD), session_stamp=f"s{serial()}", organization_id=organization_id,
    ))
    names = (role,) if isinstance(role, str) else role
    with db.engine.begin() as connection:
        ids = connection.execute(select(Role.__table__.c.id).where(Role.__table__.c.name.in_(names))).scalars().all()
        assert len(ids) == len(names), f"unknown role among {names}"
        connection.execute(insert(assoc_user_role), [{"user_id": made, "role_id": pk} for pk in ids])
    return made


def person(
    username: str | None = None, *, organization_id: int | None = None, name: str = "李明", registered: bool = True,
) -> int:
    """A person with an account of the role Applicant, bound to the unit if given."""
    user_id = account(username, name=name)
    number = f"34010119900101{serial():04d}"
    return save(Person(
        user_id=user_id, organization_id=organization_id, name=name, id_number=number,
        id_number_index=blind_index(number), mobile="13800000000", sex="男",
        registered_at=utcnow() if registered else None,
    ))


@dataclass(frozen=True)
class Unit:
    """An organization and its administrator's account."""

    id: int
    user_id: int
    username: str


def unit(username: str, *, kind: str = "employer", name: str | None = None) -> Unit:
    """An organization of a kind with one administrator."""
    from tests.factories.organization import organization

    made = organization(name, kinds=(kind,))
    return Unit(made, account(username, role=ROLE_OF_KIND[kind], organization_id=made, name="管理员"), username)


def actor_of(user_id: int) -> Actor:
    """The actor the views would make for the account."""
    from flask_login import login_user

    from app.scope import system_scope
    from views.base import current_actor

    application = current_app._get_current_object()  # a context of its own: the test's `g` keeps the first actor
    with application.app_context(), application.test_request_context(), system_scope():
        login_user(db.session.get(Account, user_id))
        return current_actor()
