"""任务中心: every task of the organization, and the actions on them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, jsonify, redirect, request, url_for
from flask_appbuilder import expose, has_access

from app.actor import Actor
from app.errors import DomainError, Invalid, NotFound
from app.queries.inbox import TABS, inbox_of, tab_counts
from app.queries.organization import search_organizations
from app.queries.worklist import Filters, due_dates, next_task, tasks_page
from app.rules.return_reason import MOST
from app.services import review, saved_view
from app.services.return_reason import return_with_reasons
from app.transaction import current_session
from app.workflow.definitions import PROCEDURES
from app.workflow.engine import Outcome
from app.workflow.procedure import NODES
from models.base import utcnow
from models.case import TASK_STATES, Task
from models.organization import ORGANIZATION_KINDS
from views.addresses import positive, subject_address, subject_addresses, way_back
from views.base import PageView, current_actor
from views.inbox import current_inbox
from views.opinion_parts import keep_sent, sent_opinion, sent_reasons
from views.refused import RefusedDecision, keep
from views.screen import running_time, state_word
from views.words import gettext as _

VIEW_FILTERS = {"tasks": ("tab", "procedure", "q", "node"), "reviews": ("tab", "q", "node", "plan_year")}
TONES = {"open": "", "approved": "ok", "returned": "warn", "terminated": "bad", "withdrawn": "off"}
OPINION_KEPT = 5000  # of a refused decision; more than the engine takes


def _done() -> dict[str, str]:
    return {
        "claimed": _("已领取，可以审核了。"), "handed_over": _("已移交。"), "released": _("已放回，本单位其他管理员可以领取。"),
        "approved": _("已通过，流程结束。"), "returned": _("已退回给申请人。"), "terminated": _("已终止。"),
        "reopened": _("已撤回，可以重新审核。"),
    }


def _labels() -> dict[str, dict[Any, str]]:
    """The words of procedures, nodes, and states of each procedure by their codes, found once a page instead of once a cell."""
    return {
        "procedure": {code: _(procedure.label) for code, procedure in PROCEDURES.items()},
        "node": {code: _(node.label) for code, node in NODES.items()},
        "state": {(code, state): state_word(procedure.outcome(state)) for code, procedure in PROCEDURES.items() for state in TASK_STATES},
    }


class TaskView(PageView):
    """任务中心."""

    route_base = "/tasks"
    default_view = "index"

    @expose("/")
    @has_access
    def index(self) -> Any:
        """The four tabs of the manual, filtered by 流程类型 and 流程名称, paged by key."""
        session, inbox = current_session(), current_inbox("tasks")
        counts = tab_counts(inbox)
        tab = request.args.get("tab", "todo" if counts["todo"] or not counts["unclaimed"] else "unclaimed")
        tab = tab if tab in TABS else "todo"
        procedure = request.args.get("procedure", "")
        filters = Filters(
            procedure=procedure if procedure in PROCEDURES else "", text=request.args.get("q", "").strip()[:50],
            node=request.args.get("node", "") if request.args.get("node", "") in NODES else "",
        )
        page = tasks_page(
            session, inbox, tab=tab, filters=filters, before=positive(request.args.get("before")),
            after=positive(request.args.get("after")),
        )
        now, here = utcnow(), request.full_path if request.query_string else request.path
        return self.render(
            "task/index.html", labels=_labels(), tones=TONES, page=page, tab=tab, tabs=TABS, inbox=inbox, filters=filters, procedures=PROCEDURES,
            counts=counts, address=subject_addresses(here), here=here, due=due_dates(session, page.rows, inbox.calendar), nodes=NODES, views=inbox.views,
            running=lambda row: running_time((row["ended_at"] or now) - row["started_at"]),
        )

    @expose("/<int:task_id>/")
    @has_access
    def show(self, task_id: int) -> Any:
        """The page on which the task is decided."""
        task = current_session().get(Task, task_id)
        if task is None or task.organization_id != current_actor().organization_id:
            raise NotFound(_("没有找到这条审核任务，它可能不属于您的单位。"))
        return redirect(subject_address(task.subject_type, task.subject_id, request.args.get("back", "")))

    @expose("/<int:task_id>/hand-over/", methods=["POST"])
    @has_access
    def hand_over(self, task_id: int) -> Any:
        """移交 to a colleague."""
        to = positive(request.form.get("to")) or 0
        return self._act(task_id, lambda actor: review.hand_over(task_id=task_id, to=to, actor=actor))

    @expose("/views/", methods=["POST"])
    @has_access
    def save_view(self) -> Any:
        """保存为常用筛选: the filters of the list the form stands on."""
        page = request.form.get("page", "")
        kept = {key: request.form.get(f"f_{key}", "").strip() for key in VIEW_FILTERS.get(page, ())}
        with self.attempt() as outcome:
            saved_view.keep(page=page, name=request.form.get("name", ""), filters=kept, actor=current_actor())
        if outcome.ok:
            flash(_("常用筛选已保存。"), "success")
        return redirect(self._back())

    @expose("/views/<int:view_id>/delete/", methods=["POST"])
    @has_access
    def delete_view(self, view_id: int) -> Any:
        """删除 a saved one."""
        saved_view.forget(view_id=view_id, actor=current_actor())
        flash(_("常用筛选已删除。"), "success")
        return redirect(self._back())

    @expose("/<int:task_id>/claim/", methods=["POST"])
    @has_access
    def claim(self, task_id: int) -> Any:
        """领取."""
        return self._act(task_id, lambda actor: review.claim(task_id=task_id, actor=actor))

    @expose("/<int:task_id>/release/", methods=["POST"])
    @has_access
    def release(self, task_id: int) -> Any:
        """放回."""
        return self._act(task_id, lambda actor: review.release(task_id=task_id, actor=actor))

    @expose("/<int:task_id>/approve/", methods=["POST"])
    @has_access
    def approve(self, task_id: int) -> Any:
        """通过."""
        return self._act(task_id, lambda actor: review.approve(
            task_id=task_id, actor=actor, opinion=sent_opinion("approve"), version=self._version(),
            via=self._via(),
        ), decision="approve")

    @expose("/units/")
    @has_access
    def units(self) -> Any:
        """Organizations by name, code or initials, for 选择单位 and (`kind=agency`) 人事代理机构."""
        kinds = ("agency",) if request.args.get("kind") == "agency" else tuple(ORGANIZATION_KINDS)
        found = search_organizations(current_session(), text=request.args.get("q", "")[:50], kinds=kinds)
        return jsonify([{"id": unit.id, "text": unit.name} for unit in found])

    def _via(self) -> review.Via | None:
        """The receiving node of 通过: the default one, 选择单位, or a 人事代理机构. Without scripts it is typed by name."""
        node = request.form.get("receiver", "")
        if node not in ("extra", "agency"):
            return None
        chosen = positive(request.form.get(f"via_{node}"))
        if chosen is None:
            name = request.form.get(f"via_{node}__q", "").strip()[:100]
            found = search_organizations(
                current_session(), text=name, kinds=("agency",) if node == "agency" else tuple(ORGANIZATION_KINDS)
            )
            exact = [unit for unit in found if unit.name == name] or list(found)
            if len(exact) != 1:
                names = "、".join(unit.name for unit in exact[:5])
                raise Invalid(_("找到多个单位：%(names)s。请填写完整的单位名称。", names=names) if exact
                              else _("请选择接收单位。"))
            chosen = exact[0].id
        return review.Via(node, chosen)

    @expose("/<int:task_id>/return/", methods=["POST"])
    @has_access
    def return_(self, task_id: int) -> Any:
        """退回."""
        def decide(actor: Actor) -> Outcome:
            words = {"task_id": task_id, "actor": actor, "opinion": sent_opinion("return"), "version": self._version()}
            reasons = sent_reasons()
            return return_with_reasons(reasons=reasons, **words) if reasons else review.return_(**words)

        return self._act(task_id, decide, decision="return")

    @expose("/<int:task_id>/terminate/", methods=["POST"])
    @has_access
    def terminate(self, task_id: int) -> Any:
        """终止, asked twice."""
        def decide(actor: Actor) -> Outcome:
            if request.form.get("sure") != "y":
                raise Invalid(_("终止后不能恢复，请勾选“我已核实，确认终止该申报”后再提交。"))
            return review.terminate(
                task_id=task_id, actor=actor, opinion=sent_opinion("terminate"), version=self._version()
            )

        return self._act(task_id, decide, decision="terminate")

    @expose("/<int:task_id>/withdraw/", methods=["POST"])
    @has_access
    def withdraw(self, task_id: int) -> Any:
        """撤回 of one's own approval."""
        return self._act(task_id, lambda actor: review.withdraw(task_id=task_id, actor=actor))

    @expose("/batch/", methods=["POST"])
    @has_access
    def batch(self) -> Any:
        """批量审核, 批量退回 or 批量领取 of the chosen rows, each reported."""
        back = self._back()
        action = request.form.get("action", "")
        with self.attempt() as outcome:
            results = review.decide_batch(
                task_ids=[number for number in map(positive, request.form.getlist("rowid")) if number],
                action=action, actor=current_actor(), to=positive(request.form.get("to")), opinion=sent_opinion(action, f"_{action}"),
            )
        if not outcome.ok:
            return redirect(back)
        keep_sent(sent_opinion(action, f"_{action}"), action, request.form.get("procedure", ""), f"_{action}")
        return self.render(
            "task/batch.html", results=results, done=sum(result.ok for result in results),
            refused=[result for result in results if not result.ok], back=back,
        )

    def _act(self, task_id: int, action: Callable[[Actor], Outcome], *, decision: str = "") -> Any:
        """Run an action and lead on: after a decision to the list (or the next task), after others to the case.

        A refused decision leads back to the case too, with its opinion still in the field.
        """
        task = current_session().get(Task, task_id)
        subject = (task.subject_type, task.subject_id) if task else None
        procedure = task.procedure if task else ""
        try:
            outcome = action(current_actor())
        except NotFound:
            raise
        except DomainError as error:
            sentence = " ".join(map(_, [error.message, *(error.fields.values() if isinstance(error, Invalid) else ())]))
            flash(sentence, "danger")
            if decision:
                keep(task_id, RefusedDecision(
                    decision, sent_opinion(decision)[:OPINION_KEPT], sentence,
                    tuple((one.page, one.text[:OPINION_KEPT]) for one in sent_reasons()[:MOST]) if decision == "return" else (),
                ))
            return redirect(subject_address(*subject, self._back()) if subject else self._back())
        if decision:
            keep_sent(sent_opinion(decision), decision, procedure)
        chosen = PROCEDURES[procedure].decision(decision) if decision else None
        if chosen and chosen.label not in TASK_STATES.values():  # a decision in words of its own
            flash(_("已办理：%(said)s。申请人已收到通知。", said=_(chosen.label)), "success")
        elif outcome.event == "moved" and outcome.next_organization:
            flash(_("已通过，已提交至%(unit)s审核。", unit=outcome.next_organization), "success")
        else:
            flash(_done().get(outcome.event, _("已撤回，可以重新审核。")), "success")
        if decision and request.form.get("next") == "y" and subject:
            return redirect(self._next(task_id, subject[0]))
        if not decision and subject:
            return redirect(subject_address(*subject, self._back()))
        return redirect(self._back())

    def _next(self, task_id: int, subject_type: str) -> str:
        session = current_session()
        following = next_task(
            session, inbox_of(session, current_actor()), after_task_id=task_id, subject_type=subject_type
        )
        if following is None:
            flash(_("没有更多待审核的记录了。"), "info")
            return self._back()
        return url_for("TaskView.show", task_id=following, back=self._back())

    def _back(self) -> str:
        return way_back(url_for("TaskView.index"))

    def _version(self) -> int | None:
        return positive(request.form.get("version"))


def register(appbuilder: Any) -> None:
    """Add the views of this module."""
    appbuilder.add_view_no_menu(TaskView)
