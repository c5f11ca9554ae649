"""Walking through a single sign-on without a browser, for the tests of it."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from flask.testing import FlaskClient
from stdnum.cn import ric

from app.extensions import db
from app.security import PROVED
from models.account import Account
from models.identity import AccountIdentity
from models.sign_on import SignOn
from models.web_session import WebSession

if TYPE_CHECKING:
    from tests.oidc_server import Server

ACCOUNT, IDENTITY, ATTEMPT = Account.__table__, AccountIdentity.__table__, SignOn.__table__
PERSON = {"name": "单小登", "id_card": "", "phone_number": "13800138000"}
UNIT = {"name": "安徽登录科技有限公司", "credit_code": "91340100683643522D", "boss": "钱经理"}


def id_number(serial: int) -> str:
    body = f"34010419900307{serial:03}"
    return body + str(ric.calc_check_digit(body + "0"))


def begin(client: FlaskClient, key: str = "gov", **data: str) -> str:
    """前往: the provider's address the browser is led to."""
    answer = client.post(f"/login/sso/{key}/", data=data)
    assert answer.status_code == 200, answer.text
    return str(answer.headers["Refresh"]).partition("url=")[2]


def back(client: FlaskClient, address: str) -> Any:
    """The browser follows the provider's redirect."""
    parts = urlsplit(address)
    return client.get(f"{parts.path}?{parts.query}")


def come(client: FlaskClient, provider: Server, subject: str = "alice", key: str = "gov", **data: str) -> Any:
    return back(client, provider.agree(begin(client, key, **data), subject))


def signed_in(client: FlaskClient) -> bool:
    return client.get("/account/security/").status_code == 200


def who(client: FlaskClient) -> Any:
    """The account the client is signed in as."""
    cookie = client.get_cookie("session").value
    with db.engine.connect() as connection:
        sid = cookie.removeprefix("s.").rsplit(".", 2)[0]
        data = connection.execute(sa.select(WebSession.__table__.c.data).where(
            WebSession.__table__.c.session_id == sid)).scalar_one()
        pk = int(json.loads(data)["_user_id"].partition(":")[0])
        return connection.execute(sa.select(ACCOUNT).where(ACCOUNT.c.id == pk)).one()


def rows(table: Any) -> list[Any]:
    with db.engine.connect() as connection:
        return list(connection.execute(sa.select(table)).all())


def app_client(client: FlaskClient) -> FlaskClient:
    """Another browser."""
    return client.application.test_client()


def age(minutes: float) -> None:
    """Everybody who is signed in said so long ago who they are."""
    session = WebSession.__table__
    with db.engine.begin() as connection:
        for row in connection.execute(sa.select(session)).all():
            data = json.loads(row.data) | {PROVED: int(time.time() - minutes * 60)}
            connection.execute(session.update().where(session.c.id == row.id).values(data=json.dumps(data).encode()))
