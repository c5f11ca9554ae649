"""Finding people, units and accounts: what is typed finds who is meant, on both databases, and the terms follow the names."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, delete, event, func, insert, select

from app.extensions import db
from app.queries.organization import search_organizations
from app.queries.search import people, units
from app.scope import system_scope
from app.services import search
from app.transaction import transaction
from models.account import Account
from models.organization import Organization
from models.person import Person
from models.search import initials, person_initials, search_term, terms_of
from tests.conftest import Login
from tests.factories.organization import organization
from tests.factories.person import account, person


@pytest.fixture
def world(app: Flask, db_session: Any) -> Any:
    """Some people and units whose names are hard to tell apart."""
    for name in ("李明", "李明轩", "明李", "单雄信", "阿卜杜拉·热合曼", "John Smith", "㛃喆", "张100%", "欧阳娜娜"):
        person(name=name)
    codes = {"合肥市第八中学": "12340100485000123X", "合肥市第八中学（本部）": None, "第八中学合肥市教研室": None,
             "安徽ABC有限公司": "91340100683643522D", "合肥市第一〇一医院": None}
    made = {organization(name): code for name, code in codes.items()}
    with transaction() as session:
        for pk, code in made.items():
            session.get_one(Organization, pk).uscc = code
    return db_session


def found(session: Any, text: str) -> set[str]:
    return set(session.scalars(select(Person.name).where(people(text))))


@pytest.mark.parametrize(("typed", "names"), [
    ("李明", {"李明", "李明轩"}), ("明李", {"明李"}), ("李", {"李明", "李明轩", "明李"}), ("明轩", {"李明轩"}), ("李轩", set()),
    ("lm", {"李明", "李明轩"}), ("LMX", {"李明轩"}), ("ｌｍ", {"李明", "李明轩"}), ("sxx", {"单雄信"}), ("xx", {"单雄信"}),
    ("阿卜杜拉·热合曼", {"阿卜杜拉·热合曼"}), ("阿卜杜拉热合曼", {"阿卜杜拉·热合曼"}), ("拉•热", {"阿卜杜拉·热合曼"}),
    ("john", {"John Smith"}), ("johnsmith", {"John Smith"}), ("SMITH", {"John Smith"}), ("㛃", {"㛃喆"}), ("喆", {"㛃喆"}),
    ("%", {"张100%"}), ("0%", {"张100%"}), ("_", set()), ("", set()), ("  ", set()), ("娜", {"欧阳娜娜"}), ("娜娜", {"欧阳娜娜"}),
    ("nn", {"欧阳娜娜"}), ("不存在的人", set()), ("'; DROP TABLE person", set()), ("\\", set()),
])
def test_a_person_is_found_by_part_of_the_name_or_initials(world: Any, typed: str, names: set[str]) -> None:
    assert found(world, typed) == names


@pytest.mark.parametrize(("typed", "names"), [
    ("第八中学", ["合肥市第八中学", "第八中学合肥市教研室", "合肥市第八中学（本部）"]),
    ("合肥市第八中学", ["合肥市第八中学", "合肥市第八中学（本部）"]), ("第八中学(本部)", ["合肥市第八中学（本部）"]),
    ("hfsdbzx", ["合肥市第八中学", "合肥市第八中学（本部）"]), ("dbzx", ["合肥市第八中学", "第八中学合肥市教研室", "合肥市第八中学（本部）"]),
    ("12340100485000123X", ["合肥市第八中学"]), ("12340100485000123x", ["合肥市第八中学"]), ("1234", ["合肥市第八中学"]),
    ("123", []), ("34010048", []), ("9134 0100 6836", ["安徽ABC有限公司"]), ("abc", ["安徽ABC有限公司"]), ("一〇一", ["合肥市第一〇一医院"]),
])
def test_a_unit_is_found_by_name_code_or_initials_the_shortest_name_first(world: Any, typed: str, names: list[str]) -> None:
    assert [unit.name for unit in search_organizations(world, text=typed)] == names


def test_the_terms_follow_a_new_name_and_go_with_the_row(world: Any) -> None:
    with transaction() as session:
        unit = session.scalars(select(Organization).where(Organization.name == "安徽ABC有限公司")).one()
        unit.name, unit.pinyin, unit.uscc, pk = "安徽新名字有限公司", "", None, unit.id
    names = select(Organization.name)
    assert world.scalars(names.where(units("abc"))).all() == []
    assert world.scalars(names.where(units("9134"))).all() == []
    assert world.scalars(names.where(units("新名字"))).all() == world.scalars(names.where(units("xmz"))).all() == ["安徽新名字有限公司"]
    with transaction() as session:
        unit = session.get_one(Organization, pk)
        for role in unit.roles:
            session.delete(role)
        session.delete(unit)
    assert world.scalar(select(func.count()).select_from(search_term).where(
        search_term.c.kind == "organization", search_term.c.owner_id == pk)) == 0


def test_rebuilding_finds_what_was_written_in_bulk_and_forgets_who_is_gone(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "CHUNK", 3)
    with transaction() as session:
        session.execute(delete(search_term))
        assert search.unindexed() == ["person", "organization", "account"]
        session.execute(insert(search_term).values(kind="person", term="鬼", owner_id=999_999))
    assert found(world, "李明") == set()
    progress = list(search.rebuild())
    assert ("person", 3) in progress
    assert found(world, "李明") == {"李明", "李明轩"}
    assert search.unindexed() == []
    assert world.scalar(select(func.count()).select_from(search_term).where(search_term.c.owner_id == 999_999)) == 0
    before = world.scalar(select(func.count()).select_from(search_term))
    list(search.rebuild())
    assert world.scalar(select(func.count()).select_from(search_term)) == before


def test_the_release_fills_an_empty_index(world: Any, app: Flask) -> None:
    with transaction() as session:
        session.execute(delete(search_term))
    answer = app.test_cli_runner().invoke(args=["release"])
    assert answer.exit_code == 0, answer.output
    assert "search terms: person" in answer.output
    assert "search terms: account" in answer.output
    with system_scope():
        assert found(world, "lmx") == {"李明轩"}
    assert "search terms" not in app.test_cli_runner().invoke(args=["release"]).output
    assert "organization: " in app.test_cli_runner().invoke(args=["search", "rebuild"]).output


def test_a_search_shows_only_the_rows_in_sight(world: Any, client: FlaskClient, login: Login) -> None:
    mine, other = organization("甲单位"), organization("乙单位")
    account("keeper", role="Employer", organization_id=mine)
    from models.person import Employment
    from tests.factories.rows import save

    for unit, name in ((mine, "赵本单位"), (other, "赵外单位")):
        save(Employment(person_id=person(name=name, organization_id=unit), organization_id=unit, kind="registration", state="approved"))
    page = login(client, "keeper").get("/unit/people/?tab=all&q=zbdw").text
    assert "赵本单位" in page
    page = client.get("/unit/people/?tab=all&q=赵").text
    assert "赵本单位" in page
    assert "赵外单位" not in page


def test_initials_and_terms() -> None:
    assert initials("合肥市第8中学") == "hfsd8zx"
    assert [person_initials(name) for name in ("单雄信", "尉迟恭", "李明", "解缙")] == ["sxx", "ycg", "lm", "xj"]
    assert terms_of("李明", "lm", "12345") == {"李", "明", "李明", "l", "lm", "1234", "12345"}
    assert terms_of("", "") == set()


# The staff's generated lists


@pytest.mark.parametrize(("path", "shown", "hidden"), [
    ("/accountview/list/?_flt_0_username=李明", {"李明", "李明轩"}, {"单雄信"}),
    ("/accountview/list/?_flt_0_username=single", {"单雄信"}, {"李明"}),
    ("/accountview/list/?_flt_0_username=SINGLE_HERO_of", {"单雄信"}, {"李明"}),
    ("/accountview/list/?_flt_0_username=single_hero_of_the_sui_tang", {"单雄信"}, {"李明"}),
    ("/accountview/list/?_flt_0_username=single_hero_of_the_tang", set(), {"单雄信", "李明"}),
    ("/accountview/list/?_flt_1_username=single", set(), {"单雄信"}),
    ("/accountview/list/?_flt_0_username=%25", set(), {"单雄信", "李明"}),
    ("/organizationview/list/?_flt_0_name=hfsdbzx", {"合肥市第八中学"}, {"安徽ABC有限公司"}),
    ("/organizationview/list/?_flt_0_name=9134", {"安徽ABC有限公司"}, {"合肥市第八中学"}),
    ("/organizationview/list/?_flt_0_name=一〇一", {"合肥市第一〇一医院"}, {"合肥市第八中学"}),
])
def test_a_generated_list_finds_by_name_code_and_initials(
    world: Any, admin: FlaskClient, path: str, shown: set[str], hidden: set[str]
) -> None:
    with transaction() as session:
        for name in ("李明", "李明轩", "单雄信"):
            row = session.scalars(select(Account).join(Person, Person.user_id == Account.id).where(Person.name == name)).one()
            row.last_name, row.first_name = name[0], name[1:]
            row.username = "single_hero_of_the_sui_tang" if name == "单雄信" else row.username
    page = admin.get(path)
    assert page.status_code == 200
    table = page.text.partition("<tbody>")[2]
    assert {name for name in shown if f">{name}<" in table} == shown
    assert not [name for name in hidden if f">{name}<" in table]


@pytest.mark.parametrize(("path", "table"), [
    ("/accountview/list/?_flt_0_username=李明", "ab_user"), ("/accountview/list/?_flt_0_username=single", "ab_user"),
    ("/organizationview/list/?_flt_0_name=合肥", "organization"), ("/organizationview/list/?_flt_0_name=9134", "organization"),
    ("/organizationview/options/region?q=x", ""), ("/accountview/options/organization?q=合肥", "organization"),
])
def test_a_generated_list_reads_no_whole_table_to_find(world: Any, admin: FlaskClient, path: str, table: str) -> None:
    if db.engine.dialect.name != "sqlite":
        pytest.skip("on so few rows PostgreSQL rightly reads them all")
    sent: list[tuple[str, Any]] = []

    def note(conn: Any, cursor: Any, statement: str, parameters: Any, *rest: Any) -> None:
        if "search_term" in statement:
            sent.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        assert admin.get(path).status_code == 200
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert bool(sent) == bool(table)
    with db.engine.connect() as connection:
        for statement, parameters in sent:
            plan = [row.detail for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
            assert any("USING PRIMARY KEY (kind=? AND term=?" in step for step in plan), plan
            assert not [step for step in plan if step.startswith(f"SCAN {table}")], plan
