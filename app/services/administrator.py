"""Unit administrators: who acts for an organization. Adding, removing, and what they leave behind."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from flask_appbuilder.security.sqla.models import Role
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.actor import Actor
from app.audit import Event, record_event
from app.errors import Invalid, NotAllowed, NotFound, Sentence, WrongState
from app.roles import ROLE_OF_KIND
from app.rules.account import check_username
from app.rules.field_checks import FieldChecks
from app.scope import system_scope
from app.security import end_sessions, hash_password
from app.services import review
from app.transaction import current_session, transaction
from models.account import Account
from models.case import Task
from models.organization import Organization, OrganizationRole

_account = Account.__table__
_LONGEST_NAME = 40
_READABLE = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that looks like something else
_WRONG = "有信息填写有误，请按提示修改。"
USERNAME_TAKEN = "该用户名已被使用，请换一个。"


@dataclass(frozen=True)
class Issued:
    """An account made for somebody else. The password is known here only once: it is stored as a hash."""

    account_id: int
    username: str
    name: str
    password: str


def initial_password() -> str:
    """A one-time password of 59 random bits, easy to read out; it must be changed at the first sign-in."""
    return "-".join("".join(secrets.choice(_READABLE) for _ in range(4)) for _ in range(3))


def checked_person_name(value: str) -> str:
    """The name of somebody who acts for an organization."""
    name = " ".join(value.split())
    if not 2 <= len(name) <= _LONGEST_NAME:
        raise Invalid(Sentence("请填写姓名（2 至 %(n)s 个字）。", n=_LONGEST_NAME))
    return name


def refuse_taken_username(session: Session, username: str) -> None:
    """Names that differ in case only would be taken for one another."""
    if session.connection().execute(
        select(_account.c.id).where(func.lower(_account.c.username) == username.lower())
    ).first():
        raise Invalid(_WRONG, {"username": USERNAME_TAKEN})


def make_account(
    session: Session, *, organization: Organization, kinds: Iterable[str], username: str, name: str, hashed: str,
    must_change_password: bool,
) -> Account:
    """An administrator's account with the roles of the organization's kinds; inside the caller's transaction."""
    names = sorted(ROLE_OF_KIND[kind] for kind in kinds)
    roles = list(session.scalars(select(Role).where(Role.name.in_(names))))
    if not names or len(roles) != len(names):
        raise WrongState("该单位还没有设置单位角色，请先在“单位角色”中设置。")
    account = Account(
        username=username, last_name=name[:1], first_name=name[1:], email=f"{username.lower()}@account.invalid",
        password=hashed, active=True, roles=roles, organization_id=organization.id,
        session_stamp=secrets.token_hex(16), must_change_password=must_change_password,
    )
    session.add(account)
    session.flush()  # the audit rows need its id
    return account


def add(*, name: str, username: str, actor: Actor) -> Issued:
    """新增管理员 of the actor's own organization."""
    if actor.organization_id is None:
        raise NotAllowed("只有单位管理员可以管理本单位的管理员。")
    return _issue(organization_id=actor.organization_id, name=name, username=username, actor=actor)


def add_to(*, organization_id: int, name: str, username: str, actor: Actor) -> Issued:
    """开通账号 by the platform's administrator, for an organization that has none of its own or lost them."""
    if "Admin" not in actor.roles:
        raise NotAllowed("只有平台管理员可以为单位开通账号。")
    return _issue(organization_id=organization_id, name=name, username=username, actor=actor)


def _issue(*, organization_id: int, name: str, username: str, actor: Actor) -> Issued:
    check = FieldChecks()
    real_name = check("name", lambda: checked_person_name(name))
    login = check("username", lambda: check_username(username))
    check.done()
    password = initial_password()
    hashed = hash_password(password)  # slow on purpose: before the transaction
    try:
        with transaction() as session:
            organization = _lock(session, organization_id)
            if not actor.is_platform:
                _require_administrator(session, actor)
            refuse_taken_username(session, login)
            account = make_account(
                session, organization=organization, kinds=_kinds(session, organization_id), username=login,
                name=real_name, hashed=hashed, must_change_password=True,
            )
            record_event(session, event=Event.ADMINISTRATOR_ADDED, subject_type="organization",
                         subject_id=organization_id, actor=actor, data={"account": account.id, "username": login})
            return Issued(account.id, login, real_name, password)
    except IntegrityError:  # another organization took the name between the look and the insert
        with system_scope():
            refuse_taken_username(current_session(), login)
        raise


def deactivate(*, account_id: int, actor: Actor, successor_id: int | None = None) -> int:
    """停用: the account's sessions end, what it had claimed goes back to the common pile; how many tasks did.

    Never the last one. Who removes himself names a successor who has signed in with a password of their own, so
    that the organization is not left with an account nobody can open.
    """
    with transaction() as session:
        organization = _lock(session, actor.organization_id)
        _require_administrator(session, actor)
        account = _colleague(session, account_id, organization.id)
        if not account.active:
            raise WrongState("该管理员已停用。")
        if account.id == actor.user_id:
            _require_successor(session, organization.id, successor_id, actor)
        account.active = False
        session.flush()  # before the stamp, which is written past the session
        end_sessions(session, account.id)
        released = _release_claims(session, account.id, organization.id, actor)
        record_event(
            session, event=Event.ADMINISTRATOR_DEACTIVATED, subject_type="organization", subject_id=organization.id,
            actor=actor, data={"account": account.id, "username": account.username, "released": released,
                               "successor": successor_id if account.id == actor.user_id else None},
        )
        return len(released)


def hand_over(*, account_id: int, actor: Actor) -> int:
    """移交: everything a colleague (or an account that is no longer used) has claimed goes back; how many tasks."""
    with transaction() as session:
        organization = _lock(session, actor.organization_id)
        _require_administrator(session, actor)
        account = _colleague(session, account_id, organization.id)
        released = _release_claims(session, account.id, organization.id, actor)
        if not released:
            raise WrongState("该管理员没有已领取、待审核的任务，不需要移交。")
        record_event(session, event=Event.TASKS_HANDED_OVER, subject_type="organization", subject_id=organization.id,
                     actor=actor, data={"account": account.id, "released": released})
        return len(released)


def _lock(session: Session, organization_id: int | None) -> Organization:
    """The organization, locked: changes of its administrators happen one after another."""
    organization = session.get(
        Organization, organization_id, with_for_update=True, populate_existing=True
    ) if organization_id else None
    if organization is None:
        raise NotFound("没有找到该单位。")
    return organization


def _kinds(session: Session, organization_id: int) -> list[str]:
    return list(session.scalars(
        select(OrganizationRole.kind).where(OrganizationRole.organization_id == organization_id)
    ))


def require_administrator_role(actor: Actor) -> int:
    """The organization the actor administers; NotAllowed for everybody else."""
    if actor.organization_id is None or not actor.roles & set(ROLE_OF_KIND.values()):
        raise NotAllowed("只有单位管理员可以修改本单位的信息和管理员。")
    return actor.organization_id


def _require_administrator(session: Session, actor: Actor) -> None:
    """Under the organization's lock: a colleague may have deactivated the actor a moment ago."""
    require_administrator_role(actor)
    active = session.connection().execute(
        select(_account.c.active).where(
            _account.c.id == actor.user_id, _account.c.organization_id == actor.organization_id
        )
    ).scalar()
    if not active:
        raise NotAllowed("您的管理员账号已停用，请联系本单位其他管理员。")


def _colleague(session: Session, account_id: int, organization_id: int) -> Account:
    account = session.get(Account, account_id, populate_existing=True)
    if account is None or account.organization_id != organization_id:
        raise NotFound("没有找到这个管理员，可能不属于您的单位。")
    return account


def _require_successor(session: Session, organization_id: int, successor_id: int | None, actor: Actor) -> None:
    others = session.connection().execute(
        select(_account.c.id, _account.c.must_change_password).where(
            _account.c.organization_id == organization_id, _account.c.active.is_(True), _account.c.id != actor.user_id
        )
    ).all()
    if not others:
        raise WrongState("您是本单位唯一的管理员，不能停用。请先新增一名管理员。")
    ready = {row.id for row in others if not row.must_change_password}
    if not ready:
        raise WrongState("其他管理员还没有登录并修改初始密码，请待其登录后再停用自己的账号。")
    if successor_id not in ready:
        raise Invalid("请选择接替您的管理员。", {"successor_id": "请从本单位已登录使用的管理员中选择一名接替您。"})


def _release_claims(session: Session, account_id: int, organization_id: int, actor: Actor) -> list[int]:
    task = Task.__table__
    claimed = list(session.connection().execute(
        select(task.c.id).where(
            task.c.organization_id == organization_id, task.c.state == "open", task.c.claimed_by == account_id
        ).order_by(task.c.id).with_for_update()  # all tasks before any counter: no ring with who decides one just now
    ).scalars())
    for task_id in claimed:
        review.release(task_id=task_id, actor=actor, holder=account_id)
    return claimed
