"""What the engine's events tell whom: a task arrived, a case ended."""

from __future__ import annotations

from sqlalchemy import select

from app.jobs.registry import JobView, handler
from app.services.notification import administrators, notify, operations_staff
from app.transaction import transaction
from models.application import Application
from models.case import Case, Task
from models.commission import CommissionLetter
from models.organization import Organization
from models.person import Person
from models.plan import ReviewPlan
from models.result import ReviewResult

_task, _case, _person = Task.__table__, Case.__table__, Person.__table__
ENDED = {"approved": "已通过", "returned": "被退回", "terminated": "被终止"}
APPEAL_ENDED = {"approved": "复查成立", "returned": "维持原决定"}
# Where the person finds the subject of a case.
SUBJECT_LINKS = {
    "application": "/applications/{id}",
    "achievement": "/portfolio/{id}/",
    "employment": "/person/",
    "recognition": "/requests/{id}",
    "reissue": "/requests/{id}",
    "appeal": "/appeals/{id}",
}


@handler("notify.task_arrived")
def tell_administrators(job: JobView) -> None:
    """Tell those who act for the task's organization; not when the task was decided or withdrawn meanwhile."""
    with transaction() as session:
        task = session.connection().execute(
            select(_task.c.id, _task.c.title, _task.c.state, _task.c.organization_id)
            .where(_task.c.id == job.payload["task_id"])
        ).first()
        if task is None or task.state != "open":
            return
        notify(
            session, user_ids=administrators(session, organization_id=task.organization_id), key=job.key,
            title=f"「{task.title}」待审核", link=f"/tasks/{task.id}/",
        )


@handler("notify.case_ended")
def tell_person(job: JobView) -> None:
    """Tell the person what became of the case, with the opinion of whoever decided it."""
    if job.payload["event"] not in ENDED:  # the person withdrew it: there is nothing to tell
        return
    with transaction() as session:
        case = session.connection().execute(
            select(_case.c.title, _case.c.subject_type, _case.c.subject_id, _person.c.user_id)
            .join(_person, _person.c.id == _case.c.person_id).where(_case.c.id == job.payload["case_id"])
        ).first()
        if case is None:
            return
        opinion = session.connection().execute(
            select(_task.c.opinion)
            .where(_task.c.case_id == job.payload["case_id"], _task.c.state == job.payload["event"])
            .order_by(_task.c.seq.desc()).limit(1)
        ).scalar()
        words = APPEAL_ENDED if case.subject_type == "appeal" else ENDED
        title = f"「{case.title}」{words[job.payload['event']]}" + (f"：{opinion}" if opinion else "")
        notify(
            session, user_ids=[case.user_id], key=job.key, title=title,
            link=SUBJECT_LINKS.get(case.subject_type, "").format(id=case.subject_id),
        )


@handler("notify.task_handed_over")
def tell_colleague(job: JobView) -> None:
    """Tell the colleague who has it now; not when it was decided meanwhile."""
    with transaction() as session:
        task = session.connection().execute(
            select(_task.c.title).where(
                _task.c.id == job.payload["task_id"], _task.c.state == "open", _task.c.claimed_by == job.payload["to"])
        ).first()
        if task is not None:
            notify(session, user_ids=[job.payload["to"]], key=job.key, title=f"「{task.title}」已移交给您审核",
                   link=f"/tasks/{job.payload['task_id']}/")


@handler("notify.termination_lifted")
def tell_of_lifted_termination(job: JobView) -> None:
    """The person may apply again this year."""
    application = Application.__table__
    with transaction() as session:
        user_id = session.connection().execute(
            select(_person.c.user_id).join(application, application.c.person_id == _person.c.id)
            .where(application.c.id == job.payload["application_id"])).scalar()
        if user_id is not None:
            notify(session, user_ids=[user_id], key=job.key, title="您被终止的申报已解除终止，本年度可以重新申报。",
                   link=f"/applications/{job.payload['application_id']}")


@handler("notify.exemption_decided")
def tell_of_exemption(job: JobView) -> None:
    """The applicant learns whether an interview is asked of them, and why."""
    application, plan = Application.__table__, ReviewPlan.__table__
    with transaction() as session:
        row = session.connection().execute(
            select(_person.c.user_id, plan.c.name, application.c.exemption_state, application.c.exemption_opinion)
            .join(application, application.c.person_id == _person.c.id).join(plan, plan.c.id == application.c.plan_id)
            .where(application.c.id == job.payload["application_id"])
        ).first()
        answer = {"approved": "已批准您免面试", "refused": "没有批准您免面试，您需要参加面试"}.get(row.exemption_state) if row else None
        if row is not None and answer is not None:
            opinion = f"：{row.exemption_opinion}" if row.exemption_opinion else "。"
            notify(session, user_ids=[row.user_id], key=job.key, title=f"「{row.name}」{answer}{opinion}",
                   link="/applications/")


@handler("notify.result_announced")
def tell_of_result(job: JobView) -> None:
    """The committee's vote is announced; not when it was taken back meanwhile."""
    application, result = Application.__table__, ReviewResult.__table__
    with transaction() as session:
        row = session.connection().execute(
            select(_person.c.user_id, result.c.outcome, result.c.application_id, ReviewPlan.__table__.c.name)
            .select_from(result).join(application, application.c.id == result.c.application_id)
            .join(_person, _person.c.id == application.c.person_id)
            .join(ReviewPlan.__table__, ReviewPlan.__table__.c.id == result.c.plan_id)
            .where(result.c.id == job.payload["result_id"], result.c.announced_on.is_not(None))
        ).first()
        if row is not None:
            said = "评审通过，正在公示" if row.outcome == "passed" else "评审未通过，对结果不服的可以申请复查"
            notify(session, user_ids=[row.user_id], key=job.key, title=f"“{row.name}”的评审结果已公布：{said}。",
                   link=f"/applications/{row.application_id}")


@handler("notify.commission")
def tell_of_letter(job: JobView) -> None:
    """A letter arrived: the convener; it was received or returned: who sent it."""
    letter = CommissionLetter.__table__
    with transaction() as session:
        row = session.connection().execute(select(letter).where(letter.c.id == job.payload["letter_id"])).first()
        if row is None:
            return
        told, title = {
            "sent": (row.convener_id, f"收到委托函「{row.name}」"), "received": (row.organization_id, f"委托函「{row.name}」已查收"),
            "returned": (row.organization_id, f"委托函「{row.name}」被退回：{row.reason}"),
        }[row.state]
        notify(session, user_ids=administrators(session, organization_id=told), key=job.key, title=title,
               link="/commissions/?tab=received" if row.state == "sent" else "/commissions/")


@handler("notify.route_missing")
def tell_of_missing_route(job: JobView) -> None:
    """An application found no way: its unit and operations learn what is missing; staff also where to look at it."""
    unit_id, plan_id = job.payload["organization_id"], job.payload["plan_id"]
    with transaction() as session:
        unit = session.connection().execute(
            select(Organization.__table__.c.name).where(Organization.__table__.c.id == unit_id)).scalar()
        plan = session.connection().execute(
            select(ReviewPlan.__table__.c.name).where(ReviewPlan.__table__.c.id == plan_id)).scalar()
        title = f"“{unit}”申报“{plan}”时系统没有找到{job.payload['missing']}，申报暂时不能提交。"
        notify(session, user_ids=administrators(session, organization_id=unit_id), key=job.key,
               title=title + "已通知平台运维人员补充审核路径。", link="")
        where = "&".join(f"{key}={job.payload[f'{key}_id']}" for key in ("plan", "series", "level"))
        notify(session, user_ids=operations_staff(session), key=f"{job.key}:ops",
               title=title + "请补充管辖范围或审核路径规则。", link=f"/routing/simulator/?unit={unit_id}&{where}")
