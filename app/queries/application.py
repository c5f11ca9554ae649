"""职称申报: the applicant's cards and history, what can be imported, the route, and what reviewers read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.queries.achievement_kind import REFERRED, references
from app.queries.material import Names as CodeNames
from app.queries.material import code_names
from app.queries.routing import route_with
from app.queries.worklist import history
from app.rules import deadlines
from app.rules.checks_material import Material
from app.rules.fields import column_text, columns, parse_fields
from app.rules.routing import Facts, Stop
from app.rules.snapshot import files_of
from app.workflow.definitions.application import APPLICATION
from app.workflow.procedure import NODES
from models.achievement import Achievement, AchievementKind, AchievementKindVersion
from models.application import APPLICATION_STATES, IMPORT_PAGES, Application, ApplicationItem, Submission
from models.case import Case, Task
from models.file import Attachment
from models.organization import Organization
from models.plan import ROUTES, ReviewPlan, ReviewStandard
from models.result import RESULT_OUTCOMES, ReviewResult
from models.route_form import RouteForm
from models.series import Specialty, Title, TitleLevel, TitleSeries

SUBJECT = "application"
HISTORY_SIZE = 10
PHOTO_SLOT = "photo"  # under which a submission keeps the photo
_a, _plan, _case = Application.__table__, ReviewPlan.__table__, Case.__table__
_specialty, _title, _level = Specialty.__table__, Title.__table__, TitleLevel.__table__
_series, _standard = TitleSeries.__table__, ReviewStandard.__table__
_item, _achievement, _kind = ApplicationItem.__table__, Achievement.__table__, AchievementKind.__table__
_submission, _attachment, _result = Submission.__table__, Attachment.__table__, ReviewResult.__table__


def route_of(session: Session, material: Material) -> tuple[Stop, ...]:
    """The whole route with the names of the nodes; Invalid with a sentence when nobody is competent for one."""
    if material.unit.id is None:
        raise NotFound("您还没有绑定单位，暂时没有审核路径。")
    unit, plan, choice = material.unit, material.plan, material.choice
    facts = Facts(
        employer=Stop("employer", material.unit.id, unit.name), convener=Stop("convener", plan.convener_id, plan.convener),
        regions=(), series_id=choice.series_id, series=choice.series, level_id=choice.level_id,
        nature_code=unit.nature_code, is_central=unit.is_central, plan_id=plan.id, plan_type=plan.plan_type,
        plan_level=plan.committee_level,
    )
    return route_with(session, facts, unit.region_path).stops


_route_form = RouteForm.__table__
_CARD = (
    select(
        _a.c.id, _a.c.plan_id, _a.c.plan_year, _a.c.plan_edition, _a.c.route, _a.c.state, _a.c.version, _a.c.created_at,
        _a.c.submitted_at, _a.c.decided_at, _a.c.pledge_id, _a.c.series_id, _a.c.specialty_id, _a.c.title_id,
        _a.c.standard_id, _series.c.name.label("series"), _standard.c.name.label("standard"), _plan.c.name.label("plan"), _plan.c.opens_on,
        _plan.c.closes_on, _plan.c.edition.label("current_edition"), _plan.c.needs_interview, _plan.c.allows_exemption, _plan.c.exemption_note,
        _a.c.exemption_reason, _a.c.exemption_state, _a.c.exemption_opinion, _specialty.c.name.label("specialty"),
        _title.c.name.label("title"), _level.c.name.label("level"), _route_form.c.name.label("route_paper"),
        _result.c.outcome, _result.c.announced_on,
    )
    .join(_plan, _plan.c.id == _a.c.plan_id)
    .join(_series, _series.c.id == _a.c.series_id)
    .join(_standard, _standard.c.id == _a.c.standard_id)
    .join(_specialty, _specialty.c.id == _a.c.specialty_id)
    .join(_title, _title.c.id == _a.c.title_id)
    .join(_level, _level.c.id == _title.c.level_id)
    .outerjoin(_route_form, _route_form.c.route == _a.c.route)
    .outerjoin(_result, _result.c.application_id == _a.c.id)
)


@dataclass(frozen=True)
class Card:
    """当前申报情况: an application with its stepper. `opinion`: of the task that ended the last case."""

    row: Row[Any]
    steps: tuple[dict[str, str], ...]
    can_withdraw: bool
    opinion: str
    opinion_by: str
    log: tuple[Any, ...]

    @property
    def route_name(self) -> str:
        """申报方式."""
        return ROUTES[self.row.route]

    @property
    def interview(self) -> str:
        """有无面试, with what became of a request for 免面试."""
        if not self.row.needs_interview:
            return "无"
        return {
            "asked": "有（免面试待审核）", "approved": "无（已批准免面试）", "refused": "有（免面试未批准）",
        }.get(self.row.exemption_state, "有")

    @property
    def state_name(self) -> str:
        """申报状态."""
        return APPLICATION_STATES[self.row.state]

    @property
    def outcome(self) -> str:
        """评审结果 from the day it is announced; empty before."""
        announced = self.row.announced_on
        return RESULT_OUTCOMES[self.row.outcome] if announced is not None and announced <= deadlines.today() else ""


def current_cards(session: Session, person_id: int) -> tuple[Card, ...]:
    """What is under way: everything not ended, and what was decided last when nothing is. Three queries."""
    rows = session.execute(_CARD.where(_a.c.person_id == person_id).order_by(_a.c.id.desc()).limit(HISTORY_SIZE)).all()
    running = [row for row in rows if row.state in ("editing", "reviewing", "returned")]
    return cards(session, running or rows[:1])


def cards(session: Session, rows: Sequence[Any]) -> tuple[Card, ...]:
    """The cards of some applications, with the history of each one's latest case."""
    ids = [row.id for row in rows]
    if not ids:
        return ()
    latest = (
        select(_case.c.subject_id, func.max(_case.c.run).label("run"))
        .where(_case.c.subject_type == SUBJECT, _case.c.subject_id.in_(ids)).group_by(_case.c.subject_id).subquery()
    )
    cases = {
        case.subject_id: case
        for case in session.execute(
            select(_case.c.id, _case.c.subject_id, _case.c.state, _case.c.node, _case.c.route, _case.c.run)
            .join(latest, (latest.c.subject_id == _case.c.subject_id) & (latest.c.run == _case.c.run))
            .where(_case.c.subject_type == SUBJECT)
        )
    }
    logs: dict[int, list[Any]] = {}
    if cases:
        for task in history(session, [case.id for case in cases.values()]):
            logs.setdefault(task["case_id"], []).append(task)
    return tuple(_card(row, cases.get(row.id), logs) for row in rows)


def card_of(session: Session, application_id: int, person_id: int) -> Card:
    """One own application with its history; NotFound otherwise."""
    return cards(session, [own_row(session, application_id, person_id)])[0]


def own_row(session: Session, application_id: int, person_id: int) -> Any:
    """One own application: ids and names of its choice, state, version; NotFound otherwise."""
    row = session.execute(_CARD.where(_a.c.id == application_id, _a.c.person_id == person_id)).first()
    if row is None:
        raise NotFound("没有找到这份申报，它可能已被删除。")
    return row


@dataclass(frozen=True)
class Process:
    """The tasks of every run of an application, oldest first, and the opinion that was given last."""

    log: tuple[Any, ...]
    opinion: str
    opinion_by: str


def process_of(session: Session, application_id: int) -> Process:
    """流程 of an application over all its submissions; one query."""
    task, organization = Task.__table__, Organization.__table__
    log = tuple(session.execute(
        select(
            task.c.seq, task.c.node, task.c.state, task.c.arrived_at, task.c.decided_at, task.c.opinion,
            organization.c.name.label("organization"),
        )
        .join(organization, organization.c.id == task.c.organization_id)
        .where(task.c.subject_type == SUBJECT, task.c.subject_id == application_id).order_by(task.c.id)
    ).mappings())
    return Process(log, *_last_opinion(log))


@dataclass(frozen=True)
class Returned:
    """退回 of the last case: the opinion, who gave it, and the route the case had."""

    opinion: str
    opinion_by: str
    route: tuple[Stop, ...]


def returned_of(session: Session, application_id: int) -> Returned | None:
    """The last return of an application; one query."""
    task, organization = Task.__table__, Organization.__table__
    row = session.execute(
        select(task.c.opinion, organization.c.name, _case.c.route)
        .join(organization, organization.c.id == task.c.organization_id)
        .join(_case, _case.c.id == task.c.case_id)
        .where(task.c.subject_type == SUBJECT, task.c.subject_id == application_id, task.c.state == "returned")
        .order_by(task.c.id.desc()).limit(1)
    ).first()
    if row is None:
        return None
    return Returned(row.opinion, row.name, tuple(
        Stop(stop["node"], stop["organization_id"], stop["organization"]) for stop in row.route if not stop.get("inserted")
    ))


def _last_opinion(log: Sequence[Any]) -> tuple[str, str]:
    decided = [task for task in log if task["state"] in ("returned", "terminated", "approved")]
    return (decided[-1]["opinion"], decided[-1]["organization"]) if decided else ("", "")


def _card(row: Any, case: Any, logs: Mapping[int, list[Any]]) -> Card:
    log = logs.get(case.id, []) if case is not None else []
    last = log[-1] if log else None
    open_first = (
        case is not None and case.state == "open" and last is not None and last["state"] == "open" and last["seq"] == 1
    )
    return Card(
        row, _steps(row, case, log), row.state == "reviewing" and open_first, *_last_opinion(log), tuple(log),
    )


def _steps(row: Any, case: Any, log: Sequence[Any]) -> tuple[dict[str, str], ...]:
    """申报 → the stops of the route by name → 审核通过."""
    started = row.state not in ("editing", "returned")
    steps = [{"label": "申报", "state": "done" if started else "now",
              "note": "被退回，待修改" if row.state == "returned" else ""}]
    if case is None or not started:
        nodes = APPLICATION.nodes
        steps += [{"label": NODES[node].stepper, "state": "todo", "note": ""} for node in nodes]
        return (*steps, {"label": "审核通过", "state": "todo", "note": ""})
    at = log[-1]["stop"] if log else 0
    for n, stop in enumerate(case.route):
        state = "done" if case.state == "approved" or n < at else "now" if n == at else "todo"
        if n == at and case.state == "terminated":
            state = "stop"
        steps.append({"label": NODES[stop["node"]].stepper, "state": state, "note": stop["organization"]})
    ended = {"approved": "done", "terminated": "todo"}.get(case.state, "todo")
    return (*steps, {"label": "审核通过", "state": ended, "note": ""})


@dataclass(frozen=True)
class HistoryPage:
    """我的历史记录, newest first; `older` / `newer`: keys of the neighbouring pages."""

    rows: tuple[Row[Any], ...]
    older: int | None
    newer: int | None


def history_page(
    session: Session, person_id: int, *, before: int | None = None, after: int | None = None
) -> HistoryPage:
    """Every application that was submitted once, by key."""
    statement = _CARD.where(_a.c.person_id == person_id, _a.c.submitted_at.is_not(None))
    if after is not None:
        found = session.execute(statement.where(_a.c.id > after).order_by(_a.c.id).limit(HISTORY_SIZE + 1)).all()
        rows = tuple(reversed(found[:HISTORY_SIZE]))
        more_newer, more_older = len(found) > HISTORY_SIZE, bool(rows)
    else:
        if before is not None:
            statement = statement.where(_a.c.id < before)
        found = session.execute(statement.order_by(_a.c.id.desc()).limit(HISTORY_SIZE + 1)).all()
        rows = tuple(found[:HISTORY_SIZE])
        more_newer, more_older = before is not None and bool(rows), len(found) > HISTORY_SIZE
    return HistoryPage(rows, rows[-1].id if more_older else None, rows[0].id if more_newer else None)


@dataclass(frozen=True)
class Candidate:
    """An own achievement in the import dialog. `reason`: why it cannot be imported, empty when it can."""

    id: int
    summary: str
    cells: tuple[str, ...]
    files: int
    reason: str


@dataclass(frozen=True)
class Candidates:
    """What the import dialog shows for a place."""

    kind: str
    columns: tuple[str, ...]
    rows: tuple[Candidate, ...]


def candidates(
    session: Session, material: Material, names: CodeNames, *, page: str = "", standard_item_id: int | None = None
) -> Candidates:
    """The person's achievements of the place's kind, importable ones first; names what is in the way of the others."""
    need = next(
        (need for section in material.sections for need in section.requirements if need.id == standard_item_id), None
    )
    if page not in IMPORT_PAGES and need is None:
        raise NotFound("没有找到这一项，请刷新页面。")
    version = AchievementKindVersion.__table__
    count = (
        select(func.count()).where(
            _attachment.c.subject_type == "achievement", _attachment.c.subject_id == _achievement.c.id
        ).scalar_subquery()
    )
    rows = session.execute(
        select(_achievement.c.id, _achievement.c.summary, _achievement.c.data, _achievement.c.state,
               _achievement.c.kind_version_id, version.c.fields, version.c.list_columns, count.label("files"))
        .join(version, version.c.id == _achievement.c.kind_version_id)
        .join(_kind, _kind.c.id == _achievement.c.kind_id)
        .where(
            _achievement.c.person_id == material.person.id,
            _kind.c.code == page if need is None else _kind.c.id == need.kind_id,
        )
        .order_by(_achievement.c.id.desc())
    ).all()
    shown = {row.kind_version_id: (parse_fields(row.fields), row.list_columns) for row in rows}
    versions = {key: columns(fields, list_columns) for key, (fields, list_columns) in shown.items()}
    tables = {field.code_table for fields, _ in shown.values() for field in fields if field.code_table}
    if not tables <= set(names.tables):
        names = code_names(session, tables)
    referred = references(session, ((shown[row.kind_version_id][0], row.data) for row in rows))
    names = names.with_table(REFERRED, {key: one.label for key, one in referred.items()})
    places = _places(material)
    found = [
        Candidate(
            row.id, row.summary,
            tuple(column_text(column, row.data, names) for column in versions[row.kind_version_id]), row.files,
            _reason(row, places),
        )
        for row in rows
    ]
    newest = versions[max(versions)] if versions else ()
    return Candidates(
        need.kind if need else IMPORT_PAGES[page], tuple(column.label for column in newest),
        tuple(sorted(found, key=lambda candidate: candidate.reason != "")),
    )


def _reason(row: Any, places: Mapping[int, str]) -> str:
    if row.id in places:
        return f"已导入到“{places[row.id]}”"
    return {
        "draft": "尚未提交单位审核", "reviewing": "单位正在审核", "returned": "被单位退回，请修改后重新提交",
        "terminated": "已终止",
    }.get(row.state, "")


def _places(material: Material) -> dict[int, str]:
    names = {need.id: section.name for section in material.sections for need in section.requirements}
    return {
        item.achievement_id: IMPORT_PAGES.get(item.page) or names.get(item.standard_item_id or 0, "申报业绩")
        for item in material.items
    }


def submission_of(session: Session, application_id: int, *, run: int | None = None) -> Row[Any]:
    """The latest submission, or the one of a run; NotFound when there is none. Who may see it is the caller's to check."""
    statement = select(_submission).where(_submission.c.application_id == application_id)
    if run is not None:
        statement = statement.where(_submission.c.run == run)
    row = session.execute(statement.order_by(_submission.c.run.desc()).limit(1)).first()
    if row is None:
        raise NotFound("这份申报还没有提交过。")
    return row


def review_material(session: Session, application_id: int, *, run: int | None = None) -> dict[str, Any]:
    """What reviewers read: the snapshot of the latest submission (or of `run`), ready for application/_material.html.

    The snapshot's own shape (app.rules.snapshot) with "submission": {"id", "run", "runs", "submitted_at", "sha256"};
    every file carries the `attachment_id` under which the reviewers may open it, the photo as `photo_attachment_id`. The caller checks who may see it.
    """
    row = submission_of(session, application_id, run=run)
    runs = session.execute(
        select(func.max(_submission.c.run)).where(_submission.c.application_id == application_id)
    ).scalar_one()
    frozen = {
        (found.slot, found.file_id): found.id
        for found in session.execute(
            select(_attachment.c.id, _attachment.c.slot, _attachment.c.file_id)
            .where(_attachment.c.subject_type == "submission", _attachment.c.subject_id == row.id)
        )
    }
    snapshot: dict[str, Any] = dict(row.snapshot)
    for file in files_of(snapshot):
        file["attachment_id"] = frozen[file["slot"], file["file_id"]]
    snapshot["photo_attachment_id"] = frozen.get((PHOTO_SLOT, snapshot["photo_file_id"]))
    submitted_at: dt.datetime = row.submitted_at
    snapshot["submission"] = {
        "id": row.id, "run": row.run, "runs": runs, "submitted_at": submitted_at, "sha256": row.sha256,
    }
    return snapshot
