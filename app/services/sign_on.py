"""Single sign-on: what is sent to a provider and comes back once; which account its subject enters.

An account is found by provider and subject, never by a name. A sign-on makes an account only where nothing is there
yet. Where an account of the same ID number or credit code exists, whoever made it may have used somebody else's
number, and the provider may be wrong as well: the identity is linked only after the password of that account.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import secrets
from dataclasses import dataclass
from typing import Any, cast

from flask_appbuilder.security.sqla.models import Role
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.actor import Actor
from app.audit import Event, record_event
from app.errors import Conflict, Invalid, NotAllowed, WrongState
from app.oidc import Identity, Provider
from app.roles import ROLE_OF_KIND
from app.rules import deadlines, identity
from app.scope import system_scope
from app.security import end_sessions
from app.services import organization as organizations
from app.services.registration import APPLICANT_ROLE
from app.transaction import transaction
from models.account import Account
from models.base import utcnow
from models.encrypted import blind_index, blind_indexes
from models.identity import AccountIdentity
from models.organization import Organization, OrganizationRole
from models.person import Person
from models.search import person_initials
from models.sign_on import SignOn

LASTS = dt.timedelta(minutes=10)
STALE = "登录请求已失效或已使用过，请回到登录页重新开始。"
NO_NAME = "单点登录没有提供姓名或单位名称，请先在该平台核对并补充，再重新登录。"
WRONG_PERSON = "单点登录提供的身份证号或手机号码缺失或不正确，请先在该平台核对并补充，再重新登录。"
WRONG_UNIT = "单点登录提供的单位名称或统一社会信用代码缺失或不正确，请先在该平台核对并补充，再重新登录。"
_sign_on, _identity, _account = SignOn.__table__, AccountIdentity.__table__, Account.__table__


@dataclass(frozen=True)
class Begun:
    """What goes to the provider; `browser` also stays in the browser that began."""

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True)
class Taken:
    """An attempt whose one answer has come."""

    id: int
    nonce: str
    verifier: str
    next_path: str
    account_id: int | None


@dataclass(frozen=True)
class Entered:
    """The account a sign-on enters. `is_new`: made just now. None: an account with a password must be proved first."""

    account_id: int | None
    is_new: bool = False


def digest(value: str) -> str:
    """SHA-256 of a random value, in hex: what the database keeps of it."""
    return hashlib.sha256(value.encode()).hexdigest()


def begin(*, provider: Provider, browser: str, next_path: str, account_id: int | None = None) -> Begun:
    """Remember a new attempt of this browser. `account_id`: who is signed in and wants the identity linked."""
    begun = Begun(secrets.token_urlsafe(32), secrets.token_urlsafe(24), secrets.token_urlsafe(48))
    with transaction() as session:
        session.execute(insert(_sign_on).values(
            state_digest=digest(begun.state), browser_digest=digest(browser), provider=provider.key, nonce=begun.nonce,
            verifier=begun.verifier, next_path=next_path[:500], account_id=account_id, state="begun",
            created_at=utcnow(), expires_at=utcnow() + LASTS,
        ))
    return begun


def take(*, provider: Provider, state: str, browser: str) -> Taken:
    """The attempt an answer belongs to: of this browser, of this provider, in time, and only once."""
    mine = (
        (_sign_on.c.state_digest == digest(state)) & (_sign_on.c.browser_digest == digest(browser))
        & (_sign_on.c.provider == provider.key)
    )
    with transaction() as session:
        done = session.execute(
            update(_sign_on).where(mine, _sign_on.c.state == "begun", _sign_on.c.expires_at > utcnow())
            .values(state="answered")
        )
        if cast(Any, done).rowcount != 1:
            raise WrongState(STALE)
        row = session.execute(select(_sign_on).where(mine)).one()
        return Taken(row.id, row.nonce, row.verifier, row.next_path, row.account_id)


def enter(*, provider: Provider, found: Identity, attempt: Taken, actor: Actor) -> Entered:
    """The account of a checked identity, made if nothing stands in the way; else the attempt waits for a proof."""
    work = _enter_person if provider.audience == "person" else _enter_unit
    values = checked(provider, found)
    with system_scope():
        try:
            entered = work(found, values, actor)
        except IntegrityError:  # two first sign-ins at the same moment: the second finds the first's rows
            entered = work(found, values, actor)
        if entered.account_id is None:
            _wait_for_proof(attempt, found, values)
    return entered


def checked(provider: Provider, found: Identity) -> dict[str, str]:
    """The claims in our form; Invalid says what the provider lacks and where to mend it."""
    values = dict(found.values)
    if not values.get("name"):
        raise Invalid(NO_NAME)
    try:
        if provider.audience == "person":
            values["id_number"] = identity.check_resident_id(values["id_number"], deadlines.today())
            values["mobile"] = identity.check_mobile(values["mobile"])
        else:
            values["name"] = organizations.checked_name(values["name"])
            values["uscc"] = identity.check_uscc(values["uscc"])
    except Invalid as error:
        raise Invalid(WRONG_PERSON if provider.audience == "person" else WRONG_UNIT) from error
    return values


def _known(session: Session, found: Identity) -> int | None:
    return session.execute(
        select(_identity.c.account_id)
        .where(_identity.c.provider == found.provider, _identity.c.subject == found.subject)
    ).scalar_one_or_none()


# Persons


def _enter_person(found: Identity, values: dict[str, str], actor: Actor) -> Entered:
    with transaction() as session:
        account_id = _known(session, found)
        if account_id is not None:
            _refresh_person(session, account_id, values, actor)
            return Entered(account_id)
        person = session.scalars(
            select(Person).where(Person.id_number_index.in_(blind_indexes(values["id_number"])))
        ).one_or_none()
        if person is not None:
            _require_password(session, person.user_id)
            return Entered(None)
        role = session.scalars(select(Role).where(Role.name == APPLICANT_ROLE)).one()
        account = _new_account(session, name=values["name"], roles=[role], organization_id=None)
        person = Person(
            user_id=account.id, name=values["name"][:50], pinyin=person_initials(values["name"])[:50],
            id_number=values["id_number"], id_number_index=blind_index(values["id_number"]), mobile=values["mobile"],
            sex=identity.sex_of(values["id_number"]), birth_date=identity.birth_date_of(values["id_number"]),
        )
        session.add(person)
        session.flush()  # the audit row needs its id
        record_event(session, event=Event.ACCOUNT_CREATED, subject_type="person", subject_id=person.id, actor=actor,
                     data={"provider": found.provider})
        _link(session, account.id, found, actor)
        return Entered(account.id, is_new=True)


def _refresh_person(session: Session, account_id: int, values: dict[str, str], actor: Actor) -> None:
    """The subject is still the same person; the mobile is the provider's, so its newest one counts."""
    person = session.scalars(select(Person).where(Person.user_id == account_id).with_for_update()).one_or_none()
    if person is None or person.id_number_index not in blind_indexes(values["id_number"]):
        raise NotAllowed("单点登录返回的身份证号与本账号登记的不一致，不能登录。请联系平台客服核实。")
    if person.mobile != values["mobile"]:
        person.mobile = values["mobile"]
        person.version += 1
        record_event(session, event=Event.PERSON_CHANGED, subject_type="person", subject_id=person.id, actor=actor,
                     data={"fields": ["mobile"], "by": "sign-on"})


# Units


def _enter_unit(found: Identity, values: dict[str, str], actor: Actor) -> Entered:
    with transaction() as session:
        account_id = _known(session, found)
        if account_id is not None:
            _require_same_unit(session, account_id, values)
            return Entered(account_id)
    organization_id = organizations.provision(
        name=values["name"], uscc=values["uscc"], legal_person=values.get("legal_person", ""), actor=actor
    )
    with transaction() as session:
        unit = session.get_one(Organization, organization_id, with_for_update=True)  # one first administrator at a time
        if unit.is_registered and not unit.enabled:
            raise NotAllowed("该单位在本系统已停用，不能登录。请联系平台客服。")
        kinds = set(session.scalars(
            select(OrganizationRole.kind).where(OrganizationRole.organization_id == organization_id)
        ))
        accounts = session.execute(
            select(_account.c.id).where(_account.c.organization_id == organization_id, _account.c.active.is_(True))
        ).first()
        if accounts is not None:
            return Entered(None)
        if kinds != {"employer"}:
            raise NotAllowed("该单位在本系统是主管或管理部门，账号由平台管理员开通。请联系平台客服。")
        role = session.scalars(select(Role).where(Role.name == ROLE_OF_KIND["employer"])).one()
        name = values.get("legal_person") or "单位管理员"
        account = _new_account(session, name=name, roles=[role], organization_id=organization_id)
        record_event(session, event=Event.ADMINISTRATOR_ADDED, subject_type="organization", subject_id=organization_id,
                     actor=actor, data={"account": account.id, "provider": found.provider})
        _link(session, account.id, found, actor)
        return Entered(account.id, is_new=True)


def _require_same_unit(session: Session, account_id: int, values: dict[str, str]) -> None:
    uscc = session.scalar(
        select(Organization.uscc).where(
            Organization.id == select(_account.c.organization_id).where(_account.c.id == account_id).scalar_subquery()
        )
    )
    if uscc != values["uscc"]:
        raise NotAllowed("单点登录返回的统一社会信用代码与本账号所属单位的不一致，不能登录。请联系平台客服核实。")


# Accounts and identities


def _new_account(session: Session, *, name: str, roles: list[Role], organization_id: int | None) -> Account:
    """Without a password: it is entered by the sign-on only. The user name is random; no claim has a part in it."""
    username = f"sso-{secrets.token_hex(8)}"
    account = Account(
        username=username, last_name=name[:1], first_name=name[1:41], email=f"{username}@account.invalid",
        password=None, active=True, roles=roles, organization_id=organization_id,
        session_stamp=secrets.token_hex(16),
    )
    session.add(account)
    session.flush()  # its id is needed
    return account


def _require_password(session: Session, account_id: int) -> None:
    """NotAllowed when there is no password that could prove the account."""
    if not session.execute(select(_account.c.password).where(_account.c.id == account_id)).scalar_one():
        raise NotAllowed("您的身份证号已通过另一种单点登录使用本系统。请用原来的方式登录，再在“登录与安全”中关联新的登录方式。")


def _link(session: Session, account_id: int, found: Identity, actor: Actor) -> None:
    session.execute(insert(_identity).values(
        account_id=account_id, provider=found.provider, subject=found.subject, linked_at=utcnow(),
    ))
    record_event(session, event=Event.IDENTITY_LINKED, subject_type="account", subject_id=account_id, actor=actor,
                 data={"provider": found.provider})


def _wait_for_proof(attempt: Taken, found: Identity, values: dict[str, str]) -> None:
    sealed = json.dumps({"subject": found.subject, "values": values, "hint": found.hint}, ensure_ascii=False)
    with transaction() as session:
        session.execute(
            update(_sign_on).where(_sign_on.c.id == attempt.id, _sign_on.c.state == "answered")
            .values(state="proving", identity=sealed, expires_at=utcnow() + LASTS)
        )


def waiting(session: Session, *, attempt_id: int, browser: str) -> tuple[str, dict[str, str], str]:
    """(provider key, checked claims, next path) of an attempt that waits for a password. WrongState otherwise."""
    row = _waiting(session, attempt_id, browser)
    return row.provider, dict(json.loads(row.identity)["values"]), row.next_path


def _waiting(session: Session, attempt_id: int, browser: str) -> Any:
    row = session.execute(select(_sign_on).where(
        _sign_on.c.id == attempt_id, _sign_on.c.browser_digest == digest(browser), _sign_on.c.state == "proving",
        _sign_on.c.expires_at > utcnow(),
    )).first()
    if row is None:
        raise WrongState(STALE)
    return row


def prove(*, provider: Provider, attempt_id: int, browser: str, account_id: int, actor: Actor) -> Identity:
    """Link the waiting identity to the account whose password was just given; its other sessions end.

    Invalid unless the account is that person's or that unit's. `account_id` is proved by the caller.
    """
    with system_scope(), transaction() as session:
        row = _waiting(session, attempt_id, browser)
        sealed = json.loads(row.identity)
        found = Identity(provider.key, sealed["subject"], sealed["values"], sealed["hint"])
        _require_owner(session, provider, found, account_id)
        closed = session.execute(
            update(_sign_on).where(_sign_on.c.id == attempt_id, _sign_on.c.state == "proving")
            .values(state="closed", identity=None)
        )
        if cast(Any, closed).rowcount != 1:
            raise WrongState(STALE)
        _attach(session, account_id, found, actor)
        end_sessions(session, account_id)  # who else knows the password is out of the open sessions
    return found


def attach(*, provider: Provider, found: Identity, account_id: int, actor: Actor) -> None:
    """Link an identity to the account that is signed in, if it is the same person or unit."""
    values = checked(provider, found)
    with system_scope(), transaction() as session:
        checked_identity = Identity(found.provider, found.subject, values, found.hint)
        _require_owner(session, provider, checked_identity, account_id)
        _attach(session, account_id, checked_identity, actor)


def _attach(session: Session, account_id: int, found: Identity, actor: Actor) -> None:
    known = _known(session, found)
    if known == account_id:
        return
    if known is not None:
        raise Conflict("该单点登录身份已关联另一个账号。请先用它登录，在“登录与安全”中解除关联。")
    if session.execute(select(_identity.c.id).where(
        _identity.c.account_id == account_id, _identity.c.provider == found.provider
    )).first():
        raise Conflict("本账号已关联该登录方式的另一个身份，请先在“登录与安全”中解除关联。")
    _link(session, account_id, found, actor)


def _require_owner(session: Session, provider: Provider, found: Identity, account_id: int) -> None:
    """The account is the person's with that ID number, or acts for the unit with that code; never staff."""
    if provider.audience == "person":
        owner = session.scalar(
            select(Person.user_id).where(Person.id_number_index.in_(blind_indexes(found.values["id_number"])))
        )
        if owner != account_id:
            raise Invalid("这个账号登记的身份证号与单点登录的不一致，不能关联。")
        return
    unit = session.scalar(select(Organization.id).where(Organization.uscc == found.values["uscc"]))
    acts_for = session.execute(select(_account.c.organization_id).where(_account.c.id == account_id)).scalar()
    if unit is None or acts_for != unit:
        raise Invalid("这个账号不属于单点登录的单位，不能关联。")


def is_linked(session: Session, *, found: Identity, account_id: int) -> bool:
    """Whether the identity is one of the account's."""
    return _known(session, found) == account_id


def remove(*, identity_id: int, actor: Actor) -> None:
    """解除关联 of one's own; never the last way in."""
    with transaction() as session:
        account = session.execute(
            select(_account.c.password).where(_account.c.id == actor.user_id).with_for_update()
        ).one()
        rows = session.execute(select(_identity).where(_identity.c.account_id == actor.user_id)).all()
        row = next((row for row in rows if row.id == identity_id), None)
        if row is None:
            raise WrongState("该登录方式已解除关联。")
        if len(rows) == 1 and not account.password:
            raise WrongState("这是本账号唯一的登录方式，不能解除。")
        session.execute(delete(_identity).where(_identity.c.id == identity_id))
        record_event(session, event=Event.IDENTITY_REMOVED, subject_type="account", subject_id=int(actor.user_id or 0),
                     actor=actor, data={"provider": row.provider})
