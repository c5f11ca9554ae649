"""What the convener of a plan works with: what is still missing, how it is used, what it asks for."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from app.queries.plan_form import forms_of
from app.rules import deadlines
from app.rules.rich_text import plain
from models.application import Application
from models.file import Attachment
from models.plan import (
    AttachmentSlot,
    PlanCheck,
    PlanLevel,
    PlanOffering,
    ReviewPlan,
    ReviewStandard,
    StandardGroup,
    StandardItem,
    StandardSection,
)
from models.series import Specialty, Title, TitleLevel, TitleSeries

_plan, _level, _offering = ReviewPlan.__table__, PlanLevel.__table__, PlanOffering.__table__
_standard, _section, _item = ReviewStandard.__table__, StandardSection.__table__, StandardItem.__table__
_group, _slot, _title = StandardGroup.__table__, AttachmentSlot.__table__, Title.__table__
_title_level = TitleLevel.__table__


@dataclass(frozen=True)
class Part:
    """A part of a plan: what is set, or what is missing. `blocks`: cannot be published without; `place`: where to mend it."""

    key: str
    name: str
    place: str
    facts: str = ""
    problem: str = ""
    blocks: bool = True

    @property
    def state(self) -> str:
        """ok, warn or bad."""
        return "ok" if not self.problem else "bad" if self.blocks else "warn"


def parts_of(session: Session, plan_id: int, edition: int) -> tuple[Part, ...]:
    """Every part of an edition of a plan with what it has and lacks, in the order of the screens; eight statements."""
    plan = session.execute(select(_plan).where(_plan.c.id == plan_id)).one()
    levels = session.execute(
        select(_title_level.c.id, _title_level.c.name)
        .join(_level, _level.c.level_id == _title_level.c.id)
        .where(_level.c.plan_id == plan_id, _level.c.edition == edition).order_by(_title_level.c.rank.desc())
    ).all()
    names = {row.id: row.name for row in levels}
    return (
        _window(plan), _text(plan), _contact(plan), _levels(names),
        _offerings(session, plan_id, edition, names), *_standards(session, plan_id, edition, names),
        _slots(session, plan_id, edition), _forms(session, plan_id, edition), _documents(session, plan_id),
        _checks(session, plan_id, edition),
    )


def _window(plan: object) -> Part:
    facts = f"{plan.opens_on:%Y-%m-%d} 至 {plan.closes_on:%Y-%m-%d} 23:59:59"  # type: ignore[attr-defined]
    over = plan.state == "draft" and plan.closes_on < deadlines.today()  # type: ignore[attr-defined]
    return Part("window", "申报时间", "plan", facts, "申报截止日期已过，请修改申报开始和截止日期。" if over else "")


def _text(plan: object) -> Part:
    lacks = [
        name for name, text in (("评审范围对象", plan.scope_text), ("计划内容", plan.content))  # type: ignore[attr-defined]
        if not plain(text)
    ]
    return Part("text", "评审范围对象和计划内容", "plan", "" if lacks else "已填写",
                f"没有填写{'、'.join(lacks)}，申报人不知道谁可以申报、怎样申报。" if lacks else "", blocks=False)


def _contact(plan: object) -> Part:
    there = bool(plan.contact and plan.phone)  # type: ignore[attr-defined]
    return Part("contact", "联系方式", "plan", f"{plan.contact} {plan.phone}" if there else "",  # type: ignore[attr-defined]
                "" if there else "没有填写联系人和联系电话，申报人无处咨询。", blocks=False)


def _levels(names: dict[int, str]) -> Part:
    return Part("levels", "评审级别", "offerings", "、".join(names.values()), "" if names else "请至少选择一个评审级别。")


def _offerings(session: Session, plan_id: int, edition: int, names: dict[int, str]) -> Part:
    rows = session.execute(
        select(_title.c.level_id, func.count(), func.count(_offering.c.specialty_id.distinct()))
        .select_from(_offering).join(_title, _title.c.id == _offering.c.title_id)
        .where(_offering.c.plan_id == plan_id, _offering.c.edition == edition).group_by(_title.c.level_id)
    ).all()
    facts = f"{sum(row[1] for row in rows)} 个“专业—职称”" if rows else ""
    if not rows:
        problem = "请选择可评审专业和可申报的职称。"
    elif without := [name for key, name in names.items() if key not in {row[0] for row in rows}]:
        problem = f"{'、'.join(without)}还没有可申报的专业和职称。"
    elif names and {row[0] for row in rows} - names.keys():
        problem = "有的职称不在评审级别之内，不能申报；请补充评审级别，或移除这些职称。"
    else:
        problem = ""
    return Part("offerings", "可评审专业", "offerings", facts, problem)


def _standards(session: Session, plan_id: int, edition: int, names: dict[int, str]) -> tuple[Part, Part]:
    rows = session.execute(
        select(_standard.c.id, _standard.c.name, _section.c.level_id, _item.c.id.label("item_id"), _item.c.group_id)
        .outerjoin(_section, _section.c.standard_id == _standard.c.id)
        .outerjoin(_item, _item.c.section_id == _section.c.id)
        .where(_standard.c.plan_id == plan_id, _standard.c.edition == edition)
    ).all()
    standards = {row.id: row.name for row in rows}
    asking = {row.id for row in rows if row.item_id is not None}
    served = {row.level_id for row in rows if row.item_id is not None}
    problem = ""
    if not standards:
        problem = "请新增评审标准。"
    elif empty := [name for key, name in standards.items() if key not in asking]:
        problem = f"“{empty[0]}”还没有标准分类和标准项，请新增。"
    elif None not in served and (without := [name for key, name in names.items() if key not in served]):
        problem = f"没有适用于{'、'.join(without)}的评审标准。"
    members = {row.group_id: sum(1 for other in rows if other.group_id == row.group_id) for row in rows if row.group_id}
    groups = session.execute(
        select(_group.c.id, _group.c.name, _group.c.minimum)
        .join(_section, _section.c.id == _group.c.section_id).join(_standard, _standard.c.id == _section.c.standard_id)
        .where(_standard.c.plan_id == plan_id, _standard.c.edition == edition)
    ).all()
    short = next((group for group in groups if members.get(group.id, 0) < group.minimum), None)
    return (
        Part("standards", "评审标准", "standards",
             f"{len(standards)} 个评审标准，{sum(1 for row in rows if row.item_id)} 个标准项" if standards else "", problem),
        Part("groups", "任选条件组", "standards", f"{len(groups)} 组" if groups else "没有设置",
             f"“{short.name}”要求满足 {short.minimum} 项，组内只有 {members.get(short.id, 0)} 项，没有人能满足。" if short else ""),
    )


def _slots(session: Session, plan_id: int, edition: int) -> Part:
    n, required = session.execute(
        select(func.count(), func.count().filter(_slot.c.is_required))
        .where(_slot.c.plan_id == plan_id, _slot.c.edition == edition)
    ).one()
    return Part("slots", "附件项", "slots", f"{n} 项，其中必传 {required} 项" if n else "",
                "" if n else "没有设置附件项，申报人不需要上传任何材料。", blocks=False)


def _forms(session: Session, plan_id: int, edition: int) -> Part:
    forms = forms_of(session, plan_id, edition)
    own = sum(form.is_own for form in forms)
    facts = "、".join(f"{form.series} {len(form.fields)} 项" for form in forms[:3]) + (f"等 {len(forms)} 个系列" if len(forms) > 3 else "")
    return Part("forms", "专业信息", "forms", f"{facts}；{own} 个系列按本计划设置" if own else facts)


def _documents(session: Session, plan_id: int) -> Part:
    attachment = Attachment.__table__
    n = session.execute(
        select(func.count()).where(attachment.c.subject_type == "plan", attachment.c.subject_id == plan_id)
    ).scalar_one()
    return Part("documents", "相关附件", "documents", f"{n} 个文件" if n else "",
                "" if n else "没有发布文件，例如评审通知、评审标准全文。", blocks=False)


def _checks(session: Session, plan_id: int, edition: int) -> Part:
    check = PlanCheck.__table__
    n = session.execute(
        select(func.count()).where(check.c.plan_id == plan_id, check.c.edition == edition)
    ).scalar_one()
    return Part("checks", "开始检测的规则", "checks", f"{n} 条规则按本计划设置，其余按常规" if n else "全部按常规")


@dataclass(frozen=True)
class Figures:
    """How a plan is used: applications by state."""

    by_state: dict[str, int]

    @property
    def submitted(self) -> int:
        """Everything that was submitted."""
        return sum(n for state, n in self.by_state.items() if state != "editing")


def figures_of(session: Session, plan_id: int) -> Figures:
    """Applications of a plan by state, numbers only; one statement over the index (plan_id, state, id)."""
    application = Application.__table__
    return Figures(dict(session.execute(
        select(application.c.state, func.count()).where(application.c.plan_id == plan_id)
        .group_by(application.c.state)
    ).tuples().all()))


@dataclass(frozen=True)
class OfferingChoices:
    """What can be ticked for one series: (id, name, ticked). `titles` also say their level."""

    series_id: int
    series: tuple[tuple[int, str, int], ...]
    levels: tuple[tuple[int, str, bool], ...]
    specialties: tuple[tuple[int, str, bool], ...]
    titles: tuple[tuple[int, str, str, bool], ...]
    pairs: frozenset[tuple[int, int]]


def offering_choices(session: Session, plan_id: int, edition: int, series_id: int | None) -> OfferingChoices:
    """The levels of a plan, and specialties × titles of a series (the first that is offered when none is named)."""
    series, specialty = TitleSeries.__table__, Specialty.__table__
    of_series = (
        select(func.count()).where(
            _offering.c.plan_id == plan_id, _offering.c.edition == edition, _offering.c.series_id == series.c.id
        ).correlate(series).scalar_subquery()
    )
    all_series = session.execute(
        select(series.c.id, series.c.name, of_series.label("n")).where(series.c.enabled).order_by(series.c.position)
    ).all()
    known = [int(row.id) for row in all_series]
    usual = next((int(row.id) for row in all_series if row.n), next(iter(known), 0))
    chosen = series_id if series_id is not None and series_id in known else usual
    has_level = exists().where(
        _level.c.plan_id == plan_id, _level.c.edition == edition, _level.c.level_id == _title_level.c.id
    )
    levels = session.execute(
        select(_title_level.c.id, _title_level.c.name, has_level.label("has")).order_by(_title_level.c.rank.desc())
    ).all()
    pairs = frozenset(session.execute(
        select(_offering.c.specialty_id, _offering.c.title_id).where(
            _offering.c.plan_id == plan_id, _offering.c.edition == edition, _offering.c.series_id == chosen
        )
    ).tuples())
    specialties = session.execute(
        select(specialty.c.id, specialty.c.name).where(specialty.c.series_id == chosen, specialty.c.enabled)
        .order_by(specialty.c.id)
    ).all()
    titles = session.execute(
        select(_title.c.id, _title.c.name, _title.c.track, _title_level.c.name.label("level"))
        .join(_title_level, _title_level.c.id == _title.c.level_id)
        .where(_title.c.series_id == chosen, _title.c.enabled).order_by(_title.c.track, _title_level.c.rank.desc())
    ).all()
    return OfferingChoices(
        chosen, tuple((row.id, row.name, row.n) for row in all_series),
        tuple((row.id, row.name, bool(row.has)) for row in levels),
        tuple((row.id, row.name, any(pair[0] == row.id for pair in pairs)) for row in specialties),
        tuple((row.id, row.name, row.level, any(pair[1] == row.id for pair in pairs)) for row in titles),
        pairs,
    )


def owned_by(session: Session, organization_id: int | None, plan_id: int) -> bool:
    """Whether a plan is an organization's."""
    return bool(session.execute(
        select(exists().where(_plan.c.id == plan_id, _plan.c.convener_id == (organization_id or 0)))
    ).scalar())
