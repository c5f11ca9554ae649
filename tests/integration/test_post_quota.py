"""岗位核准信息: one per year, confirmed once, corrected by operations alone, never used beyond what was confirmed."""

from __future__ import annotations

import contextlib
import io

import pytest
from docx import Document
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

import models as m
from app.actor import Actor
from app.demo.evidence import evidence_pdf
from app.errors import Conflict, DomainError, Invalid, NotAllowed, NotFound, WrongState
from app.extensions import db
from app.rules import deadlines
from app.scope import scope_of, scoped, system_scope
from app.services import file, post_quota
from app.transaction import current_session, transaction
from models.post_quota import QUOTA_LEVELS, PostQuota, PostQuotaLevel, QuotaUse
from tests.factories import application as make
from tests.factories.person import person, unit
from tests.factories.race import race
from tests.factories.recommendation import confirmed_quota
from tests.factories.rows import save

YEAR = deadlines.today().year
NUMBERS = dict(zip(QUOTA_LEVELS, ("1", "2", "3", "4"), strict=True))


class World:
    """A school of nature 事业单位 and a company, their administrators, operations, and cases of applicants."""

    def __init__(self):
        table = save(m.CodeTable(code="unit_nature", name="单位性质"))
        for code, needs in (("50", "1"), ("11", "0")):
            save(m.CodeItem(table_id=table, code=code, name=code, position=1, extra={"needs_post_quota": needs}))
        self.school, self.company = unit("school"), unit("company")
        with db.engine.begin() as connection:
            connection.execute(text("UPDATE organization SET nature_code = '50' WHERE id = :id"), {"id": self.school.id})
            connection.execute(text("UPDATE organization SET nature_code = '11' WHERE id = :id"), {"id": self.company.id})
        self.admin = Actor(user_id=self.school.user_id, name="管理员", organization_id=self.school.id)
        self.other = Actor(user_id=self.company.user_id, name="管理员", organization_id=self.company.id)
        self.ops = Actor(user_id=self.company.user_id, name="运维", roles=frozenset({"Ops"}))
        self.plan = make.plan(self.school.id)

    def case(self):
        """(case id, application id) of another applicant of the school."""
        who = person(organization_id=self.school.id)
        application = make.application(who, self.school.id, self.plan)
        return make.case("application", application, person_id=who, employer_id=self.school.id,
                         started_by=self.school.user_id, organizations=(self.school.id,))[0], application

    def take(self, case, *, occupies=True, label="中级"):
        with transaction() as session:
            post_quota.take(session, case_id=case[0], application_id=case[1], organization_id=self.school.id, year=YEAR,
                            label=label, occupies=occupies, reason="" if occupies else "不占岗", actor=self.admin)

    def release(self, case):
        with transaction() as session:
            post_quota.release(session, case_id=case[0], actor=self.admin)

    def new(self):
        return post_quota.save(year=YEAR, numbers=NUMBERS, actor=self.admin)

    def with_form(self):
        quota_id = self.new()
        with system_scope():
            file.upload_to(stream=pdf(), filename="核准表.pdf", subject_type="post_quota", subject_id=quota_id, slot="form",
                           actor=self.admin)
        return quota_id

    def confirmed(self):
        quota_id = self.with_form()
        post_quota.confirm(quota_id=quota_id, version=version(quota_id), actor=self.admin)
        return quota_id


def pdf():
    return io.BytesIO(evidence_pdf("核准表", ("空缺",), "人社局"))


def version(quota_id):
    current_session().rollback()
    return current_session().execute(select(PostQuota.__table__.c.version).where(PostQuota.__table__.c.id == quota_id)).scalar_one()


def level(label="中级"):
    current_session().rollback()
    table = PostQuotaLevel.__table__
    return tuple(current_session().execute(
        select(table.c.vacancies, table.c.occupied, table.c.unoccupied).where(table.c.label == label)).one())


@pytest.fixture
def world(app):
    return World()


def test_one_per_year(world):
    quota_id = world.new()
    with pytest.raises(Invalid, match="一年度只能设置一次"):
        world.new()
    post_quota.save(year=YEAR, numbers=NUMBERS | {"中级": "9"}, actor=world.admin, quota_id=quota_id, version=version(quota_id))
    assert level() == (9, 0, 0)
    with pytest.raises(Conflict):
        post_quota.save(year=YEAR, numbers=NUMBERS, actor=world.admin, quota_id=quota_id, version=1)


@pytest.mark.parametrize(("numbers", "year"), [
    (NUMBERS | {"中级": ""}, YEAR), (NUMBERS | {"中级": "-1"}, YEAR), (NUMBERS | {"中级": "１２"}, YEAR), (NUMBERS, YEAR + 5),
    (NUMBERS | {"中级": "9" * 30}, YEAR),
])
def test_what_is_no_number_or_year_is_refused(world, numbers, year):
    with pytest.raises(Invalid) as refused:
        post_quota.save(year=year, numbers=numbers, actor=world.admin)
    assert refused.value.fields


def test_only_units_of_that_nature_keep_one(world):
    with pytest.raises(NotAllowed, match="事业单位"):
        post_quota.save(year=YEAR, numbers=NUMBERS, actor=world.other)


def test_confirming_needs_the_stamped_form_and_happens_once(world):
    quota_id = world.new()
    with pytest.raises(WrongState, match="岗位核准表"):
        post_quota.confirm(quota_id=quota_id, version=1, actor=world.admin)
    with system_scope():
        item = file.upload_to(stream=pdf(), filename="a.pdf", subject_type="post_quota", subject_id=quota_id, slot="form",
                              actor=world.admin)
    item_id = item.id
    post_quota.confirm(quota_id=quota_id, version=1, actor=world.admin)
    for attempt in (
        lambda: post_quota.confirm(quota_id=quota_id, version=2, actor=world.admin),
        lambda: post_quota.save(year=YEAR, numbers=NUMBERS, actor=world.admin, quota_id=quota_id, version=2),
        lambda: file.detach(attachment_id=item_id, actor=world.admin),
        lambda: file.upload_to(stream=pdf(), filename="b.pdf", subject_type="post_quota", subject_id=quota_id, slot="form",
                               actor=world.admin),
    ):
        with system_scope(), pytest.raises(WrongState, match="已确认"):
            attempt()
        current_session().rollback()


def test_a_new_form_counts_from_now_on_and_the_old_one_is_kept(world):
    quota_id = world.confirmed()
    for _again in range(2):
        with scoped(scope_of(world.admin)):
            post_quota.replace_form(quota_id=quota_id, stream=pdf(), filename="新核准表.pdf", actor=world.admin)
    with system_scope():
        assert [item.name for item in file.attachments_of("post_quota", quota_id)] == [
            "核准表.pdf", "新核准表以此为准.pdf", "新核准表以此为准.pdf"]


def test_a_form_is_replaced_only_after_confirming(world):
    quota_id = world.with_form()
    with scoped(scope_of(world.admin)), pytest.raises(WrongState, match="还没有确认"):
        post_quota.replace_form(quota_id=quota_id, stream=pdf(), filename="新.pdf", actor=world.admin)


def test_another_units_quota_does_not_exist_for_it(world):
    quota_id = world.confirmed()
    for attempt in (
        lambda: post_quota.confirm(quota_id=quota_id, version=2, actor=world.other),
        lambda: post_quota.replace_form(quota_id=quota_id, stream=pdf(), filename="x.pdf", actor=world.other),
    ):
        with scoped(scope_of(world.other)), pytest.raises(NotFound):
            attempt()


def test_operations_correct_with_a_reason_and_never_below_what_is_used(world):
    quota_id = world.confirmed()
    for _n in range(2):
        world.take(world.case())
    now = version(quota_id)
    with pytest.raises(NotAllowed, match="运维"):
        post_quota.correct(quota_id=quota_id, numbers=NUMBERS, reason="x", version=now, actor=world.admin)
    with pytest.raises(Invalid, match="原因"):
        post_quota.correct(quota_id=quota_id, numbers=NUMBERS, reason=" ", version=now, actor=world.ops)
    with pytest.raises(Invalid, match="不能改得更少"):
        post_quota.correct(quota_id=quota_id, numbers=NUMBERS | {"中级": "1"}, reason="附件", version=now, actor=world.ops)
    assert post_quota.correct(quota_id=quota_id, numbers=NUMBERS | {"中级": "2"}, reason="依据附件", version=now, actor=world.ops)
    assert level() == (2, 2, 0)
    event = m.AuditEvent.__table__
    data = current_session().execute(select(event.c.data).where(event.c.event == "post_quota:corrected")).scalar_one()
    assert data == {"changes": {"中级": [3, 2]}, "reason": "依据附件"}
    assert not post_quota.correct(quota_id=quota_id, numbers=NUMBERS | {"中级": "2"}, reason="无", version=now + 1, actor=world.ops)


def test_the_database_itself_refuses_more_places_than_confirmed(world):
    world.confirmed()
    with pytest.raises(IntegrityError), db.engine.begin() as connection:
        connection.execute(text("UPDATE post_quota_level SET occupied = vacancies + 1"))


def test_many_at_once_take_exactly_the_places_there_are(app, world):
    world.confirmed()
    cases = [world.case() for _n in range(8)]
    db.session.rollback()
    results = race(app, *[lambda case=case: world.take(case) for case in cases])
    assert sum(isinstance(result, WrongState) for result in results) == 5
    assert level() == (3, 3, 0)


def test_taking_against_correcting_never_leaves_too_many(app, world):
    quota_id = world.confirmed()
    for _round in range(4):
        now, case = version(quota_id), world.case()
        db.session.rollback()
        results = race(
            app, lambda case=case: world.take(case),
            lambda now=now: post_quota.correct(quota_id=quota_id, numbers=NUMBERS | {"中级": "2"}, reason="改", version=now,
                                               actor=world.ops),
        )
        vacancies, occupied, _unoccupied = level()
        assert occupied <= vacancies
        assert occupied + sum(isinstance(result, DomainError) for result in results) >= 1


def test_two_takes_of_one_case_use_one_place(app, world):
    world.confirmed()
    case = world.case()
    db.session.rollback()
    race(app, lambda: world.take(case), lambda: world.take(case))
    assert level() == (3, 1, 0)


def test_random_uses_add_up(world):
    """Whatever is taken, changed and given back: the counters are the uses in force, and never more than confirmed."""
    quota_id = confirmed_quota(world.school.id, world.school.user_id, vacancies=2)
    cases = [world.case() for _n in range(5)]

    class Places(RuleBasedStateMachine):
        @initialize()
        def nobody(self):
            for case in cases:
                world.release(case)

        @rule(n=st.integers(0, 4), occupies=st.booleans(), label=st.sampled_from(QUOTA_LEVELS[:2]))
        def take(self, n, occupies, label):
            vacancies, occupied, _unoccupied = level(label)
            full = occupies and occupied == vacancies and not self.holds(cases[n], label)
            with pytest.raises(WrongState, match="全部占用") if full else contextlib.nullcontext():
                world.take(cases[n], occupies=occupies, label=label)

        def holds(self, case, label):
            """Whether the case occupies a place of that level already."""
            table, use = PostQuotaLevel.__table__, QuotaUse.__table__
            return current_session().execute(
                select(use.c.id).join(table, table.c.id == use.c.level_id)
                .where(use.c.case_id == case[0], use.c.released_at.is_(None), use.c.occupies, table.c.label == label)
            ).first() is not None

        @rule(n=st.integers(0, 4))
        def release(self, n):
            world.release(cases[n])

        @invariant()
        def adds_up(self):
            current_session().rollback()
            table, use = PostQuotaLevel.__table__, QuotaUse.__table__
            for row in current_session().execute(select(table).where(table.c.quota_id == quota_id)).all():
                counted = dict(current_session().execute(
                    select(use.c.occupies, func.count()).where(use.c.level_id == row.id, use.c.released_at.is_(None))
                    .group_by(use.c.occupies)).tuples().all())
                assert (row.occupied, row.unoccupied) == (counted.get(True, 0), counted.get(False, 0))
                assert row.occupied <= row.vacancies
            current_session().rollback()

    machine = Places.TestCase
    machine.settings = settings(max_examples=12, stateful_step_count=15, deadline=None, database=None,
                                suppress_health_check=list(HealthCheck))
    machine().runTest()


def test_the_unit_keeps_its_year_on_the_pages(world, client, login):
    login(client, "school")
    page = client.get("/unit/settings/").text
    assert "岗位核准信息" in page
    answer = client.post("/unit/post-quotas/new/", data={"year": YEAR} | {f"n_{k}": "x" for k in QUOTA_LEVELS})
    assert answer.status_code == 422
    assert "正高级空缺请填写" in answer.text
    answer = client.post("/unit/post-quotas/new/", data={"year": YEAR} | {f"n_{k}": v for k, v in NUMBERS.items()})
    page = client.get(answer.location).text
    assert "核准表模板下载" in page
    assert "未确认" in page
    quota_id = int(answer.location.rstrip("/").rpartition("/")[2])
    client.post(f"/files/post_quota/{quota_id}/form", data={"files": (pdf(), "盖章表.pdf"), "next": answer.location},
                content_type="multipart/form-data")
    client.post(f"/unit/post-quotas/{quota_id}/confirm/", data={"version": 1})
    page = client.get(answer.location).text
    assert "已确认" in page
    assert "重新修改" in page
    client.post(f"/unit/post-quotas/{quota_id}/replace/", data={"files": (pdf(), "更正.pdf")}, content_type="multipart/form-data")
    page = client.get(answer.location).text
    assert "更正以此为准.pdf" in page
    assert "已被新附件代替" in page
    login(client, "company")
    assert client.get(answer.location).status_code == 404
    assert client.get("/unit/post-quotas/").status_code == 404


def test_the_form_lists_the_units_applicants(world, client, login):
    login(client, "school")
    answer = client.get(f"/unit/post-quotas/{YEAR}/template.docx")
    document = Document(io.BytesIO(answer.data))
    assert "专业技术人员岗位结构比例内申报资格核准表" in document.paragraphs[0].text
    assert "申报人员花名册" in "\n".join(paragraph.text for paragraph in document.paragraphs)
