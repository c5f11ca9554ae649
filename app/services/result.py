"""评审结果: entering votes, announcing them with 公示, objections, and ordering the certificates of those who passed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Row, insert, select, update
from sqlalchemy.orm import Session

from app.actor import Actor
from app.audit import Event, record_event
from app.errors import Conflict, DomainError, Invalid, NotFound, Sentence, WrongState
from app.outbox import enqueue
from app.queries.holiday import exceptions
from app.rules import deadlines
from app.rules.opinion import PRINTED
from app.rules.votes import Votes
from app.rules.workdays import after_working_days, working_days
from app.services.application_effects import certificate_key
from app.transaction import transaction
from models.application import Application
from models.base import utcnow
from models.job import Job
from models.plan import ReviewPlan
from models.result import Publicity, ReviewResult
from models.setting import Setting

_a, _plan, _r, _p = Application.__table__, ReviewPlan.__table__, ReviewResult.__table__, Publicity.__table__
_job, _setting = Job.__table__, Setting.__table__
MIN_WORKDAYS_SETTING = "publicity.min_workdays"
DEFAULT_MIN_WORKDAYS = 5
LONGEST_NOTICE = 180  # days; longer ones are slips of the year
SUBJECT = "result"


@dataclass(frozen=True)
class Entry:
    """The vote on one application."""

    application_id: int
    votes: Votes
    met_on: dt.date
    group_opinion: str = ""


@dataclass(frozen=True)
class RowResult:
    """What became of one row of an import; `message` says why it was refused."""

    number: int
    label: str
    ok: bool
    message: str


def enter(*, entry: Entry, actor: Actor) -> str:
    """录入 the vote on an application that passed every stop; the outcome. It can be corrected until 公示."""
    with transaction() as session:
        application = session.execute(
            select(_a.c.id, _a.c.state, _a.c.plan_id, _plan.c.convener_id)
            .join(_plan, _plan.c.id == _a.c.plan_id).where(_a.c.id == entry.application_id).with_for_update(of=_a)
        ).first()
        if application is None or actor.organization_id is None or application.convener_id != actor.organization_id:
            raise NotFound("没有找到这份申报，它可能不属于本单位的评审计划。")
        if application.state != "approved":
            raise WrongState("该申报尚未通过组建单位审核，不能录入评审结果。")
        errors = entry.votes.errors()
        if entry.met_on > deadlines.today():
            errors["met_on"] = "评审日期不能晚于今天。"
        if len(entry.group_opinion.strip()) > PRINTED:
            errors["group_opinion"] = Sentence("专业评议组意见最多 %(n)s 字，请精简后再保存。", n=PRINTED)
        if errors:
            raise Invalid(next(iter(errors.values())), errors)
        values = {
            "members": entry.votes.members, "present": entry.votes.present, "agree": entry.votes.agree,
            "against": entry.votes.against, "abstain": entry.votes.abstain, "outcome": entry.votes.outcome,
            "met_on": entry.met_on, "group_opinion": entry.group_opinion.strip(), "updated_at": utcnow(),
        }
        known = session.execute(select(_r).where(_r.c.application_id == application.id)).first()
        if known is None:
            session.execute(insert(_r).values(
                application_id=application.id, plan_id=application.plan_id, convener_id=application.convener_id,
                objection="", objection_state="none", objection_reply="", approval_no="", version=1, created_at=utcnow(), **values,
            ))
        else:
            if known.publicity_id is not None:
                raise WrongState("该结果已公示，不能再修改票数。如有异议，请登记异议并核查。")
            if known.announced_on is not None:
                raise WrongState("该结果已向申报人公布，不能再修改票数。申报人申请复查且成立后，可以重新录入。")
            _change(session, known, **values)
        record_event(session, event=Event.RESULT_ENTERED, subject_type="application", subject_id=application.id, actor=actor,
                     data={key: str(value) for key, value in values.items() if key != "updated_at"})
        return entry.votes.outcome


def enter_many(*, entries: Sequence[tuple[int, str, Entry | str]], actor: Actor) -> list[RowResult]:
    """导入: (row, label, entry or why the row cannot be read), each in its own transaction, each reported."""
    results = []
    for number, label, entry in entries:
        if isinstance(entry, str):
            results.append(RowResult(number, label, False, entry))
            continue
        try:
            outcome = enter(entry=entry, actor=actor)
        except DomainError as error:
            results.append(RowResult(number, label, False, error.message))
        else:
            results.append(RowResult(number, label, True, {"passed": "通过", "failed": "未通过"}[outcome]))
    return results


class Announced(NamedTuple):
    """How many results were announced: those who passed, with their 公示, and those who did not."""

    passed: int
    failed: int


def publicize(*, plan_id: int, starts_on: dt.date, ends_on: dt.date, place: str, actor: Actor) -> Announced:
    """公示 of everybody of a plan who passed and was not announced yet; those who did not pass learn it on the same day.

    At least five full working days from the posting, which is today or later: a notice cannot have begun before.
    """
    with transaction() as session:
        _own_plan(session, plan_id, actor)
        errors: dict[str, str] = {}
        if not place.strip():
            errors["place"] = "请填写公示网址或地点。"
        rows = session.execute(
            select(_r).where(_r.c.plan_id == plan_id, _r.c.announced_on.is_(None)).with_for_update()
        ).all()
        if not rows:
            raise WrongState("没有待公示的评审结果，请先录入结果。")
        if starts_on < deadlines.today():
            errors["starts_on"] = "公示开始日期不能早于今天：公示期自发布之日起计算。"
        elif (starts_on - deadlines.today()).days > LONGEST_NOTICE:
            errors["starts_on"] = f"公示开始日期应在 {LONGEST_NOTICE} 天以内，请核对年份。"
        elif (ends_on - starts_on).days > LONGEST_NOTICE:
            errors["ends_on"] = f"公示期最长 {LONGEST_NOTICE} 天，请核对结束日期。"
        else:
            minimum = _min_workdays(session)
            off = exceptions(session, starts_on, max(starts_on, ends_on) + dt.timedelta(days=60))
            if ends_on <= starts_on or working_days(starts_on + dt.timedelta(days=1), ends_on, off) < minimum:
                end = after_working_days(starts_on, minimum, off)
                errors["ends_on"] = f"公示期不少于 {minimum} 个工作日（发布当日不计），最早可到 {end.isoformat()}。"
        if errors:
            raise Invalid(next(iter(errors.values())), errors)
        passed = [row for row in rows if row.outcome == "passed"]
        now, publicity_id = utcnow(), None
        if passed:
            publicity_id = session.execute(insert(_p).values(
                plan_id=plan_id, convener_id=actor.organization_id, starts_on=starts_on, ends_on=ends_on,
                place=place.strip()[:200], created_at=now, updated_at=now,
            ).returning(_p.c.id)).scalar_one()
        for row in rows:
            _change(session, row, announced_on=starts_on, publicity_id=publicity_id if row.outcome == "passed" else None)
        _tell_applicants(session, rows, starts_on)
        record_event(session, event=Event.RESULTS_PUBLICIZED, subject_type="plan", subject_id=plan_id, actor=actor, data={
            "publicity": publicity_id, "results": [row.id for row in passed], "starts_on": starts_on, "ends_on": ends_on,
            "not_passed": [row.id for row in rows if row.outcome != "passed"],
        })
        return Announced(len(passed), len(rows) - len(passed))


def _tell_applicants(session: Session, rows: Sequence[Row[Any]], starts_on: dt.date) -> None:
    """One job for each applicant, on the day the results are announced."""
    for row in rows:
        enqueue(session, kind="notify.result_announced", key=f"result-announced:{row.id}:{row.version}",
                payload={"result_id": row.id}, run_after=max(utcnow(), deadlines.opens_at(starts_on)))


def object_to(*, result_id: int, text: str, actor: Actor) -> None:
    """登记异议 against a publicized result: its certificate waits."""
    with transaction() as session:
        row = _own_result(session, result_id, actor)
        if row.publicity_id is None or row.approval_no:
            raise WrongState("只有公示中、尚未批准发证的结果可以登记异议。")
        if not text.strip():
            raise Invalid("请填写异议内容。", {"objection": "请填写异议内容。"})
        _change(session, row, objection=text.strip()[:2000], objection_state="open", objection_reply="")
        record_event(session, event=Event.RESULT_OBJECTED, subject_type="application", subject_id=row.application_id, actor=actor,
                     data={"objection": text.strip()[:2000]})


def settle(*, result_id: int, upheld: bool, reply: str, actor: Actor) -> None:
    """核查 of an objection: 成立 keeps the certificate back for good, 不成立 lets it go on."""
    with transaction() as session:
        row = _own_result(session, result_id, actor)
        if row.objection_state != "open":
            raise WrongState("该结果没有待核查的异议。")
        if not reply.strip():
            raise Invalid("请填写核查结论。", {"reply": "请填写核查情况和结论。"})
        _change(session, row, objection_state="upheld" if upheld else "rejected", objection_reply=reply.strip()[:2000])
        record_event(session, event=Event.RESULT_SETTLED, subject_type="application", subject_id=row.application_id, actor=actor,
                     data={"upheld": upheld, "reply": reply.strip()[:2000]})


def order_certificates(*, plan_id: int, approval_no: str, actor: Actor) -> int:
    """批准并发证: the certificates of everybody whose 公示 has ended without a lasting objection; how many were ordered."""
    with transaction() as session:
        _own_plan(session, plan_id, actor)
        if not approval_no.strip() or len(approval_no.strip()) > 60:
            raise Invalid("请填写批准文号，不超过 60 字，例如：皖人社秘〔2026〕12号。", {"approval_no": "请填写批准文号，不超过 60 字。"})
        rows = session.execute(
            select(_r).join(_p, _p.c.id == _r.c.publicity_id).where(
                _r.c.plan_id == plan_id, _r.c.approval_no == "", _p.c.ends_on < deadlines.today(),
                _r.c.objection_state.in_(("none", "rejected")),
            ).order_by(_r.c.id).with_for_update(of=_r)
        ).all()
        if not rows:
            raise WrongState("没有可以发证的结果：须公示期满且没有未核查的异议。")
        for row in rows:
            _change(session, row, approval_no=approval_no.strip(), ordered_at=utcnow())
            enqueue(session, kind="certificate.issue", key=certificate_key(row.application_id),
                    payload={"application_id": row.application_id})
        record_event(session, event=Event.CERTIFICATES_ORDERED, subject_type="plan", subject_id=plan_id, actor=actor,
                     data={"approval_no": approval_no.strip(), "applications": [row.application_id for row in rows]})
        return len(rows)


def retry(*, plan_id: int, keys: Sequence[str], actor: Actor) -> int:
    """重试 the failed jobs with these keys of a plan's certificates; how many run again."""
    with transaction() as session:
        _own_plan(session, plan_id, actor)
        done = session.execute(
            update(_job).where(_job.c.key.in_(keys), _job.c.state == "failed")
            .values(state="waiting", attempts=0, run_after=utcnow(), finished_at=None, relayed_at=None)
            .returning(_job.c.id)
        ).all()
        if not done:
            raise WrongState("没有失败的发证任务，不需要重试。")
        record_event(session, event=Event.JOB_RERUN, subject_type="plan", subject_id=plan_id, actor=actor, data={"keys": list(keys)})
        return len(done)


def _own_plan(session: Session, plan_id: int, actor: Actor) -> Row[Any]:
    row = session.execute(select(_plan.c.id, _plan.c.convener_id).where(_plan.c.id == plan_id).with_for_update()).first()
    if row is None or actor.organization_id is None or row.convener_id != actor.organization_id:
        raise NotFound("没有找到这个评审计划，它可能不属于本单位。")
    return row


def _own_result(session: Session, result_id: int, actor: Actor) -> Row[Any]:
    row = session.execute(select(_r).where(_r.c.id == result_id).with_for_update()).first()
    if row is None or actor.organization_id is None or row.convener_id != actor.organization_id:
        raise NotFound("没有找到这条评审结果，它可能不属于本单位。")
    return row


def _change(session: Session, row: Any, **values: Any) -> None:
    done = session.execute(
        update(_r).where(_r.c.id == row.id, _r.c.version == row.version)
        .values(**{"version": row.version + 1, "updated_at": utcnow(), **values})
    )
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict("该结果刚刚有变化，请刷新页面后再试。")


def _min_workdays(session: Session) -> int:
    said: Any = session.execute(select(_setting.c.value).where(_setting.c.key == MIN_WORKDAYS_SETTING)).scalar()
    return max(DEFAULT_MIN_WORKDAYS, said if isinstance(said, int) else DEFAULT_MIN_WORKDAYS)
