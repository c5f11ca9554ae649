"""Every way in which stock FAB showed or changed another unit's rows, tried on our base classes."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.extensions import db
from models.achievement import Achievement
from models.audit import AuditEvent
from models.plan import Committee, PlanLevel, ReviewPlan, ReviewStandard
from tests.access.probes import value
from tests.conftest import Login
from tests.factories import application as make
from tests.factories import person as people
from tests.factories.rows import save

FOREIGN = "外单位秘密"


@pytest.fixture
def login(probe_app: Flask) -> Login:
    from app.session_store import AccountSession, _signed
    from models.account import Account

    def sign_in(client: FlaskClient, username: str) -> FlaskClient:
        account = Account.__table__
        row = db.session.execute(select(account).where(account.c.username == username)).one()
        interface = probe_app.session_interface
        session = AccountSession({"_user_id": f"{row.id}:{row.session_stamp}", "_fresh": False})
        session.sid = interface._generate_sid(32)
        interface._insert(session)
        client.set_cookie("session", "s." + _signed(probe_app, session.sid))
        return client

    return sign_in


@dataclass
class Two:
    """Unit A's administrator as `client`; a person and an achievement of each unit."""

    client: FlaskClient
    unit_a: int
    person_a: int
    person_b: int
    own: int
    foreign: int


@pytest.fixture
def two(probe_app: Flask, login: Login) -> Two:
    a, b = people.unit("ua"), people.unit("ub")
    person_a = people.person("pa", organization_id=a.id, name="甲某")
    person_b = people.person("pb", organization_id=b.id, name=FOREIGN)
    own, foreign = make.achievement(person_a, a.id), make.achievement(person_b, b.id)
    with db.engine.begin() as connection:
        table = Achievement.__table__
        connection.execute(table.update().where(table.c.id == foreign).values(summary=FOREIGN))
    return Two(login(probe_app.test_client(), "ua"), a.id, person_a, person_b, own, foreign)


def test_list_shows_own_rows_only(two: Two) -> None:
    page = two.client.get("/probeview/list/")
    assert page.status_code == 200
    assert "甲某" in page.text
    assert FOREIGN not in page.text


@pytest.mark.parametrize("path", ["show", "edit"])
def test_a_foreign_row_is_not_found(two: Two, path: str) -> None:
    assert two.client.get(f"/probeview/{path}/{two.own}").status_code == 200
    page = two.client.get(f"/probeview/{path}/{two.foreign}")
    assert page.status_code == 404
    assert FOREIGN not in page.text


def test_a_foreign_row_cannot_be_deleted(two: Two) -> None:
    assert two.client.post(f"/probeview/delete/{two.foreign}").status_code == 404
    assert value(Achievement, two.foreign, "id")


def test_nothing_is_deleted_by_get(two: Two) -> None:
    assert two.client.get(f"/probeview/delete/{two.own}").status_code == 405
    assert value(Achievement, two.own, "id")


def test_a_forged_row_id_stops_the_whole_batch(two: Two) -> None:
    answer = two.client.post("/probeview/action_post", data={"action": "mark", "rowid": [two.own, two.foreign]})
    assert answer.status_code == 404
    assert value(Achievement, two.own, "summary") != "已标记"
    assert value(Achievement, two.foreign, "summary") == FOREIGN


def test_an_action_on_own_rows_works(two: Two) -> None:
    assert two.client.post("/probeview/action_post", data={"action": "mark", "rowid": [two.own]}).status_code == 302
    assert value(Achievement, two.own, "summary") == "已标记"


def test_an_action_on_one_foreign_row_is_not_found_and_get_is_refused(two: Two) -> None:
    assert two.client.post(f"/probeview/action/mark/{two.foreign}").status_code == 404
    assert two.client.get(f"/probeview/action/mark/{two.own}").status_code == 405


@pytest.mark.parametrize("path", ["/probeview/list/", "/probeview/add", "/probeview/options/person"])
def test_no_choice_names_a_foreign_row(two: Two, path: str) -> None:
    page = two.client.get(path)
    assert page.status_code == 200
    assert FOREIGN not in page.text
    assert FOREIGN not in json.dumps(page.get_json(silent=True) or "", ensure_ascii=False)


def test_the_remote_search_finds_no_foreign_row(two: Two) -> None:
    assert two.client.get("/probeview/options/person?q=外单位").get_json() == []
    assert [row["text"] for row in two.client.get("/probeview/options/person?q=甲").get_json()] == ["甲某"]


def _add_form(two: Two, person_id: int) -> dict[str, Any]:
    kind, version = make.kind()
    return {"person": person_id, "organization": two.unit_a, "kind": kind, "kind_version": version, "summary": "新增的",
            "state": "returned",
            "data": "{}"}


def _added(two: Two) -> list[int]:
    table = Achievement.__table__
    with db.engine.connect() as connection:
        return list(connection.execute(select(table.c.person_id).where(table.c.summary == "新增的")).scalars())


def test_a_row_cannot_be_added_for_a_foreign_person(two: Two) -> None:
    assert two.client.post("/probeview/add", data=_add_form(two, two.person_b)).status_code == 422
    assert _added(two) == []


def test_an_own_row_is_added_and_recorded_in_one_commit(two: Two) -> None:
    assert two.client.post("/probeview/add", data=_add_form(two, two.person_a)).status_code == 302
    assert _added(two) == [two.person_a]
    event = AuditEvent.__table__
    with db.engine.connect() as connection:
        recorded = connection.execute(select(event.c.event, event.c.data)).all()
    assert [row.event for row in recorded] == ["record:created"]
    assert recorded[0].data["values"]["summary"] == "新增的"


def test_a_prefilled_foreign_relation_is_neither_shown_nor_saved(two: Two) -> None:
    page = two.client.get(f"/probeview/add?_flt_0_person={two.person_b}")
    assert FOREIGN not in page.text
    form = _add_form(two, two.person_a)
    two.client.post(f"/probeview/add?_flt_0_person={two.person_b}", data=form)
    assert _added(two) == [two.person_a]


def _shown(page: str) -> str:
    return page.partition('name="shown" type="hidden" value="')[2].partition('"')[0]


def test_editing_cannot_move_a_row_to_a_foreign_person(two: Two) -> None:
    shown = _shown(two.client.get(f"/probeview/edit/{two.own}").text)
    answer = two.client.post(
        f"/probeview/edit/{two.own}", data={"person": two.person_b, "summary": "搬走", "shown": shown}
    )
    assert answer.status_code == 422
    assert value(Achievement, two.own, "person_id") == two.person_a


def test_fields_that_are_not_offered_are_ignored(two: Two) -> None:
    shown = _shown(two.client.get(f"/probeview/edit/{two.own}").text)
    two.client.post(f"/probeview/edit/{two.own}", data={
        "person": two.person_a, "summary": "改名", "shown": shown, "state": "draft", "organization": "1", "id": "77",
        "organization_id": "99", "version": "50",
    })
    row = {name: value(Achievement, two.own, name) for name in ("summary", "state", "organization_id", "version")}
    assert row == {"summary": "改名", "state": "approved", "organization_id": two.unit_a, "version": 2}


def test_of_two_editors_the_second_is_told(two: Two) -> None:
    shown = _shown(two.client.get(f"/probeview/edit/{two.own}").text)
    form = {"person": two.person_a, "shown": shown}
    assert two.client.post(f"/probeview/edit/{two.own}", data={**form, "summary": "第一"}).status_code == 302
    second = two.client.post(f"/probeview/edit/{two.own}", data={**form, "summary": "第二"})
    assert second.status_code == 409
    assert "其他人修改过" in second.text
    assert "第二" in second.text, "what was typed stays in the form"
    assert value(Achievement, two.own, "summary") == "第一"


def test_there_is_no_download_route(two: Two, probe_app: Flask) -> None:
    """Of generated screens: a file of a folder by its name, as FAB has it."""
    own = {"FileView.download", "ExportView.download"}  # by id, within the row scope
    assert not [rule for rule in probe_app.url_map.iter_rules()
                if rule.endpoint.endswith("View.download") and rule.endpoint not in own]


def test_related_lists_are_scoped(two: Two) -> None:
    assert two.client.get(f"/probepersonview/show/{two.person_a}").status_code == 200
    page = two.client.get(f"/probepersonview/show/{two.person_b}")
    assert page.status_code == 404
    assert FOREIGN not in page.text


@pytest.mark.parametrize("query", [
    "psize_ProbeView=abc", "page_ProbeView=-1", "_oc_ProbeView=nosuch&_od_ProbeView=asc", "_oc_ProbeView=person.mobile",
    "_oc_ProbeView=id_number", "_oc_ProbeView=summary&_od_ProbeView=sideways", "_flt_9_summary=x", "_flt_0_nosuch=x",
    "_flt_0_person=abc", "_flt_x_summary=1", "after_ProbeView=x", "before_ProbeView=-3", "_flt_0_data=x",
    "_flt_0_summary=%00", "_flt_0_person=99999999999999999999",
])
def test_wrong_questions_are_a_400(two: Two, query: str) -> None:
    assert two.client.get(f"/probeview/list/?{query}").status_code == 400


@pytest.mark.parametrize("query", ["psize_ProbeView=1000000", "_flt_0_summary=", "after_ProbeView=999999"])
def test_excessive_but_harmless_questions_are_answered(two: Two, query: str) -> None:
    assert two.client.get(f"/probeview/list/?{query}").status_code == 200


@pytest.mark.parametrize("path", ["show/abc", "edit/1e3", "show/99999999999999999999999", "show/-1", "show/１"])
def test_what_is_no_key_is_not_found(two: Two, path: str) -> None:
    assert two.client.get(f"/probeview/{path}").status_code == 404


@pytest.mark.parametrize(("data", "status"), [
    ({"action": "nosuch", "rowid": ["1"]}, 404), ({}, 404), ({"action": "mark"}, 400),
    ({"action": "mark", "rowid": ["x"]}, 404),
    ({"action": "mark", "rowid": [str(n) for n in range(501)]}, 400),
])
def test_wrong_batches_are_refused(two: Two, data: dict[str, Any], status: int) -> None:
    assert two.client.post("/probeview/action_post", data=data).status_code == status


# The JSON of generated screens


def test_the_api_lists_and_gets_own_rows_only(two: Two) -> None:
    listed = two.client.get("/api/v1/probe/").get_json()
    assert listed["count"] == 1
    assert listed["ids"] == [two.own]
    assert FOREIGN not in json.dumps(listed, ensure_ascii=False)
    assert two.client.get(f"/api/v1/probe/{two.own}").status_code == 200
    assert two.client.get(f"/api/v1/probe/{two.foreign}").status_code == 404


def test_the_api_names_its_columns(two: Two) -> None:
    row = two.client.get(f"/api/v1/probe/{two.own}").get_json()["result"]
    assert set(row) == {"id", "summary", "person"}
    assert set(row["person"]) == {"name"}


@pytest.mark.parametrize(("method", "path"), [
    ("post", "/api/v1/probe/"), ("put", "/api/v1/probe/{own}"), ("delete", "/api/v1/probe/{own}"),
    ("get", "/api/v1/probe/_info"), ("get", "/api/v1/probe/related/person"), ("delete", "/api/v1/probe/"),
    ("post", "/api/v1/security/login"), ("get", "/api/v1/_openapi"), ("get", "/swagger/v1"),
])
def test_the_api_has_no_other_routes(two: Two, method: str, path: str) -> None:
    answer = getattr(two.client, method)(path.format(own=two.own), json={"summary": "x", "person": two.person_b})
    assert answer.status_code in (404, 405)
    assert value(Achievement, two.own, "summary") != "x"


@pytest.mark.parametrize("query", [
    "(filters:!((col:person,opr:rel_o_m,value:1)))", "(filters:!((col:data,opr:eq,value:1)))", "(order_column:nosuch)",
])
def test_the_api_refuses_columns_it_does_not_offer(two: Two, query: str) -> None:
    answer = two.client.get(f"/api/v1/probe/?q={query}")
    assert answer.status_code in (200, 400)
    assert FOREIGN not in answer.text


def test_the_api_is_closed_to_visitors(probe_app: Flask, two: Two) -> None:
    assert probe_app.test_client().get("/api/v1/probe/").status_code in (401, 302)


# Screens over public tables that a convener keeps its own rows of


@dataclass
class Conveners:
    client: FlaskClient
    own_plan: int
    foreign_plan: int
    foreign_committee: int
    own_committee: int


@pytest.fixture
def conveners(probe_app: Flask, login: Login) -> Conveners:
    a, b = people.unit("ca", kind="convener"), people.unit("cb", kind="convener")
    own, foreign = make.plan(a.id, name="本单位计划", state="draft"), make.plan(b.id, name=FOREIGN)
    with db.engine.connect() as connection:
        committee = {
            plan: value(ReviewPlan, plan, "committee_id") for plan in (own, foreign)
        }
        assert connection
    return Conveners(login(probe_app.test_client(), "ca"), own, foreign, committee[foreign], committee[own])


def _plan_form(committee: int) -> dict[str, Any]:
    return {"year": 2026, "name": "新计划", "committee": committee, "region": 1, "plan_type": "regular", "state": "draft",
            "opens_on": "2026-01-01", "closes_on": "2026-02-01", "routes": ["regular"]}


def test_a_convener_lists_and_opens_its_own_plans_only(conveners: Conveners) -> None:
    page = conveners.client.get("/reviewplanview/list/").text
    assert "本单位计划" in page
    assert FOREIGN not in page
    for path in ("show", "edit"):
        assert conveners.client.get(f"/reviewplanview/{path}/{conveners.own_plan}").status_code == 200
        assert conveners.client.get(f"/reviewplanview/{path}/{conveners.foreign_plan}").status_code == 404
    assert conveners.client.post(f"/reviewplanview/delete/{conveners.foreign_plan}").status_code == 404
    assert value(ReviewPlan, conveners.foreign_plan, "id")


def test_a_convener_adds_plans_to_its_own_committees_only(conveners: Conveners) -> None:
    refused = conveners.client.post("/reviewplanview/add", data=_plan_form(conveners.foreign_committee))
    assert refused.status_code == 422
    assert conveners.client.post("/reviewplanview/add", data=_plan_form(conveners.own_committee)).status_code == 302
    table = ReviewPlan.__table__
    with db.engine.connect() as connection:
        added = connection.execute(select(table.c.convener_id, table.c.committee_id).where(table.c.name == "新计划")).all()
    assert [row.committee_id for row in added] == [conveners.own_committee]
    assert added[0].convener_id == value(Committee, conveners.own_committee, "convener_id")


def test_a_convener_adds_nothing_to_a_foreign_plan(conveners: Conveners) -> None:
    answer = conveners.client.post(
        "/reviewstandardview/add", data={"plan": conveners.foreign_plan, "name": "标准", "position": 1}
    )
    assert answer.status_code == 422
    assert FOREIGN not in conveners.client.get(f"/reviewstandardview/add?_flt_0_plan={conveners.foreign_plan}").text
    good = conveners.client.post(
        "/reviewstandardview/add", data={"plan": conveners.own_plan, "name": "标准", "position": 1}
    )
    assert good.status_code == 302
    table = ReviewStandard.__table__
    with db.engine.connect() as connection:
        assert connection.execute(select(table.c.plan_id)).scalars().all() == [conveners.own_plan]


def test_a_convener_does_not_see_the_children_of_foreign_plans(conveners: Conveners) -> None:
    standard = save(ReviewStandard(plan_id=conveners.foreign_plan, name=FOREIGN))
    assert FOREIGN not in conveners.client.get("/reviewstandardview/list/").text
    assert conveners.client.get(f"/reviewstandardview/show/{standard}").status_code == 404
    assert conveners.client.get(f"/standardsectionview/options/standard?q={FOREIGN}").get_json() == []
    assert PlanLevel.__table__ is not None


# Threads


def test_searches_of_concurrent_requests_do_not_mix(probe_app: Flask, two: Two, login: Login) -> None:
    """FAB keeps the filters of a request on the view object: 379 of 600 pages showed another user's search."""
    for n in range(3):
        for word in ("甲词", "乙词"):
            pk = make.achievement(two.person_a, two.unit_a)
            with db.engine.begin() as connection:
                table = Achievement.__table__
                connection.execute(table.update().where(table.c.id == pk).values(summary=f"{word}{n}"))
    wrong: list[str] = []
    clients = [login(probe_app.test_client(), "ua") for _ in range(4)]

    def ask(client: FlaskClient, word: str, other: str) -> None:
        for _ in range(25):
            page = client.get(f"/probeview/list/?_flt_0_summary={word}")
            if page.status_code != 200 or page.text.count(f"<span>{word}") != 3 or f"<span>{other}" in page.text:
                wrong.append(f"{page.status_code} {word}")

    words = (("甲词", "乙词"), ("乙词", "甲词"))
    threads = [threading.Thread(target=ask, args=(client, *words[n % 2])) for n, client in enumerate(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
