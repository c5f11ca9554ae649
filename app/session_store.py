"""Server-side sessions: a row a signed-in browser, in `web_session`; visitors carry a signed cookie and no row.

The cookie of a signed-in browser is the row's random id, signed together with the time of last use. Reading a page
therefore writes nothing: the idle limit is in the cookie, the absolute limit in the row, and neither is extended by
saving. A session gets its id when somebody signs in, so an id planted beforehand is worth nothing; a row that was
deleted (sign-out, swept) is never written back by a request that was still running.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, cast

import msgspec
from flask import Flask, Request, Response, has_request_context, request
from flask_session.base import Serializer, ServerSideSession, ServerSideSessionInterface
from itsdangerous import BadSignature, TimestampSigner, URLSafeTimedSerializer
from sqlalchemy import bindparam, delete, insert, select, update

from app.extensions import db
from models.base import utcnow
from models.web_session import WebSession

_row = WebSession.__table__
_READ = select(_row.c.data).where(
    _row.c.session_id == bindparam("of_session"), _row.c.expires_at > bindparam("at", type_=_row.c.expires_at.type)
)
_USER = "_user_id"  # Flask-Login's key: a session that has it belongs to an account
_TOUCH = dt.timedelta(minutes=1)  # how old the time of last use in the cookie may get
SID_BYTES = 32


class JsonSerializer(Serializer):
    """JSON and nothing else: Flask-Session's own one falls back to pickle for what it cannot read."""

    def encode(self, session: ServerSideSession) -> bytes:
        return msgspec.json.encode(dict(session))

    def decode(self, serialized_data: bytes) -> dict[str, Any]:
        return msgspec.json.decode(serialized_data, type=dict[str, Any])


class AccountSession(ServerSideSession):
    """`sid` is None until the session has a row; `used_at` is the time of last use in the request's cookie."""

    used_at: dt.datetime | None = None


class SessionInterface(ServerSideSessionInterface):
    """Keeps sessions in `web_session` over short connections of its own, apart from the request's ORM session."""

    session_class = AccountSession
    ttl = True  # no clean-up on requests: `sweep` is a periodic job

    def __init__(self, app: Flask) -> None:
        super().__init__(app, key_prefix="", permanent=False, sid_length=SID_BYTES)
        self.serializer = JsonSerializer()

    # Reading

    def open_session(self, app: Flask, request: Request) -> AccountSession:
        cookie = request.cookies.get(self.get_cookie_name(app), "")
        kind, _, value = cookie.partition(".")
        if kind == "v":
            return AccountSession(self._visitor_data(app, value))
        if kind == "s":
            opened = self._open_row(app, value)
            if opened is not None:
                return opened
        return AccountSession({})

    def _visitor_data(self, app: Flask, value: str) -> dict[str, Any]:
        limit = int(app.permanent_session_lifetime.total_seconds())
        try:
            data = _visitors(app).loads(value, max_age=limit)
        except BadSignature:
            return {}
        return {} if not isinstance(data, dict) or _USER in data else data

    def _open_row(self, app: Flask, value: str) -> AccountSession | None:
        idle = int(app.config["SESSION_IDLE"].total_seconds())
        try:
            sid, used_at = _signer(app).unsign(value, max_age=idle, return_timestamp=True)
        except BadSignature:
            return None
        data = self._retrieve_session_data(sid.decode())
        if data is None:
            return None
        session = AccountSession(data, sid=sid.decode())
        session.used_at = used_at
        return session

    # Writing

    def save_session(self, app: Flask, session: AccountSession, response: Response) -> None:
        """Write what changed; a page that changed nothing at most gets a fresher cookie."""
        if session.accessed:
            response.vary.add("Cookie")
        if _USER not in session:
            self._save_visitor(app, session, response)
        elif session.sid is None:
            session.sid = self._generate_sid(self.sid_length)
            self._insert(session)
            self._set(app, response, "s." + _signed(app, session.sid))
        else:
            if session.modified:
                self._upsert_session(app.permanent_session_lifetime, session, session.sid)
            if session.used_at is None or utcnow() - session.used_at > _TOUCH:
                self._set(app, response, "s." + _signed(app, session.sid))

    def _save_visitor(self, app: Flask, session: AccountSession, response: Response) -> None:
        if session.sid is not None:  # signed out in this request
            self._delete_session(session.sid)
        if session.modified and session:
            self._set(app, response, "v." + _visitors(app).dumps(dict(session)))
        elif session.modified or session.sid is not None:
            response.delete_cookie(self.get_cookie_name(app), path=self.get_cookie_path(app))

    def _set(self, app: Flask, response: Response, value: str) -> None:
        response.set_cookie(
            self.get_cookie_name(app), value, path=self.get_cookie_path(app), secure=self.get_cookie_secure(app),
            httponly=self.get_cookie_httponly(app), samesite=self.get_cookie_samesite(app),
        )
        response.vary.add("Cookie")

    def regenerate(self, session: ServerSideSession) -> None:
        """Give the session a new id when it is saved; the old one ends now."""
        own = cast(AccountSession, session)
        if own.sid is not None:
            self._delete_session(own.sid)
        own.sid = None
        own.modified = True

    # Rows

    def _retrieve_session_data(self, store_id: str) -> dict[str, Any] | None:
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:  # one round trip, not three
            data = connection.execute(_READ, {"of_session": store_id, "at": utcnow()}).scalar_one_or_none()
        return None if data is None else self.serializer.decode(data)

    def _insert(self, session: AccountSession) -> None:
        number, _, _stamp = str(session.get(_USER, "")).partition(":")
        values = {
            "session_id": session.sid, "data": self.serializer.encode(session),
            "expires_at": utcnow() + self.app.permanent_session_lifetime, "created_at": utcnow(),
            "account_id": int(number) if number.isdecimal() else None, **_browser(),
        }
        with db.engine.begin() as connection:
            connection.execute(insert(_row).values(values))

    def _upsert_session(self, session_lifetime: dt.timedelta, session: ServerSideSession, store_id: str) -> None:
        """Update only: a row that another request has deleted stays deleted, and its end is never moved."""
        with db.engine.begin() as connection:
            connection.execute(
                update(_row).where(_row.c.session_id == store_id).values(data=self.serializer.encode(session))
            )

    def _delete_session(self, store_id: str) -> None:
        with db.engine.begin() as connection:
            connection.execute(delete(_row).where(_row.c.session_id == store_id))

    def _delete_expired_sessions(self) -> None:
        sweep()


def _browser() -> dict[str, str]:
    """Where from and with what somebody signs in, for the list of one's own sessions."""
    if not has_request_context():
        return {}
    return {"origin": (request.remote_addr or "")[:45], "user_agent": request.user_agent.string[:300]}


def sweep() -> int:
    """Delete the sessions whose absolute time is over; how many. For a periodic job, outside a transaction."""
    with db.engine.begin() as connection:
        return connection.execute(delete(_row).where(_row.c.expires_at <= utcnow())).rowcount


def _signer(app: Flask) -> TimestampSigner:
    return TimestampSigner(_secret(app), salt="zhicheng.session", key_derivation="hmac")


def _signed(app: Flask, sid: str) -> str:
    return _signer(app).sign(sid).decode()


def _visitors(app: Flask) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(
        _secret(app), salt="zhicheng.visitor", signer_kwargs={"key_derivation": "hmac"}
    )


def _secret(app: Flask) -> str:
    return cast(str, app.config["SECRET_KEY"])
