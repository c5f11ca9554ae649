"""The stored form grows by seals as nodes are passed: by jobs, once, whatever dies; every earlier seal stays valid."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, current_app
from sqlalchemy import select, update

from app.actor import SYSTEM
from app.extensions import db
from app.jobs import document_making
from app.jobs.worker import run_due
from app.queries import seal as queries
from app.reports import growth
from app.reports.platform_key import PLATFORM, platform_key
from app.reports.sealing import certificate_of, check_seals, empty_fields, read_p12, round_seal, self_signed
from app.scope import scope_of, scoped, system_scope
from app.services import review, seal, submission
from app.services.file import content
from app.transaction import current_session
from models.base import utcnow
from models.case import Task
from models.document import Document
from models.file import StoredFile
from models.job import Job
from tests.database import Databases
from tests.factories import teacher_world as make
from tests.factories.recommendation import recommend_application
from tests.factories.templates import submitted_template
from tests.factories.unit_world import unit

ROUTE = (("unit", "合肥市第八中学"), ("department", "合肥市教育局"), ("hr", "合肥市人力资源和社会保障局"))
_job, _d, _task = Job.__table__, Document.__table__, Task.__table__


@pytest.fixture(scope="session")
def template(application: Flask, store: Databases) -> str:
    return submitted_template(application, store)


@pytest.fixture(scope="module")
def keys() -> dict[str, tuple[bytes, bytes]]:
    return {name: (self_signed(name), round_seal(name)) for _, name in ROUTE}


def install(name: str, keys: dict[str, Any]) -> None:
    bare, picture = keys[name]
    p12, until = read_p12(bare, "")
    with system_scope():
        seal.install(organization_id=unit(name), p12=p12, picture=picture, certificate=certificate_of(p12), valid_until=until, actor=SYSTEM)


def open_task() -> Any:
    current_session().rollback()
    row = current_session().execute(select(_task).where(_task.c.subject_type == "application", _task.c.state == "open")).one()
    current_session().rollback()
    return row


def decide(login: str, *, returns: bool = False) -> Any:
    who, row = make.actor(login), open_task()
    with scoped(scope_of(who)):
        if login == "unit":
            review.claim(task_id=row.id, actor=who)
        if returns:
            return review.return_(task_id=row.id, actor=who, opinion="请补充材料。")
        if login == "unit":
            recommend_application(row.subject_id, who)
        review.approve(task_id=row.id, actor=who, opinion="经审核，同意上报。")
    return row


def document(kind: str = "review_form", run: int = 1) -> Any:
    current_session().rollback()
    row = current_session().execute(select(_d).where(_d.c.kind == kind, _d.c.run == run)).first()
    current_session().rollback()
    return row


def stored(kind: str = "review_form", run: int = 1) -> bytes:
    row = document(kind, run)
    assert row is not None
    assert row.state == "made", row.error
    with system_scope():
        return content(current_session().get_one(StoredFile, row.file_id))


def signatures(pdf: bytes) -> list[tuple[str, str, bool]]:
    own = platform_key(bytes.fromhex(current_app.config["SIGNING_SEED"]))
    return [(s.field, s.signer, s.valid) for s in check_seals(pdf, [*queries.known_certificates(current_session()), certificate_of(own.p12)])]


def waiting(kind: str) -> int:
    current_session().rollback()
    return len(current_session().execute(select(_job.c.id).where(_job.c.kind == kind, _job.c.state == "waiting")).all())


def test_each_node_adds_its_seal_to_the_stored_form_and_all_hold_at_the_end(app: Flask, keys: dict[str, Any], tmp_path: Path) -> None:
    for _, name in ROUTE:
        install(name, keys)
    before = b""
    for number, (login, _) in enumerate(ROUTE, 1):
        decide(login)
        run_due(app)  # nobody exported anything
        pdf = stored()
        assert pdf.startswith(before)
        assert len(signatures(pdf)) == number
        before = pdf
    assert signatures(before) == [
        (field, name, True) for field, (_, name) in zip(("employer", "competent_department", "hr_department"), ROUTE, strict=True)]
    assert "convener" in empty_fields(before)
    assert signatures(stored("publicity_proof")) == [("employer", ROUTE[0][1], True)]
    (tmp_path / "form.pdf").write_bytes(before)
    said = subprocess.run(["pdfsig", "-nocert", str(tmp_path / "form.pdf")], capture_output=True, check=False).stdout.decode()
    assert said.count("Signature is Valid") == 3
    text = subprocess.run(["pdftotext", "-raw", str(tmp_path / "form.pdf"), "-"], capture_output=True, check=True).stdout.decode()
    assert text.count("经审核，同意上报。") == 3
    files = current_session().execute(select(StoredFile.__table__.c.id).where(StoredFile.__table__.c.name.like("专业技术资格评审表%"))).all()
    assert len(files) == 1  # the forms before are contained in this one


def test_without_seals_nothing_is_ordered_and_the_platform_signs_when_a_later_seal_is_set(app: Flask, keys: dict[str, Any]) -> None:
    install(ROUTE[1][1], keys)
    decide("unit")
    assert waiting("form.seal") == 0
    run_due(app)
    assert document() is None
    decide("department")
    assert waiting("form.seal") == 1
    run_due(app)
    assert signatures(stored()) == [("employer", PLATFORM, True), ("competent_department", ROUTE[1][1], True)]


def test_an_approval_taken_back_takes_its_seal_from_the_stored_form(app: Flask, keys: dict[str, Any]) -> None:
    for _, name in ROUTE:
        install(name, keys)
    decide("unit")
    run_due(app)
    with_one = stored()
    row = decide("department")
    run_due(app)
    assert len(signatures(stored())) == 2
    who = make.actor("department")
    with scoped(scope_of(who)):
        review.withdraw(task_id=row.id, actor=who)
    run_due(app)
    assert stored() == with_one
    decide("department")
    run_due(app)
    assert stored().startswith(with_one)
    assert [valid for _, _, valid in signatures(stored())] == [True, True]


def test_a_new_submission_begins_a_form_of_its_own_and_the_old_one_stays(app: Flask, keys: dict[str, Any]) -> None:
    for _, name in ROUTE:
        install(name, keys)
    application_id = open_task().subject_id
    decide("unit")
    run_due(app)
    first = stored()
    decide("department", returns=True)
    me = make.actor("applicant")
    with scoped(scope_of(me)):
        submission.check(application_id=application_id, actor=me)
        submission.submit(application_id=application_id, actor=me)
    run_due(app)
    assert document(run=2) is None
    decide("unit")
    run_due(app)
    second = stored(run=2)
    assert stored(run=1) == first
    assert signatures(second) == [("employer", ROUTE[0][1], True)]
    assert not second.startswith(first[:5000])


def test_a_job_that_dies_while_setting_or_keeping_loses_nothing_and_sets_no_seal_twice(
    app: Flask, keys: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    install(ROUTE[0][1], keys)
    install(ROUTE[1][1], keys)
    decide("unit")
    run_due(app)
    before = stored()
    decide("department")

    def die(*arguments: Any, **named: Any) -> Any:
        raise RuntimeError("the power went")

    for module, name in ((growth, "set_seal"), (document_making.documents, "keep")):
        with monkeypatch.context() as broken:
            broken.setattr(module, name, die)
            run_due(app)
        assert document().state == "waiting"
        with system_scope():
            assert content(current_session().get_one(StoredFile, document().file_id)) == before  # the form before is still there
        with db.engine.begin() as connection:
            connection.execute(update(_job).where(_job.c.state == "waiting").values(run_after=utcnow()))
    run_due(app)
    after = stored()
    assert after.startswith(before)
    assert [field for field, _, valid in signatures(after) if valid] == ["employer", "competent_department"]


def test_of_two_workers_one_file_is_kept(app: Flask, keys: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    install(ROUTE[0][1], keys)
    decide("unit")
    grown, met = document_making._grown, []

    def meanwhile(session: Any, composed: Any, now: Any) -> Any:
        made = grown(session, composed, now)
        if not met:
            met.append(now)
            row = current_session().execute(select(_d).where(_d.c.kind == "review_form")).one()
            document_making.bring_up(current_session(), row)  # another worker, whose lease was given out again
        return made

    monkeypatch.setattr(document_making, "_grown", meanwhile)
    run_due(app)
    assert met
    assert signatures(stored()) == [("employer", ROUTE[0][1], True)]
    files = current_session().execute(select(StoredFile.__table__.c.id).where(StoredFile.__table__.c.name.like("专业技术资格评审表%"))).all()
    assert len(files) == 1


def test_a_decision_while_the_form_is_being_made_is_not_lost(app: Flask, keys: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    install(ROUTE[0][1], keys)
    install(ROUTE[1][1], keys)
    decide("unit")
    grown, met = document_making._grown, []

    def meanwhile(session: Any, composed: Any, now: Any) -> Any:
        made = grown(session, composed, now)
        if composed.code == "review_form" and not met:
            met.append(now)
            decide("department")
        return made

    monkeypatch.setattr(document_making, "_grown", meanwhile)
    run_due(app)
    assert [field for field, _, valid in signatures(stored()) if valid] == ["employer", "competent_department"]


def test_a_name_changed_later_does_not_change_the_signed_paper(app: Flask, keys: dict[str, Any]) -> None:
    from models.person import Person

    install(ROUTE[0][1], keys)
    install(ROUTE[1][1], keys)
    decide("unit")
    run_due(app)
    before = stored()
    with db.engine.begin() as connection:
        connection.execute(update(Person.__table__).where(Person.__table__.c.name == "李明").values(mobile="13911112222"))
    decide("department")
    run_due(app)
    assert stored().startswith(before)


def test_applications_without_the_route_have_no_paper_of_it(app: Flask) -> None:
    decide("unit")
    run_due(app)
    assert document("exceptional_form") is None
