"""Once more the password: an open session alone changes no mobile, e-mail, administrator or way to sign in."""

from __future__ import annotations

import datetime as dt
import html
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

import models as m
from app.extensions import db
from app.rules.identity import birth_date_of, sex_of
from app.scope import system_scope
from app.services.registration import profile_of
from models.base import utcnow
from models.identity import AccountIdentity
from tests.conftest import Login
from tests.factories import application as make
from tests.factories import person as people
from tests.factories.rows import save
from tests.integration.sign_on_flow import age, back, begin, come, id_number
from tests.integration.staff_screens import events_of, row_of

if TYPE_CHECKING:
    from tests.oidc_server import Server

@pytest.fixture
def applicant(app: Flask, client: FlaskClient, login: Login) -> FlaskClient:
    """Signed in an hour ago; registered."""
    for table, code in (("political_status", "13"), ("ethnic", "01"), ("education_level", "21"), ("degree", "4")):
        save(m.CodeItem(table_id=save(m.CodeTable(code=table, name=table)), code=code, name=code))
    person_id, number = people.person("someone", name="方圆"), id_number(1)
    person = m.Person.__table__
    with db.engine.begin() as connection:
        connection.execute(person.update().where(person.c.id == person_id).values(
            id_number=number, sex=sex_of(number), birth_date=birth_date_of(number), mobile="13800000000",
            email="old@mail.example.com", address="合肥", ethnic_code="01", political_status_code="13", education_code="21",
            work_start=dt.date(2015, 7, 1),
        ))
    login(client, "someone")
    age(60)
    return client


def profile(**changes: str) -> dict[str, Any]:
    """What the form 完善信息 sends."""
    with system_scope():
        person = db.session.scalars(sa.select(m.Person)).one()
        sent = {key: str(value) for key, value in profile_of(person).items() if value not in (None, "", [])}
        sent |= {"version": str(person.version), **changes}
    db.session.rollback()
    return sent


def person() -> Any:
    with db.engine.connect() as connection:
        return connection.execute(sa.select(m.Person.__table__)).one()


@pytest.mark.parametrize(("changes", "kept"), [
    ({"mobile": "13911112222"}, ("13800000000", "old@mail.example.com")),
    ({"email": "new@mail.example.com"}, ("13800000000", "old@mail.example.com")),
])
def test_an_old_session_changes_neither_mobile_nor_email(
    applicant: FlaskClient, changes: dict[str, str], kept: tuple[str, str]
) -> None:
    answer = applicant.post("/person/edit/", data=profile(**changes))
    assert answer.status_code == 401, re.findall(r'class="errors">.*?</ul>', answer.text)
    assert "请输入登录密码" in answer.text
    assert (person().mobile, person().email) == kept
    form = resent(answer.text)
    assert applicant.post("/person/edit/", data=form | {"proof_password": "wrong-password"}).status_code == 401
    assert (person().mobile, person().email) == kept
    assert applicant.post("/person/edit/", data=form | {"proof_password": people.PASSWORD}).status_code == 302
    assert {"mobile": person().mobile, "email": person().email}.items() >= changes.items()
    assert events_of("account") == ["account:sign_in_failed", "account:proved"]


def resent(page: str) -> dict[str, str]:
    """What the page that asks would send with the password."""
    hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page.partition("<main")[2])
    return {name: html.unescape(value) for name, value in hidden}


def test_other_fields_are_changed_without_a_question(applicant: FlaskClient) -> None:
    assert applicant.post("/person/edit/", data=profile(address="合肥市包河区")).status_code == 302
    assert person().address == "合肥市包河区"


def test_a_proof_lasts_for_some_minutes(app: Flask, applicant: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "PROOF_LASTS", dt.timedelta(minutes=5))
    sent = profile(mobile="13911112222") | {"proof_again": "1", "proof_password": people.PASSWORD}
    assert applicant.post("/person/edit/", data=sent).status_code == 302
    age(4.9)
    assert applicant.post("/person/edit/", data=profile(mobile="13911113333")).status_code == 302
    age(5.1)
    assert applicant.post("/person/edit/", data=profile(mobile="13911114444")).status_code == 401
    assert person().mobile == "13911113333"


def test_who_has_just_signed_in_is_not_asked(applicant: FlaskClient) -> None:
    applicant.post("/logout/")
    assert applicant.post("/login/", data={"username": "someone", "password": people.PASSWORD}).status_code == 302
    assert applicant.post("/person/edit/", data=profile(mobile="13911112222")).status_code == 302


def test_guesses_count_as_guesses_at_the_login(app: Flask, applicant: FlaskClient) -> None:
    sent = profile(mobile="13911112222") | {"proof_again": "1"}
    for _ in range(5):
        assert applicant.post("/person/edit/", data=sent | {"proof_password": "wrong-password"}).status_code == 401
    assert applicant.post("/person/edit/", data=sent | {"proof_password": people.PASSWORD}).status_code == 401, "locked"
    assert person().mobile == "13800000000"
    other = app.test_client().post("/login/", data={"username": "someone", "password": people.PASSWORD})
    assert other.status_code == 401, "and so is the login page"
    answer = applicant.post("/account/password/", data={
        "current": people.PASSWORD, "password": "一句自己记得住的话呀", "again": "一句自己记得住的话呀"})
    assert answer.status_code == 422, "and the change of the password, which asks for it as well"


def test_what_was_sent_is_kept_and_escaped(applicant: FlaskClient) -> None:
    odd = '"><script>x'
    chosen = [str(make.series()), str(make.series())]
    answer = applicant.post("/person/edit/", data=profile(mobile="13911112222", post=odd, address="  合肥\n") | {"series_ids": chosen})
    assert answer.status_code == 401
    assert "<script>x" not in answer.text
    assert resent(answer.text)["post"] == odd
    assert answer.text.count('name="series_ids"') == 2
    assert answer.text.count('name="proof_password"') == 1


def test_a_script_is_told_in_json(applicant: FlaskClient) -> None:
    answer = applicant.post("/person/edit/", data=profile(mobile="13911112222"), headers={"Accept": "application/json"})
    assert (answer.status_code, answer.get_json()["message"]) == (401, "为确认是您本人操作，请输入登录密码。")


# Units


@pytest.fixture
def unit(app: Flask, client: FlaskClient, login: Login) -> people.Unit:
    made = people.unit("keeper")
    login(client, "keeper")
    age(60)
    return made


def test_an_old_session_adds_stops_and_relieves_no_administrator(unit: people.Unit, client: FlaskClient) -> None:
    other = people.account("colleague", role="Employer", organization_id=unit.id, name="同事")
    for path, data in (
        ("/unit/administrators/add/", {"name": "周接替", "username": "successor"}),
        (f"/unit/administrators/{other}/deactivate/", {}), (f"/unit/administrators/{other}/hand-over/", {}),
        (f"/unit/administrators/{unit.user_id}/deactivate/", {"successor_id": str(other)}),
    ):
        answer = client.post(path, data=data)
        assert answer.status_code == 401, path
        assert f'action="{path}"' in answer.text
        assert resent(answer.text).items() >= data.items()
    with db.engine.connect() as connection:
        account = m.Account.__table__
        assert connection.execute(sa.select(account.c.username).where(account.c.organization_id == unit.id).order_by(
            account.c.id)).scalars().all() == ["keeper", "colleague"]
        assert all(connection.execute(sa.select(account.c.active).where(account.c.organization_id == unit.id)).scalars())
    added = {"name": "周接替", "username": "successor", "proof_again": "1", "proof_password": people.PASSWORD}
    assert "初始密码" in client.post("/unit/administrators/add/", data=added).text
    assert client.post(f"/unit/administrators/{other}/deactivate/").status_code == 302, "proved a moment ago"
    assert not row_of(m.Account, other).active


def test_an_old_session_changes_neither_mobile_nor_email_of_a_unit(unit: people.Unit, client: FlaskClient) -> None:
    table = save(m.CodeTable(code="unit_nature", name="单位性质"))
    save(m.CodeItem(table_id=table, code="50", name="事业单位"))
    organization = m.Organization.__table__
    with db.engine.begin() as connection:
        connection.execute(organization.update().values(mobile="13800000000", email="old@unit.example.com", contact="王联系", nature_code="50"))
    row = row_of(m.Organization, unit.id)
    sent = {"contact": "王联系", "mobile": row.mobile, "nature_code": "50", "email": row.email, "region_code": row.region_code,
            "version": str(row.version)}
    for changes in ({"mobile": "13911112222"}, {"email": "new@unit.example.com"}):
        assert client.post("/unit/settings/edit/", data=sent | changes).status_code == 401
    assert row_of(m.Organization, unit.id).version == row.version
    assert client.post("/unit/settings/edit/", data=sent | {"contact": "李联系"}).status_code == 302
    proved = {"proof_again": "1", "proof_password": people.PASSWORD, "contact": "李联系", "version": str(row.version + 1)}
    assert client.post("/unit/settings/edit/", data=sent | {"mobile": "13911112222"} | proved).status_code == 302
    assert row_of(m.Organization, unit.id).mobile == "13911112222"


# Single sign-on


@pytest.mark.usefixtures("configured")
def test_an_old_session_links_and_unlinks_no_sign_on(client: FlaskClient, provider: Server) -> None:
    come(client, provider)
    age(60)
    assert client.post("/login/sso/card/").status_code == 401
    identity = row_of(AccountIdentity, 1)
    assert client.post(f"/account/security/identities/{identity.id}/remove/").status_code == 401
    assert row_of(AccountIdentity, 1)


def anew(client: FlaskClient, provider: Server, subject: str = "alice", key: str = "gov") -> Any:
    """Sign in at the provider once more, as the page that asks has it."""
    address = begin(client, key, anew="1")
    assert "prompt=login" in address
    assert "max_age=0" in address
    return back(client, provider.agree(address, subject))


@pytest.fixture
def registered(client: FlaskClient, provider: Server, configured: None) -> Callable[[], int]:
    """alice came by single sign-on an hour ago, has no password and wants another mail; the status of her attempt."""
    come(client, provider)
    with db.engine.begin() as connection:
        connection.execute(m.Person.__table__.update().values(
            registered_at=utcnow(), email="old@mail.example.com", address="合肥", ethnic_code="01", political_status_code="13",
            education_code="21", work_start=dt.date(2015, 7, 1)))
    for table, code in (("political_status", "13"), ("ethnic", "01"), ("education_level", "21")):
        save(m.CodeItem(table_id=save(m.CodeTable(code=table, name=table)), code=code, name=code))
    age(60)

    def attempt() -> int:
        answer = client.post("/person/edit/", data=profile(email="new@mail.example.com") | {"proof_again": "1", "proof_password": ""})
        assert answer.status_code == 302 or ("安徽政务服务网" in answer.text and "proof_password" not in answer.text)
        return answer.status_code

    return attempt


def test_without_a_password_a_fresh_sign_on_proves_it(
    client: FlaskClient, provider: Server, registered: Callable[[], int]
) -> None:
    assert registered() == 401
    assert "已验证" in anew(client, provider).text
    assert registered() == 302
    assert events_of("account")[-1] == "account:proved"


@pytest.mark.parametrize("seconds", [3600, None])
def test_an_old_or_unknown_sign_on_proves_nothing(
    client: FlaskClient, provider: Server, registered: Callable[[], int], seconds: int | None
) -> None:
    provider.age(seconds)
    assert "不能用来验证" in anew(client, provider).text
    assert registered() == 401


def test_somebody_elses_sign_on_proves_nothing(
    client: FlaskClient, provider: Server, registered: Callable[[], int]
) -> None:
    provider.user("mallory", name="另一人", id_card="", phone_number="")
    assert "不是本账号关联的" in anew(client, provider, "mallory").text
    assert registered() == 401


def test_an_ordinary_sign_on_that_was_begun_for_linking_proves_nothing(
    client: FlaskClient, provider: Server, second: Server, registered: Callable[[], int]
) -> None:
    """Only the attempt that asked for a new sign-in counts, not one beside it."""
    age(0)
    linking = begin(client, "card")
    age(60)
    begin(client, anew="1")
    assert back(client, second.agree(linking, "alice")).status_code == 302
    assert registered() == 401
