"""What else became of people of the demo: not passed and asking again, and two records of 诚信档案."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from app.demo import accounts as a
from app.demo import applications, journeys, portfolio
from app.demo import world as builders
from app.demo.evidence import evidence_pdf
from app.demo.world import World
from app.rules.votes import Votes
from app.services import appeal, integrity, result
from app.services.file import attach, store_generated
from app.services.integrity import Breach
from models.application import Application


def not_passed(world: World, login: str, plan_id: int) -> None:
    """A colleague whose application passed every stop and failed the committee's vote, announced three weeks ago."""
    builders.add_colleague(world, login, a.SCHOOL, "22")
    journeys.give_photo(world, login)
    journeys.approved_portfolio(world, login, portfolio.colleague_portfolio(world.today), "unit")
    application_id = applications.apply(
        world, login, plan_id, applications.teacher_choice(world, login, "中学语文", "高级教师"))
    applications.decide(world, application_id)
    actor, day = world.actor("convener"), world.today
    result.enter(entry=result.Entry(application_id, Votes(25, 23, 11, 10, 2), day - timedelta(days=28)), actor=actor)
    result.publicize(plan_id=plan_id, starts_on=day, ends_on=day + timedelta(days=20), place="安徽省教育厅网站", actor=actor)
    applications.antedate(world.session, plan_id, first=day - timedelta(days=21), last=day - timedelta(days=11))
    journeys.settle(world)


def ask_again(world: World, login: str) -> None:
    """申请复查 with a piece of evidence: it waits at the convener."""
    actor = world.actor(login)
    application_id = world.session.scalars(
        select(Application.id).where(Application.person_id == world.people[login].id)).one()
    made = appeal.submit(
        ground="result", subject_id=application_id, actor=actor,
        reason="本人主持的省级教研课题已于去年结题，结题证书随申报材料提交，专业评议时可能未予计入，申请复查。",
    )
    file = store_generated(
        data=evidence_pdf("课题结题证书", (f"{actor.name} 同志主持的课题准予结题。",), "安徽省教育科学规划领导小组办公室"), name="课题结题证书.pdf",
        media_type="application/pdf", actor=actor, person_id=actor.person_id,
    )
    attach(file_id=file.id, subject_type=appeal.SUBJECT, subject_id=made, slot=appeal.SLOT, name=file.name, actor=actor,
           person_id=actor.person_id)
    journeys.settle(world)


def put_on_record(world: World, punished: str, untrue: str) -> None:
    """The unit records a 警告, which bars nobody; the convener an untrue pledge, which bars for three years."""
    day = world.today
    integrity.record(breach=Breach(
        world.people[punished].id, "11", "违反工作纪律，经单位研究给予警告处分。", f"八中〔{day.year}〕15号", day - timedelta(days=40), None,
    ), actor=world.actor("unit"))
    integrity.record(breach=Breach(
        world.people[untrue].id, "01", "申报时承诺获奖证书属实，经核查证书编号不存在。", f"皖教职改〔{day.year}〕7号", day - timedelta(days=10), None,
    ), actor=world.actor("convener"))
    journeys.settle(world)
