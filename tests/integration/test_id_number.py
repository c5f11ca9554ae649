"""ID numbers: masked wherever they are listed, shown whole one at a time to those who need it, each time on the record."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import String, cast, select, update

from app.rules.identity import mask_id_number
from app.scope import scope_of, scoped, system_scope
from app.services import person as people
from app.transaction import current_session, transaction
from models.audit import AuditEvent
from models.case import Task
from models.person import Person
from tests.database import Databases, build_template
from tests.factories import person as made
from tests.factories import unit_world as world
from tests.factories.templates import submitted_template

Login = Callable[[FlaskClient, str], FlaskClient]
JSON = {"Accept": "application/json"}
_event = AuditEvent.__table__


@pytest.fixture(scope="session")
def template(application: Flask, store: Databases) -> str:
    base = submitted_template(application, store, "applicant2")

    def submit() -> None:
        world.disable("unit2")

    return build_template(application, store, "id_numbers", submit, base=base)


def number_of(login: str) -> str:
    return str(world.person(login).id_number)


def shown(client: FlaskClient, login: str = "applicant") -> tuple[int, str]:
    answer = client.post(f"/id-number/{world.person(login).id}/", headers=JSON)
    return answer.status_code, answer.json.get("number", "") if answer.is_json else ""


def reveals(login: str = "applicant") -> list[tuple[str, str]]:
    current_session().rollback()
    return [tuple(row) for row in current_session().execute(
        select(_event.c.actor_name, _event.c.origin).where(
            _event.c.event == "person:id_number_revealed", _event.c.subject_id == world.person(login).id))]


def test_the_database_holds_no_number_in_the_clear(app: Flask) -> None:
    raw = current_session().execute(select(cast(Person.__table__.c.id_number, String))).scalars().all()
    assert raw
    assert not [value for value in raw if any(part.isdigit() and len(part) >= 15 for part in value.split("."))]
    assert len(set(raw)) == len(raw)


def test_the_own_unit_sees_it_and_each_time_is_recorded(app: Flask, client: FlaskClient, login: Login) -> None:
    unit = login(client, "unit")
    assert shown(unit) == (200, number_of("applicant"))
    assert shown(unit) == (200, number_of("applicant"))
    assert len(reveals()) == 2
    assert all(origin == "127.0.0.1" and name for name, origin in reveals())


@pytest.mark.parametrize("username", ["company", "department", "hr", "agency", "convener", "issuer", "applicant2", "newcomer", "ops",
                                      "admin"])
def test_who_does_not_handle_the_person_finds_nobody(client: FlaskClient, login: Login, username: str) -> None:
    """The application stands at the school: nobody further along the route has it, and platform staff need no number."""
    status, number = shown(login(client, username))
    assert status in (403, 404)
    assert number == ""
    assert reveals() == []


def test_a_visitor_is_sent_to_sign_in(client: FlaskClient) -> None:
    assert client.post(f"/id-number/{world.person('applicant').id}/").status_code in (302, 401)
    assert reveals() == []


def test_whom_the_case_has_reached_sees_it(app: Flask, client: FlaskClient, login: Login) -> None:
    department = login(client, "department")
    assert shown(department)[0] == 404
    with system_scope(), transaction() as session:  # as when the unit has approved
        session.execute(update(Task.__table__).where(
            Task.__table__.c.person_id == world.person("applicant").id).values(organization_id=world.unit("合肥市教育局")))
    assert shown(department) == (200, number_of("applicant"))
    assert shown(department, "applicant2")[0] == 404


def test_nothing_is_shown_by_looking(client: FlaskClient, login: Login) -> None:
    unit, number = login(client, "unit"), number_of("applicant")
    assert unit.get(f"/id-number/{world.person('applicant').id}/").status_code == 405
    pages = ["/unit/people/?tab=all", "/reviews/", "/tasks/", "/home/"]
    for path in pages:
        assert number not in unit.get(path).text, path
    me = login(client, "applicant")
    for path in ("/person/", "/home/", "/person/edit/", "/certificates/"):
        assert number not in me.get(path).text, path
    assert mask_id_number(number) in me.get("/person/").text
    assert reveals() == []


def test_without_scripts_a_page_of_its_own_shows_it_and_leads_back(client: FlaskClient, login: Login) -> None:
    me = login(client, "applicant")
    answer = me.post(f"/id-number/{world.person('applicant').id}/", data={"back": "/person/"})
    assert number_of("applicant") in answer.text
    assert 'href="/person/"' in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert "evil" not in me.post(f"/id-number/{world.person('applicant').id}/", data={"back": "//evil.example"}).text
    assert len(reveals()) == 2


def test_a_missing_person_and_a_huge_id_are_not_found(client: FlaskClient, login: Login) -> None:
    unit = login(client, "unit")
    assert unit.post("/id-number/999999/", headers=JSON).status_code == 404
    assert unit.post(f"/id-number/{2**70}/", headers=JSON).status_code == 404


def test_the_service_asks_the_policy_too(app: Flask) -> None:
    from app.errors import NotFound

    with system_scope(), pytest.raises(NotFound):
        people.reveal_id_number(person_id=world.person("applicant").id, actor=world.actor("ops"))
    other = made.unit("elsewhere", kind="employer")
    who = made.actor_of(other.user_id)
    with scoped(scope_of(who)), pytest.raises(NotFound):
        people.reveal_id_number(person_id=world.person("applicant").id, actor=who)


def test_the_reviewing_pages_offer_it(client: FlaskClient, login: Login) -> None:
    unit, person_id = login(client, "unit"), world.person("applicant").id
    from models.application import Application

    application_id = current_session().execute(select(Application.__table__.c.id).where(
        Application.__table__.c.person_id == person_id)).scalar_one()
    page = unit.get(f"/reviews/{application_id}/").text
    assert f'action="/id-number/{person_id}/"' in page
    assert mask_id_number(number_of("applicant")) in page
    assert number_of("applicant") not in page
    assert "/id-number/" not in login(client, "applicant").get(f"/applications/{application_id}").text
