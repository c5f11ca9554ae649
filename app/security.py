"""Sign-on and coarse permissions: FAB's security manager with its database calls replaced.

FAB asks the database for each permission it checks, writes permissions one commit at a time at start-up, counts
failed logins without ever refusing, and brings screens of its own for users and roles. Here: one query a request,
permissions written by `flask release` (app/release.py) from `app.roles.ROLES`, a lockout in the database, and our
own screens (views/staff/account.py).
"""

from __future__ import annotations

import datetime as dt
import functools
import logging
import secrets
import time
from typing import Any, cast

from flask import Flask, current_app, g, has_request_context, request, session
from flask_appbuilder.security.sqla.manager import SecurityManager as FabSecurityManager
from flask_appbuilder.security.sqla.models import (
    Permission,
    PermissionView,
    Role,
    ViewMenu,
    assoc_permissionview_role,
    assoc_user_role,
)
from flask_login import LoginManager, current_user, login_user, logout_user
from flask_wtf.csrf import generate_csrf
from sqlalchemy import ColumnElement, bindparam, case, delete, func, literal, select, update
from sqlalchemy.exc import IntegrityError
from werkzeug.security import check_password_hash, generate_password_hash

from app.actor import Actor
from app.audit import Event, record_event
from app.extensions import db, limiter
from app.roles import ROLES
from app.transaction import transaction
from models.account import Account
from models.base import UtcDateTime, utcnow
from models.web_session import WebSession

__all__ = ["ROLES", "SecurityManager", "change_password", "end_sessions", "hash_password"]

log = logging.getLogger(__name__)
_account = Account.__table__
_session = WebSession.__table__
PROVED = "proved_at"  # the session's key: when who is signed in last said who they are, in seconds
_LOAD_ACCOUNT = select(Account).where(Account.id == bindparam("of_account")).execution_options(unscoped=True)
NOBODY = 0  # the subject of attempts on names that do not exist; the names themselves are not kept


def hash_password(password: str) -> str:
    """scrypt with a random salt, by Werkzeug; `FAB_PASSWORD_HASH_METHOD` overrides the method."""
    return generate_password_hash(password, method=current_app.config.get("FAB_PASSWORD_HASH_METHOD", "scrypt"))


@functools.cache
def _hash_of_nothing(method: str) -> str:
    """A hash nobody knows the password of: an unknown account costs the time of a wrong password."""
    return generate_password_hash(secrets.token_hex(16), method=method)


class SecurityManager(FabSecurityManager):
    """One per application. FAB calls `has_access`; the login view calls `auth_user_db`, `sign_in`, `sign_out`."""

    user_model = Account
    userstatschartview = None
    login_view: type  # set by the factory, which may import views

    # Start-up

    def register_views(self) -> None:
        """Only the login page: FAB's user, role, group, password and token screens are not used."""
        self.auth_view = self.login_view()
        self.appbuilder.add_view_no_menu(self.auth_view)

    def create_login_manager(self, app: Flask) -> LoginManager:
        manager = LoginManager(app)
        manager.user_loader(self.load_user)
        return manager

    def create_limiter(self, app: Flask) -> Any:
        return limiter

    # Who is it

    def load_user(self, pk: Any) -> Account | None:
        """The account behind a session's user key `id:stamp`; None when the stamp was renewed or it is disabled."""
        number, _, stamp = str(pk).partition(":")
        if not number.isdecimal():
            return None
        account = db.session.scalars(_LOAD_ACCOUNT, {"of_account": int(number)}).one_or_none()
        if account is None or not account.active or not secrets.compare_digest(account.session_stamp, stamp):
            return None
        return account

    def load_user_jwt(self, _jwt_header: Any, jwt_data: Any) -> None:
        """No tokens: the JSON endpoints are used by our own pages, with the session and its CSRF token."""

    # What may they open

    def has_access(self, permission_name: str, view_name: str) -> bool:
        """Whether the current account (or, for a visitor, the role Public) has the permission. One query a request."""
        return (permission_name, view_name) in permissions_of_request()

    def is_item_public(self, permission_name: str, view_name: str) -> bool:
        """Whether visitors have the permission; the API decorators ask before they look at the account."""
        return not current_user.is_authenticated and self.has_access(permission_name, view_name)

    def get_user_menu_access(self, menu_names: list[str] | None = None) -> set[str]:
        return {view for permission, view in permissions_of_request() if permission == "menu_access"}

    # Signing in and out

    def auth_user_db(self, username: str | None, password: str | None) -> Account | None:
        """The account when name and password are right and it is not locked, otherwise None, in the same time.

        The attempt is counted before the password is compared, so that parallel guesses cannot exceed the limit.
        """
        account_id = _check(_account.c.username == (username or ""), password or "")
        return None if account_id is None else self._record_success(account_id, fail_login_count=0, locked_until=None)

    def prove(self, account_id: int, password: str | None) -> bool:
        """Whether this is the password of the account that is signed in. Guesses count as guesses at the login page."""
        right = _check(_account.c.id == account_id, password or "") is not None
        if right:
            with transaction() as work:
                work.execute(update(_account).where(_account.c.id == account_id).values(fail_login_count=0, locked_until=None))
                _record(work, account_id, Event.ACCOUNT_PROVED, via="password")
            session[PROVED] = int(time.time())
        return right

    def prove_by_sign_on(self, account_id: int, *, via: str, at: int) -> None:
        """The provider's word instead of a password, as old as the sign-in there (`at`, seconds)."""
        with transaction() as work:
            _record(work, account_id, Event.ACCOUNT_PROVED, via=via)
        session[PROVED] = min(at, int(time.time()))

    def is_proved(self) -> bool:
        """Whether who is signed in proved it within the last minutes (PROOF_LASTS)."""
        return bool(time.time() - int(session.get(PROVED, 0)) <= current_app.config["PROOF_LASTS"].total_seconds())

    def admit(self, account_id: int, *, via: str) -> Account | None:
        """The account that something else than its password vouches for (`via`), None when it is disabled.

        A lock after wrong passwords does not bind here: it would let a stranger lock the owner out of every way in.
        """
        with transaction() as work:
            active = work.execute(select(_account.c.active).where(_account.c.id == account_id)).scalar()
            if not active:
                _record(work, account_id, Event.ACCOUNT_SIGN_IN_FAILED, via=via)
        return self._record_success(account_id, via=via) if active else None

    def _record_success(self, account_id: int, *, via: str = "", **values: Any) -> Account | None:
        with transaction() as work:
            work.execute(update(_account).where(_account.c.id == account_id).values(
                **values, last_login=dt.datetime.now(),  # noqa: DTZ005  FAB's naive column
                login_count=func.coalesce(_account.c.login_count, 0) + 1,
            ))
            _record(work, account_id, Event.ACCOUNT_SIGNED_IN, via=via)
        statement = select(Account).where(Account.id == account_id).execution_options(unscoped=True)
        return db.session.scalars(statement).one_or_none()

    def sign_in(self, account: Account) -> None:
        """Begin a session of its own for the account: a new id, a new CSRF token, nothing of the visitor's."""
        session.clear()
        _forget_csrf()
        current_app.session_interface.regenerate(session)  # type: ignore[attr-defined]
        login_user(account)
        session[PROVED] = int(time.time())
        generate_csrf()

    def sign_out(self) -> None:
        """End this session at the server; its cookie is worth nothing afterwards."""
        logout_user()
        session.clear()
        _forget_csrf()


def permissions_of_request() -> frozenset[tuple[str, str]]:
    """(permission, view or menu name) of the current account, read once a request: of accounts together with the actor."""
    if not has_request_context():
        return frozenset()
    cached = g.get("permissions")
    if cached is None:
        cached = g.permissions = _permissions()
    return cast("frozenset[tuple[str, str]]", cached)


def granted() -> Any:
    """Grants of roles joined with the names they are about."""
    grant, pair, permission, menu = (
        assoc_permissionview_role, PermissionView.__table__, Permission.__table__, ViewMenu.__table__
    )
    return (
        grant.join(pair, pair.c.id == grant.c.permission_view_id)
        .join(permission, permission.c.id == pair.c.permission_id)
        .join(menu, menu.c.id == pair.c.view_menu_id)
    )


def _permissions() -> frozenset[tuple[str, str]]:
    grant, permission, menu, role = assoc_permissionview_role, Permission.__table__, ViewMenu.__table__, Role.__table__
    statement = select(permission.c.name, menu.c.name).select_from(granted())
    if current_user.is_authenticated:
        mine = select(assoc_user_role.c.role_id).where(assoc_user_role.c.user_id == current_user.id)
        statement = statement.where(grant.c.role_id.in_(mine))
    else:
        public = select(role.c.id).where(role.c.name == "Public")
        statement = statement.where(grant.c.role_id.in_(public))
    return frozenset((str(name), str(view)) for name, view in db.session.execute(statement))


def _check(whose: ColumnElement[bool], password: str) -> int | None:
    """The id of the account when the password is right and it is neither locked nor disabled; every failure costs the same."""
    found = db.session.execute(select(_account.c.id, _account.c.password, _account.c.active).where(whose)).first()
    db.session.rollback()  # the comparison is slow: hold no read transaction meanwhile
    account_id = found.id if found else NOBODY
    counted = _count_attempt(account_id)
    hashed = (found.password if found else None) or _hash_of_nothing(
        current_app.config.get("FAB_PASSWORD_HASH_METHOD", "scrypt")
    )
    right = check_password_hash(hashed, password)
    if found and counted and right and found.active:
        return int(found.id)
    _record_failure(account_id)
    return None


def _count_attempt(account_id: int) -> bool:
    """Count one attempt; False while the account is locked. The attempt that reaches the limit sets the lock."""
    now = utcnow()
    allowed = current_app.config["LOGIN_FAILURES_ALLOWED"]
    lock_is_over = _account.c.locked_until.is_not(None) & (_account.c.locked_until <= now)
    n = case((lock_is_over, 1), else_=func.coalesce(_account.c.fail_login_count, 0) + 1)
    with transaction() as work:
        result = work.execute(
            update(_account)
            .where(_account.c.id == account_id, _account.c.locked_until.is_(None) | (_account.c.locked_until <= now))
            .values(
                fail_login_count=n,
                locked_until=case((n >= allowed, literal(now + current_app.config["LOGIN_LOCK"], UtcDateTime()))),
            )
        )
        return bool(cast(Any, result).rowcount)


def _record_failure(account_id: int) -> None:
    try:
        with transaction() as work:
            locked = work.execute(select(_account.c.locked_until).where(_account.c.id == account_id)).scalar()
            _record(work, account_id, Event.ACCOUNT_LOCKED if locked else Event.ACCOUNT_SIGN_IN_FAILED)
    except IntegrityError:  # two attempts on unknown names met on their chain; one row of the two is enough
        log.warning("a failed sign-in on an unknown account was not recorded")


def _record(work: Any, account_id: int, event: Event, *, via: str = "") -> None:
    row = work.execute(
        select(_account.c.last_name, _account.c.first_name, _account.c.organization_id)
        .where(_account.c.id == account_id)
        .with_for_update()  # one writer at a time on the account's chain
    ).first()
    actor = Actor(
        user_id=account_id, name=f"{row.last_name}{row.first_name}" if row else "未知账号",
        organization_id=row.organization_id if row else None,
        origin=(request.remote_addr or "") if has_request_context() else "cli",
    )
    record_event(work, event=event, subject_type="account", subject_id=account_id, actor=actor,
                 data={"via": via} if via else None)


def change_password(*, account_id: int, password: str, actor: Actor, must_change: bool = False) -> str:
    """Set the (already checked) password and end every session of the account; the new stamp.

    `must_change`: it was chosen for somebody else, who is asked for one of their own at the next sign-in.
    """
    hashed = hash_password(password)
    with transaction() as work:
        stamp = end_sessions(work, account_id)
        work.execute(update(_account).where(_account.c.id == account_id).values(
            password=hashed, fail_login_count=0, locked_until=None, must_change_password=must_change,
        ))
        record_event(work, event=Event.PASSWORD_CHANGED, subject_type="account", subject_id=account_id, actor=actor)
    return stamp


def end_sessions(work: Any, account_id: int) -> str:
    """Make every session of the account foreign by a new stamp, and forget them; inside a transaction."""
    stamp = secrets.token_hex(16)
    work.execute(delete(_session).where(_session.c.account_id == account_id))
    work.execute(update(_account).where(_account.c.id == account_id).values(session_stamp=stamp))
    return stamp


def _forget_csrf() -> None:
    g.pop("csrf_token", None)
