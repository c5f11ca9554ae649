"""`flask keys rotate`: every value and digest moves to the new key, in batches that may be stopped; then the old key may go."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import pytest
from flask import Flask
from sqlalchemy import String, cast, select, update

from app.actor import Actor
from app.errors import Invalid
from app.scope import system_scope
from app.services import key_rotation, registration
from app.services.key_rotation import Step
from app.services.registration import SignUp
from app.transaction import current_session, transaction
from models import encrypted
from models.audit import AuditEvent
from models.dictionary import CodeItem, CodeTable
from models.encrypted import KeyringError, blind_index
from models.person import Person
from tests.database import use_keys
from tests.factories.person import person
from tests.factories.rows import save

OLD, BOTH, NEW = "k1:the old secret", "k2:the new secret,k1:the old secret", "k2:the new secret"
VISITOR = Actor(user_id=None, name="访客", origin="127.0.0.1")
_table = Person.__table__


@pytest.fixture(autouse=True)
def own_keys(app: Flask) -> Iterator[None]:
    encrypted.configure(OLD)
    yield
    use_keys(app)


@pytest.fixture
def ids(app: Flask) -> list[int]:
    return [person(f"p{n}", name=f"人{n}甲") for n in range(7)]


def raw() -> list[str]:
    current_session().rollback()
    return list(current_session().execute(select(cast(_table.c.id_number, String)).order_by(_table.c.id)).scalars())


def plain() -> list[tuple[str, str]]:
    current_session().rollback()
    return [tuple(row) for row in current_session().execute(
        select(_table.c.id_number, _table.c.id_number_index).order_by(_table.c.id))]


def of_people(batch: int = 500) -> Iterator[Step]:
    """The steps that concern ID numbers, whatever else is encrypted."""
    return (step for step in key_rotation.rotate(batch=batch) if step.column == "person.id_number")


def taken(number: str) -> bool:
    with pytest.raises(Invalid) as refused:
        registration.sign_up(actor=VISITOR, form=SignUp(
            username="another", password="湖边散步看见三只白鹭", name="方圆", id_number=number, mobile="13955550000"))
    return "已注册" in refused.value.fields.get("id_number", "")


def test_afterwards_the_old_key_may_go(app: Flask, ids: list[int]) -> None:
    before = plain()
    encrypted.configure(BOTH)
    assert [number for number, _ in plain()] == [number for number, _ in before]
    answer = app.test_cli_runner().invoke(args=["keys", "rotate", "--batch", "3"])
    assert answer.exit_code == 0, answer.output
    assert "person.id_number: 3 rewritten, 4 left" in answer.output
    assert "person.id_number: 7 rewritten, 0 left" in answer.output
    assert "person.id_number: key k2: 7" in answer.output
    assert "k1" not in answer.output
    encrypted.configure(NEW)
    assert [number for number, _ in plain()] == [number for number, _ in before]
    assert all(index == blind_index(number) for number, index in plain())
    assert {value.split(".")[0] for value in raw()} == {"k2"}
    events = current_session().execute(select(AuditEvent.__table__.c.data).where(
        AuditEvent.__table__.c.event == "keys:rotated")).scalars().all()
    assert events == [{"column": "person.id_number", "key": "k2", "rows": 7}]


def test_it_can_be_stopped_and_goes_on_where_it_was(app: Flask, ids: list[int]) -> None:
    encrypted.configure(BOTH)
    with system_scope():
        assert [step.done for step in islice(of_people(batch=2), 2)] == [2, 4]
        half = raw()
        assert [value[:2] for value in half] == ["k2"] * 4 + ["k1"] * 3
        assert key_rotation.columns_of_keys()["person.id_number"] == {"k1": 3, "k2": 4}
        assert len(plain()) == 7  # both are read
        assert [step.done for step in of_people(batch=2)] == [2, 3]
        assert raw()[:4] == half[:4]  # nothing is written twice
        assert [(step.done, step.left) for step in of_people()] == [(0, 0)]


def test_while_it_runs_a_number_is_found_under_either_key(app: Flask, ids: list[int]) -> None:
    numbers = [number for number, _ in plain()]
    with system_scope(), transaction() as session:  # numbers that the sign-up takes for valid
        good = ["340102198003073073", "432427198704189607"]
        for pk, number in zip(ids[::6], good, strict=True):
            session.execute(update(_table).where(_table.c.id == pk).values(
                id_number=number, id_number_index=blind_index(number)))
    encrypted.configure(BOTH)
    with system_scope():
        next(of_people(batch=2))
    assert [value[:2] for value in (raw()[0], raw()[6])] == ["k2", "k1"]
    assert taken(good[0])
    assert taken(good[1])
    encrypted.configure(NEW)
    assert taken(good[0])
    assert len(numbers) == 7


def test_a_row_written_meanwhile_is_left_as_it_is(app: Flask, ids: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    encrypted.configure(BOTH)
    real = key_rotation._values

    def slow(column: object, row: object) -> object:
        values = real(column, row)  # type: ignore[arg-type]
        if row["id"] == ids[0]:  # type: ignore[index]
            current_session().connection().execute(update(_table).where(_table.c.id == ids[0]).values(id_number="新号码"))
        return values

    monkeypatch.setattr(key_rotation, "_values", slow)
    with system_scope():
        assert list(of_people())[-1].done == 6
    assert plain()[0][0] == "新号码"


def test_other_documents_keep_a_digest_of_their_own_kind(app: Flask) -> None:
    table = save(CodeTable(code="id_doc_type", name="证件类型"))
    save(CodeItem(table_id=table, code="08", name="外国人护照", position=1))
    with system_scope():
        passport = SignUp(username="smith", password="湖边散步看见三只白鹭", name="John O’Brien-Smith", id_number="e 12345678",
                          mobile="13955550000", id_doc_type="08")
        registration.sign_up(form=passport, actor=VISITOR)
        encrypted.configure(BOTH)
        list(key_rotation.rotate())
    encrypted.configure(NEW)
    assert plain() == [("E12345678", blind_index("08:E12345678"))]


@pytest.mark.parametrize("keys", ["k1:a,k1:b", ":a", "k 1:a", "k_1:a,k2:b"])
def test_keys_need_ids_of_their_own(keys: str, app: Flask) -> None:
    with pytest.raises(KeyringError):
        encrypted.configure(keys)
