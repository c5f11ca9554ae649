"""Finding one of 100,000 people and one of 5,000 units by name, code and pinyin initials."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import Engine, insert, select, text

from app.extensions import db
from app.factory import create_app
from app.queries.search import people
from app.release import sync_permissions
from app.scope import system_scope
from app.services.search import rebuild
from benchmarks.databases import DATABASES
from benchmarks.inbox import BenchConfig
from models.account import Account
from models.base import metadata, utcnow
from models.organization import Organization, OrganizationRole
from models.person import Employment, Person
from models.search import initials, person_initials

PEOPLE, UNITS, ASKED = 100_000, 5_000, 100
SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉萍红鹏辉建文海燕国庆志晨宇浩然子轩雨欣怡佳慧思远嘉瑞博俊梓涵"
PLACES = ["合肥", "芜湖", "蚌埠", "淮南", "马鞍山", "淮北", "铜陵", "安庆", "黄山", "滁州", "阜阳", "宿州", "六安", "亳州", "池州", "宣城"]
SORTS = ["第{n}中学", "第{n}小学", "实验学校{n}分校", "第{n}人民医院", "建设工程有限公司{n}部", "农业技术推广站{n}所", "职业技术学院{n}系", "图书馆{n}馆"]


def run() -> None:
    """Print the 95th percentile of each way to search, on both databases."""
    print(f"\nSearch: {PEOPLE:,} people, {UNITS:,} units, {ASKED} questions each, ms: median / 95th percentile, and of the processor of this process")
    for name, database in DATABASES.items():
        with database() as url:
            app = create_app(BenchConfig, SQLALCHEMY_DATABASE_URI=url)
            with app.app_context():
                metadata.create_all(db.engine)
                sync_permissions(app.appbuilder)  # type: ignore[attr-defined]
                drawn = random.Random(7)
                _units(db.engine, drawn)
                _people(db.engine, drawn)
                with system_scope():
                    for _progress in rebuild():
                        pass
                db.session.remove()
                _analyze(db.engine)
            for label, (clock, processor) in _questions(app, drawn):
                print(f"{name:<12}{label:<44}{clock:>18}{processor:>18}", flush=True)
            with app.app_context():
                db.engine.dispose()


def _units(engine: Engine, drawn: random.Random) -> None:
    names = list(dict.fromkeys(
        f"{drawn.choice(PLACES)}市{drawn.choice(SORTS).format(n=drawn.randrange(1, 400))}" for _ in range(UNITS * 3)))[:UNITS]
    now = utcnow()
    with engine.begin() as connection:
        from models.region import Region

        connection.execute(insert(Region.__table__), [
            {"code": "340000", "name": "安徽省", "level": "province", "path": "340000", "enabled": True}])
        connection.execute(insert(Organization.__table__), [
            {"id": n, "name": name, "pinyin": initials(name), "uscc": f"1234{n:014d}", "nature_code": "50",
             "region_code": "340000", "enabled": True, "is_registered": True, "created_at": now, "updated_at": now, "version": 1}
            for n, name in enumerate(names, 1)])
        connection.execute(insert(OrganizationRole.__table__), [
            {"organization_id": n, "kind": "employer"} for n in range(1, len(names) + 1)])


def _people(engine: Engine, drawn: random.Random) -> None:
    """A fifth of the people belong to the first unit: the largest list any page shows."""
    now = utcnow()
    with engine.begin() as connection:
        for start in range(1, PEOPLE + 1, 10_000):
            ids = range(start, start + 10_000)
            names = {n: drawn.choice(SURNAMES) + "".join(drawn.sample(GIVEN, drawn.choice((1, 2, 2)))) for n in ids}
            connection.execute(insert(Account.__table__), [
                {"id": n, "username": f"p{n}", "first_name": names[n][1:], "last_name": names[n][:1], "email": f"p{n}@x.invalid",
                 "active": False, "session_stamp": "x", "must_change_password": False, "type": "account"} for n in ids])
            connection.execute(insert(Person.__table__), [
                {"id": n, "user_id": n, "name": names[n], "pinyin": person_initials(names[n]), "id_number": "340000000000000000",
                 "id_number_index": f"x{n}", "mobile": "13800000000", "organization_id": _unit_of(n), "registered_at": now,
                 "created_at": now, "updated_at": now, "version": 1} for n in ids])
            connection.execute(insert(Employment.__table__), [
                {"person_id": n, "organization_id": _unit_of(n), "kind": "registration", "state": "approved",
                 "requested_at": now, "created_at": now, "updated_at": now, "version": 1} for n in ids])


def _unit_of(n: int) -> int:
    return 1 if n % 5 == 0 else 1 + n % UNITS


def _analyze(engine: Engine) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


def _questions(app: Any, drawn: random.Random) -> Iterator[tuple[str, tuple[str, str]]]:
    from tests.factories.person import PASSWORD, account, person

    with app.app_context():
        with db.engine.connect() as connection:
            if connection.dialect.name == "postgresql":
                for table in ("ab_user", "person", "organization"):
                    connection.execute(text(
                        f"SELECT setval('{table}_id_seq', (SELECT max(id) FROM {table}))"))
                connection.commit()
            units = connection.execute(select(Organization.__table__.c.name, Organization.__table__.c.uscc)).all()
            names = connection.execute(select(Person.__table__.c.name)).scalars().all()
        person("searcher", name="方圆")
        account("keeper", role="Employer", organization_id=1)
        account("admin", role="Admin")
        db.session.remove()
    applicant, keeper, staff = (_signed_in(app, login, PASSWORD) for login in ("searcher", "keeper", "admin"))
    chosen = [drawn.choice(units) for _ in range(ASKED)]
    called = [drawn.choice(names) for _ in range(ASKED)]

    def unit_page(word: str) -> None:
        _ok(applicant.get("/person/unit/search/", query_string={"q": word}))

    def people_page(word: str) -> None:
        _ok(keeper.get("/unit/people/", query_string={"tab": "all", "q": word}))

    def everybody(word: str) -> None:
        with app.app_context(), system_scope():
            db.session.execute(select(Person.id, Person.name).where(people(word)).order_by(Person.name).limit(20)).all()
            db.session.remove()

    def account_list(word: str) -> None:
        _ok(staff.get("/accountview/list/", query_string={"_flt_0_username": word}))

    def unit_list(word: str) -> None:
        _ok(staff.get("/organizationview/list/", query_string={"_flt_0_name": word}))

    yield "units by part of the name, whole request", _timed(unit_page, [unit.name[2:7] for unit in chosen])
    yield "units by two characters, whole request", _timed(unit_page, [unit.name[:2] for unit in chosen])
    yield "units by initials, whole request", _timed(unit_page, [initials(unit.name)[:5] for unit in chosen])
    yield "units by code, whole request", _timed(unit_page, [unit.uscc for unit in chosen])
    yield "units by the beginning of the code, request", _timed(unit_page, [unit.uscc[:15] for unit in chosen])
    yield "people of a unit of 20,000 by name, request", _timed(people_page, called)
    yield "people of a unit of 20,000 by initials, req.", _timed(people_page, [person_initials(one) for one in called])
    yield "all people by name", _timed(everybody, called)
    yield "all people by surname", _timed(everybody, [one[0] for one in called])
    yield "all people by initials", _timed(everybody, [person_initials(one) for one in called])
    yield "staff's list of accounts by name, request", _timed(account_list, called)
    yield "staff's list of accounts by user name, req.", _timed(account_list, [f"p{drawn.randrange(10_000, PEOPLE)}" for _ in called])
    yield "staff's list of units by name, request", _timed(unit_list, [unit.name[2:7] for unit in chosen])


def _signed_in(app: Any, login: str, password: str) -> Any:
    client = app.test_client()
    if client.post("/login/", data={"username": login, "password": password}).status_code != 302:
        raise RuntimeError("could not sign in")
    return client


def _ok(answer: Any) -> None:
    if answer.status_code != 200:
        raise RuntimeError(f"the page answered {answer.status_code}")


def _timed(ask: Callable[[str], None], words: list[str]) -> tuple[str, str]:
    """By the clock, which on a busy machine counts the waiting too, and by the processor time of this process."""
    for word in words[:5]:
        ask(word)
    clock, processor = [], []
    for word in words:
        began, spent = time.perf_counter(), time.process_time()
        ask(word)
        clock.append((time.perf_counter() - began) * 1000)
        processor.append((time.process_time() - spent) * 1000)
    return _pair(clock), _pair(processor)


def _pair(times: list[float]) -> str:
    return f"{statistics.median(times):.1f} / {statistics.quantiles(times, n=20)[-1]:.1f}"


if __name__ == "__main__":
    run()
