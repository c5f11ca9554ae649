"""The convener's pages around a plan: window, copy, revision, specialties × titles, checks, preview.

The plan's home with its parts is a generated screen (views.staff.plan); the roster is views.plan_roster.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from flask import flash, g, redirect, request, url_for
from flask_appbuilder import expose, has_access
from flask_babel import gettext as _

from app.errors import NotFound
from app.queries import plan as plan_queries
from app.queries import plan_asks, plan_desk
from app.rules import check_settings, deadlines
from app.rules.checks import GROUPS, RULES, Rule
from app.services import plan as plans
from app.services import plan_edition
from app.transaction import current_session
from models.plan import CHECK_LEVELS, PLAN_TYPES, ReviewPlan
from views.addresses import positive
from views.base import PageView, current_actor
from views.forms.plan import CopyForm, DescriptionForm, ReasonForm, WindowForm
from views.plan import PHASES, TABS, by_specialty
from views.staff.slot_condition import in_words

_PAIR = re.compile(r"(\d{1,18})-(\d{1,18})")


def own(plan_id: int) -> ReviewPlan:
    """The plan, when it is the actor's organization's or the actor is staff of the platform; NotFound otherwise."""
    actor = current_actor()
    plan = current_session().get(ReviewPlan, plan_id)
    if plan is None or not (actor.is_platform or actor.organization_id == plan.convener_id):
        raise NotFound(_("没有找到该评审计划，它可能不属于本单位。"))
    g.plan_in_view = plan_id
    return plan


def home_of(plan_id: int) -> str:
    """The plan's home."""
    return url_for("ReviewPlanView.show", pk=plan_id)


def trail(plan: ReviewPlan, label: str) -> list[dict[str, Any]]:
    """首页 › 评审计划 › the plan › …"""
    return [
        {"label": _("首页"), "href": "/"}, {"label": _("评审计划"), "href": url_for("ReviewPlanView.list")},
        {"label": plan.name, "href": home_of(plan.id)}, {"label": label},
    ]


class PlanDeskView(PageView):
    """One's own plans."""

    route_base = "/plans/desk"
    default_view = "preview"

    def _ask(
        self, plan: ReviewPlan, form: Any, *, title: str, note: str, button: str, act: Callable[[], Any], done: str
    ) -> Any:
        """A page with a small form, and the action it leads to; what was typed is kept when it is refused."""
        plan_id, status = int(plan.id), 200
        if form.validate_on_submit():
            with self.attempt(form) as outcome:
                made = act()
            if outcome.ok:
                flash(done, "success")
                return redirect(home_of(made or plan_id))
            status = outcome.status
        elif form.errors:
            status = 422
        plan = own(plan_id)
        return self.render("plan/desk_form.html", plan=plan, form=form, title=title, note=note, button=button,
                           crumbs=trail(plan, title), status=status)

    @expose("/<int:plan_id>/extend", methods=["GET", "POST"])
    @has_access
    def extend(self, plan_id: int) -> Any:
        """延长申报时间."""
        plan, form = own(plan_id), WindowForm()
        return self._ask(
            plan, form, title=_("延长申报时间"), button=_("延长"), done=_("申报时间已延长。"),
            note=_("现在的申报时间为 %(a)s 至 %(b)s 23:59:59。只能延后，不能提前。",
                   a=plan.opens_on.isoformat(), b=plan.closes_on.isoformat()),
            act=lambda: plans.extend(plan_id=plan_id, closes_on=form.closes_on.data, reason=form.reason.data or "",
                                     actor=current_actor()),
        )

    @expose("/<int:plan_id>/reopen", methods=["GET", "POST"])
    @has_access
    def reopen(self, plan_id: int) -> Any:
        """重新开放."""
        plan, form = own(plan_id), WindowForm()
        return self._ask(
            plan, form, title=_("重新开放"), button=_("重新开放"), done=_("计划已重新开放。"),
            note=_("重新开放后，到新的截止日期为止又可以申报和提交。"),
            act=lambda: plans.reopen(plan_id=plan_id, closes_on=form.closes_on.data, reason=form.reason.data or "",
                                     actor=current_actor()),
        )

    @expose("/<int:plan_id>/copy", methods=["GET", "POST"])
    @has_access
    def copy(self, plan_id: int) -> Any:
        """复制."""
        plan = own(plan_id)
        form = CopyForm(data={"year": max(plan.year + 1, deadlines.today().year)})
        return self._ask(
            plan, form, title=_("复制计划"), button=_("复制"), done=_("已复制为草稿，年度和申报时间已顺延，请核对后发布。"),
            note=_("评审级别、可评审专业、评审标准、附件项和模板、检测设置、相关附件都会复制；申报数据不会。"),
            act=lambda: plan_edition.copy(plan_id=plan_id, year=form.year.data or 0, actor=current_actor()),
        )

    @expose("/<int:plan_id>/revise", methods=["GET", "POST"])
    @has_access
    def revise(self, plan_id: int) -> Any:
        """修订."""
        plan, form = own(plan_id), ReasonForm()
        return self._ask(
            plan, form, title=_("修订计划"), button=_("开始修订"), done=_("可以修改了。改好后点“发布修订”，之后开始的申报按新的要求。"),
            note=_("修订是现在内容的一份副本，发布之前申报人看不到。已经开始的申报仍按原来的要求进行；"
                   "没有提交过的，申报人“修改”申报选择后改用新的要求。"),
            act=lambda: plan_edition.revise(plan_id=plan_id, reason=form.reason.data or "", actor=current_actor()),
        )

    @expose("/<int:plan_id>/revision/publish", methods=["POST"])
    @has_access
    def publish_revision(self, plan_id: int) -> Any:
        """发布修订."""
        with self.attempt() as outcome:
            plan_edition.publish_revision(plan_id=plan_id, actor=current_actor())
        if outcome.ok:
            flash(_("修订已发布，之后开始的申报按新的要求。"), "success")
        return redirect(home_of(plan_id))

    @expose("/<int:plan_id>/revision/discard", methods=["POST"])
    @has_access
    def discard_revision(self, plan_id: int) -> Any:
        """放弃修订."""
        with self.attempt() as outcome:
            plan_edition.discard_revision(plan_id=plan_id, actor=current_actor())
        if outcome.ok:
            flash(_("修订已放弃，计划没有变化。"), "success")
        return redirect(home_of(plan_id))

    @expose("/<int:plan_id>/describe", methods=["GET", "POST"])
    @has_access
    def describe(self, plan_id: int) -> Any:
        """修改说明和联系方式."""
        plan, status = own(plan_id), 200
        form = DescriptionForm(obj=plan if request.method == "GET" else None)
        if form.validate_on_submit():
            with self.attempt(form) as outcome:
                changed = plans.describe(
                    plan_id=plan_id, description=form.description_(), version=positive(form.version.data) or 0,
                    actor=current_actor(),
                )
            if outcome.ok:
                flash(_("已保存。") if changed else _("内容没有变化。"), "success")
                return redirect(home_of(plan_id))
            status = outcome.status
        elif form.errors:
            status = 422
        plan = own(plan_id)
        return self.render("plan/desk_describe.html", plan=plan, form=form, status=status,
                           crumbs=trail(plan, _("修改说明和联系方式")))

    @expose("/<int:plan_id>/offerings", methods=["GET", "POST"])
    @has_access
    def offerings(self, plan_id: int) -> Any:
        """评审级别和可评审专业: levels, and specialties × titles of one series at a time."""
        plan, session, status = own(plan_id), current_session(), 200
        series_id = positive(request.values.get("series"))
        pairs, levels = set[tuple[int, int]](), set[int]()
        if request.method == "POST" and series_id:
            pairs = {(int(m[1]), int(m[2])) for text in request.form.getlist("pair") if (m := _PAIR.fullmatch(text))}
            levels = {key for text in request.form.getlist("level") if (key := positive(text))}
            with self.attempt() as outcome:
                plans.set_offerings(plan_id=plan_id, series_id=series_id, level_ids=levels, pairs=pairs,
                                    actor=current_actor(), version=positive(request.form.get("version")))
            if outcome.ok:
                flash(_("评审级别和可评审专业已保存。"), "success")
                return redirect(url_for("PlanDeskView.offerings", plan_id=plan_id, series=series_id))
            status = outcome.status
        plan = own(plan_id)
        edition = plan.draft_edition or plan.edition
        choices = plan_desk.offering_choices(session, plan_id, edition, series_id)
        if status != 200:  # what was ticked stays
            choices = replace(choices, pairs=frozenset(pairs), levels=tuple(
                (key, name, key in levels) for key, name, _on in choices.levels))
        return self.render(
            "plan/desk_offerings.html", plan=plan, choices=choices, can_save=plans.may_edit(plan, edition),
            crumbs=trail(plan, _("评审级别和可评审专业")), status=status,
        )

    @expose("/<int:plan_id>/checks", methods=["GET", "POST"])
    @has_access
    def checks(self, plan_id: int) -> Any:
        """检测设置: the rules a plan may set."""
        plan, status, wrong = own(plan_id), 200, {}
        offered = [entry for entry in check_settings.CONFIGURABLE if entry.rule in RULES]
        if request.method == "POST":
            with self.attempt() as outcome:
                plans.set_checks(plan_id=plan_id, chosen={
                    entry.rule: (
                        request.form.get(f"{entry.rule}-level", ""),
                        {p.key: request.form.get(f"{entry.rule}-{p.key}", "") for p in entry.parameters},
                    ) for entry in offered
                }, actor=current_actor(), version=positive(request.form.get("version")))
            if outcome.ok:
                flash(_("检测设置已保存。"), "success")
                return redirect(home_of(plan_id))
            status, wrong = outcome.status, getattr(outcome.error, "fields", {})
        plan = own(plan_id)
        edition = plan.draft_edition or plan.edition
        return self.render(
            "plan/desk_checks.html", plan=plan, offered=offered, rules=RULES, levels=CHECK_LEVELS, wrong=wrong,
            typed=request.form if request.method == "POST" else {},
            settings=plan_asks.plan_settings(current_session(), plan_id, edition),
            can_save=plans.may_edit(plan, edition), crumbs=trail(plan, _("检测设置")), status=status,
        )

    @expose("/<int:plan_id>/preview")
    @has_access
    def preview(self, plan_id: int) -> Any:
        """预览: the plan's page, and what an applicant with a chosen title and standard will be asked for."""
        plan, session = own(plan_id), current_session()
        page = plan_queries.preview_page(session, plan_id)
        tab = request.args.get("tab", "")
        titles = {
            offer.title_id: (f"{offer.series} · {offer.title}（{offer.level}）", offer)
            for offer in page.offers if offer.level_id in page.level_ids
        }
        chosen = titles.get(positive(request.args.get("title")) or 0) or next(iter(titles.values()), None)
        offer = chosen[1] if chosen else None
        fitting = [row for row in page.standards if offer is not None and row.fits(offer.level_id)]
        standard = next((row for row in fitting if row.id == positive(request.args.get("standard"))),
                        next(iter(fitting), None))
        personal, professional = plan_asks.series_forms(session, offer.series_id, plan_id, page.edition) if offer else ((), ())
        settings = plan_asks.plan_settings(session, plan_id, page.edition)
        return self.render(
            "plan/preview.html", plan=page, tab=tab if tab in TABS else "scope", tabs=TABS, phases=PHASES,
            plan_types=PLAN_TYPES, specialties=by_specialty(page), titles=titles, offer=offer, fitting=fitting,
            standard=standard, personal=personal, professional=professional, in_words=in_words,
            sections=plan_asks.sections_of(session, standard.id, offer.level_id) if standard and offer else (),
            slots=plan_asks.plan_slots(session, plan_id, page.edition, {}),
            checks=_by_group(settings), rules=RULES,
            crumbs=trail(plan, _("预览")), home=home_of(plan_id),
        )


def _by_group(settings: Mapping[str, check_settings.Setting]) -> list[tuple[str, list[tuple[Rule, str]]]]:
    """The rules that apply, in the order and the groups of the result of 开始检测, with their level."""
    applying = [(rule, settings[rule.id].level if rule.id in settings else rule.level) for rule in RULES.values()]
    found = [
        (group, sorted(((rule, level) for rule, level in applying if rule.group == group and level != check_settings.OFF),
                       key=lambda entry: entry[0].id))
        for group in GROUPS
    ]
    return [(group, rules) for group, rules in found if rules]


def register(appbuilder: Any) -> None:
    """Add the views of this module."""
    appbuilder.add_view_no_menu(PlanDeskView)
