"""业绩档案: the items submitted to a unit, and the page on which one is reviewed. The decisions are TaskView's."""

from __future__ import annotations

from collections import Counter
from typing import Any

from flask import flash, redirect, request, url_for
from flask_appbuilder import expose, has_access
from flask_babel import gettext as _

from app.errors import DomainError, Invalid, NotAllowed, NotFound
from app.queries import achievement_kind, achievement_review, portfolio
from app.queries.achievement_kind import Kind
from app.queries.portfolio import UNIT_TABS
from app.rules.fields import column_text, columns
from app.services import file as files
from app.services.achievement_review import return_with_remarks
from app.transaction import current_session
from models.achievement import ACHIEVEMENT_STATES
from views.addresses import positive, way_back
from views.base import PageView, current_actor
from views.inbox import current_inbox
from views.opinion_parts import keep_sent, sent_opinion
from views.portfolio_parts import COLOURS, TONES, described, evidence, tree, twins_of
from views.refused import RefusedDecision, keep, peek
from views.screen import state_word
from views.sheets import roster_response

_DECIDED = ("approved", "returned", "terminated")


def _entry(kind: Kind, counts: Counter[str]) -> dict[str, Any]:
    """工作经历（4/3）: all and decided, as the manual has it."""
    decided = sum(counts[state] for state in _DECIDED)
    waiting = counts["reviewing"]
    return {
        "label": f"{kind.name}（{counts.total()}/{decided}）", "tone": "warn",
        "state": _("待审 %(n)s", n=waiting) if waiting else "",
    }


class PortfolioReviewView(PageView):
    """业绩档案."""

    route_base = "/unit/achievements"
    default_view = "index"

    @expose("/")
    @has_access
    def index(self) -> Any:
        """The tree, and the ring of all items by state."""
        session = current_session()
        kinds, counts = achievement_kind.kinds(session), portfolio.unit_counts(session, _unit())
        states: Counter[str] = Counter()
        for per_kind in counts.values():
            states.update(per_kind)
        waiting = [(kind, counts[kind.id]["reviewing"]) for kind in kinds if counts.get(kind.id, Counter())["reviewing"]]
        return self.render(
            "achievement/unit_index.html", tree=self._tree(kinds, counts), waiting=waiting,
            ring=[{"label": state_word(ACHIEVEMENT_STATES[state]), "value": states[state], "colour": COLOURS[state]}
                  for state in ("reviewing", "approved", "returned", "terminated")],
        )

    @expose("/kind/<kind_code>/")
    @has_access
    def kind(self, kind_code: str) -> Any:
        """The items of one kind under 全部, 审核中, 审核通过 or 退回, searched by 申报人 or content."""
        session, unit = current_session(), _unit()
        form = achievement_kind.newest_form(session, kind_code)
        if form is None:
            raise NotFound(_("没有找到这个业绩类别，请从左侧重新选择。"))
        counts = portfolio.unit_counts(session, unit)
        mine = counts.get(form.kind.id, Counter())
        tab, text = _filter("all")
        page = portfolio.unit_page(
            session, organization_id=unit, kind_id=form.kind.id, tab=tab, text=text,
            before=positive(request.args.get("before")), after=positive(request.args.get("after")),
        )
        names = achievement_kind.vocabularies(session, form.fields, shown=[row["data"] for row in page.rows])
        shown = columns(form.fields, form.list_columns)
        numbers = [row["id"] for row in page.rows if row["state"] == "reviewing"]
        return self.render(
            "achievement/unit_list.html", tree=self._tree(achievement_kind.kinds(session), counts, kind_code), kind=form.kind,
            columns=shown, searched=next((c.label for c in shown if c.field and c.field.type == "text"), _("内容")), page=page, tab=tab, text=text, states=ACHIEVEMENT_STATES,
            tones=TONES, cell=lambda column, row: column_text(column, row["data"], names),
            tabs=[(key, state_word(label), mine.total() if key == "all" else mine[key]) for key, label in UNIT_TABS.items()],
            tasks=achievement_review.open_tasks(session, unit, numbers), inbox=current_inbox(),
        )

    @expose("/all/")
    @has_access
    def everything(self) -> Any:
        """The items of all kinds and people, so that a batch may cross kinds."""
        session, unit = current_session(), _unit()
        counts, kinds = portfolio.unit_counts(session, unit), achievement_kind.kinds(session)
        states: Counter[str] = Counter()
        for per_kind in counts.values():
            states.update(per_kind)
        tab, text = _filter("reviewing")
        page = portfolio.unit_page(
            session, organization_id=unit, tab=tab, text=text, before=positive(request.args.get("before")),
            after=positive(request.args.get("after")),
        )
        numbers = [row["id"] for row in page.rows if row["state"] == "reviewing"]
        return self.render(
            "achievement/unit_all.html", tree=self._tree(kinds, counts), page=page, tab=tab, text=text,
            states=ACHIEVEMENT_STATES, tones=TONES, kinds={kind.id: kind for kind in kinds},
            tabs=[(key, state_word(label), states.total() if key == "all" else states[key]) for key, label in UNIT_TABS.items()],
            tasks=achievement_review.open_tasks(session, unit, numbers), inbox=current_inbox(),
        )

    @expose("/kind/<kind_code>/export/", methods=["POST"])
    @has_access
    def export(self, kind_code: str) -> Any:
        """导出 the items of the list as it is narrowed now."""
        _unit()
        tab, text = _filter("all")
        with self.attempt() as outcome:
            answer = roster_response("unit_achievements", {"kind": kind_code, "tab": tab, "text": text})
        return answer if outcome.ok else redirect(
            url_for("PortfolioReviewView.kind", kind_code=kind_code, tab=tab, q=text or None)
        )

    @expose("/<int:achievement_id>/return/", methods=["POST"])
    @has_access
    def return_(self, achievement_id: int) -> Any:
        """退回 with all reasons at once, each at its field where it belongs to one."""
        detail = portfolio.unit_detail(current_session(), _unit(), achievement_id)
        task_id = positive(request.form.get("task"))
        if detail is None or task_id is None:
            raise NotFound(_("没有找到这条业绩，申报人可能已撤回修改。"))
        opinion = sent_opinion("return")
        remarks = {field.key: request.form.get(f"remark_{field.key}", "") for field in detail.form.fields}
        try:
            return_with_remarks(
                achievement_id=achievement_id, task_id=task_id, opinion=opinion, actor=current_actor(),
                remarks=remarks,
                version=positive(request.form.get("version")),
            )
        except (NotFound, NotAllowed):
            raise
        except DomainError as error:
            current_session().rollback()
            fields = error.fields.values() if isinstance(error, Invalid) else ()
            sentence = " ".join(map(_, [error.message, *fields]))
            flash(sentence, "danger")
            keep(task_id, RefusedDecision(
                "return", opinion[:5000], sentence, tuple((key, text[:1000]) for key, text in remarks.items() if text)
            ))
            return redirect(url_for("PortfolioReviewView.show", achievement_id=achievement_id))
        keep_sent(opinion, "return", "achievement")
        flash(_("已退回给申请人。"), "success")
        return redirect(way_back(url_for("PortfolioReviewView.kind", kind_code=detail.form.kind.code, tab="reviewing")))

    @expose("/<int:achievement_id>/")
    @has_access
    def show(self, achievement_id: int) -> Any:
        """审核 or 查看: 详情 and 流程 beside the evidence; after a decision the next item opens."""
        session, actor, unit = current_session(), current_actor(), _unit()
        detail = portfolio.unit_detail(session, unit, achievement_id)
        if detail is None:
            raise NotFound(_("没有找到这条业绩，申报人可能已撤回修改。"))
        kind, inbox = detail.form.kind, current_inbox()
        across = request.args.get("all") == "1"  # the reader came from the list of all kinds
        following = achievement_review.next_to_review(
            session, organization_id=unit, kind_id=None if across else kind.id, user_id=inbox.user_id, shared=inbox.shared,
            after=achievement_id,
        )
        flow = achievement_review.flow(session, achievement_id, organization_id=unit)
        last = flow[-1] if flow else None
        refused = peek(last["id"]) if last else None
        here = url_for("PortfolioReviewView.everything") if across else url_for(
            "PortfolioReviewView.kind", kind_code=kind.code, tab="reviewing"
        )
        return self.render(
            "achievement/unit_show.html", row=detail.row, kind=kind, states=ACHIEVEMENT_STATES, tones=TONES, inbox=inbox,
            details=described(detail, endpoint="PortfolioReviewView.show", hidden=("draft",)),
            evidence=evidence(detail, files.attachments_of("achievement", achievement_id)),
            history=flow, task=last if last and last["state"] == "open" else None, following=following, list_href=here,
            approval=last["id"] if last and last["state"] == "approved" and last["decided_by"] == actor.user_id else None,
            after=url_for("PortfolioReviewView.show", achievement_id=following, all="1" if across else None) if following else here,
            across=across, typed=dict(refused.reasons) if refused else {}, twins=twins_of(detail, organization_id=unit), fields=detail.form.fields,
            remarks=achievement_review.remarks(session, achievement_id),
            tree=self._tree(achievement_kind.kinds(session), portfolio.unit_counts(session, unit), kind.code),
        )

    def _tree(self, kinds: list[Kind], counts: portfolio.Counts, current: str = "") -> Any:
        return tree(kinds, counts, endpoint="PortfolioReviewView.kind", current=current, entry=_entry)


def _filter(usual: str) -> tuple[str, str]:
    """(tab, text) of a list, from the address."""
    tab = request.args.get("tab", usual)
    return tab if tab in UNIT_TABS else usual, request.args.get("q", "").strip()[:50]


def _unit() -> int:
    organization_id = current_actor().organization_id
    if organization_id is None:
        raise NotAllowed(_("当前账号不属于任何单位，请使用单位管理员账号登录。"))
    return organization_id


def register(appbuilder: Any) -> None:
    """Add the views of this module."""
    appbuilder.add_view_no_menu(PortfolioReviewView)
