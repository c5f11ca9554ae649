"""管理设置 · 岗位核准信息, for 事业单位; and the corrections of operations."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, redirect, request, url_for
from flask_appbuilder import AppBuilder, expose, has_access
from flask_babel import gettext as _

from app.errors import DomainError, Invalid, NotFound, WrongState
from app.queries import post_quota as quotas
from app.queries.audit import events_of
from app.queries.recommendation import unit_needs_quota
from app.reports import word
from app.reports.review_form import chinese_day
from app.rules import deadlines
from app.services import file as files
from app.services import post_quota
from app.transaction import current_session
from models.post_quota import QUOTA_LEVELS, QUOTA_STATES
from views.addresses import positive
from views.base import PageView, current_actor
from views.file_response import bytes_response
from views.organization import own_organization, settings_tree


def _numbers() -> dict[str, str]:
    return {label: request.form.get(f"n_{label}", "") for label in QUOTA_LEVELS}


class PostQuotaView(PageView):
    """One per year: vacancies, the stamped form, 确认, 重新修改."""

    route_base = "/unit/post-quotas"

    @expose("/")
    @has_access
    def index(self) -> Any:
        """All years of the unit."""
        self._require_need()
        rows = quotas.quotas_of(current_session(), own_organization().id)
        return self._page("quota/index.html", rows=rows)

    @expose("/new/", methods=["GET", "POST"])
    @has_access
    def new(self) -> Any:
        """新增."""
        self._require_need()
        year = deadlines.today().year
        if request.method == "GET":
            return self._page("quota/form.html", quota=None, values={}, errors={}, year=year)
        return self._save(None, positive(request.form.get("year")) or 0)

    @expose("/<int:quota_id>/", methods=["GET", "POST"])
    @has_access
    def show(self, quota_id: int) -> Any:
        """One year: the table, the form, and what was changed by whom."""
        quota = self._own(quota_id)
        if request.method == "POST":
            return self._save(quota, quota.year)
        return self._page(
            "quota/show.html", quota=quota, forms=files.attachments_of("post_quota", quota.id),
            events=events_of(current_session(), "post_quota", quota.id),
            values={row.label: row.vacancies for row in quota.levels}, errors={},
        )

    @expose("/<int:quota_id>/confirm/", methods=["POST"])
    @has_access
    def confirm(self, quota_id: int) -> Any:
        """确认."""
        with self.attempt() as outcome:
            post_quota.confirm(quota_id=quota_id, version=positive(request.form.get("version")) or 0, actor=current_actor())
        if outcome.ok:
            flash(_("岗位核准信息已确认。"), "success")
        return redirect(url_for("PostQuotaView.show", quota_id=quota_id))

    @expose("/<int:quota_id>/replace/", methods=["POST"])
    @has_access
    def replace(self, quota_id: int) -> Any:
        """重新修改: another form, which counts from now on."""
        upload = request.files.get("files")
        with self.attempt() as outcome:
            if upload is None or not upload.filename:
                raise Invalid(_("请先选择要上传的文件。"))
            post_quota.replace_form(
                quota_id=quota_id, stream=upload.stream, filename=upload.filename, actor=current_actor()
            )
        if outcome.ok:
            flash(_("新的岗位核准附件已上传，以此为准；原附件保留备查。"), "success")
        return redirect(url_for("PostQuotaView.show", quota_id=quota_id))

    @expose("/<int:year>/template.docx")
    @has_access
    def template(self, year: int) -> Response:
        """核准表模板下载: the form as Word, with the unit's name and its applicants of the year."""
        self._require_need()
        unit = own_organization()
        roster = quotas.roster(current_session(), unit.id, year)
        planned = [sum(row["level"] == label for row in roster) for label in QUOTA_LEVELS]
        data = word.fill("post_quota", {
            "unit": unit.name, "day": chinese_day(deadlines.today()), "vacancies": [""] * len(QUOTA_LEVELS),
            "planned": planned, "roster": roster,
        })
        return bytes_response(data, _("%(year)s年岗位核准表-%(unit)s", year=year, unit=unit.name) + ".docx", word.MEDIA_TYPE)

    def _save(self, quota: quotas.Quota | None, year: int) -> Any:
        errors: dict[str, str] = {}
        try:
            quota_id = post_quota.save(
                year=year, numbers=_numbers(), actor=current_actor(), quota_id=quota.id if quota else None,
                version=positive(request.form.get("version")) or 0,
            )
        except (Invalid, WrongState) as error:
            flash(_(error.message), "danger")
            errors = {key: _(sentence) for key, sentence in error.fields.items()} if isinstance(error, Invalid) else {}
            return self._page("quota/form.html", quota=quota, values=_numbers(), errors=errors, year=year, status=error.status)
        flash(_("岗位核准信息已保存，请上传单位盖章后的岗位核准表并确认。"), "success")
        return redirect(url_for("PostQuotaView.show", quota_id=quota_id))

    def _own(self, quota_id: int) -> quotas.Quota:
        found = quotas.quota_by_id(current_session(), quota_id)
        if found is None or found.organization_id != own_organization().id:
            raise NotFound(_("没有找到岗位核准信息。"))
        return found

    def _require_need(self) -> None:
        if not unit_needs_quota(current_session(), own_organization().id):
            raise NotFound(_("只有事业单位和事业单位（中直）需要设置岗位核准信息。"))

    def _page(self, template: str, *, status: int = 200, **context: Any) -> Any:
        return self.render(
            template, levels=QUOTA_LEVELS, states=QUOTA_STATES, this_year=deadlines.today().year, status=status,
            tree=settings_tree("PostQuotaView.index"), **context,
        )


class PostQuotaCorrectionView(PageView):
    """岗位数修改: operations change confirmed numbers, with a reason, on record."""

    route_base = "/post-quotas"

    @expose("/")
    @has_access
    def index(self) -> Any:
        """Find a unit's years."""
        text = request.args.get("q", "").strip()[:50]
        rows = quotas.search_quotas(current_session(), text) if text else []
        return self.render("quota/search.html", rows=rows, text=text, states=QUOTA_STATES)

    @expose("/<int:quota_id>/", methods=["GET", "POST"])
    @has_access
    def correct(self, quota_id: int) -> Any:
        """The numbers, the unit's forms, and the reason."""
        session = current_session()
        quota = quotas.quota_by_id(session, quota_id)
        if quota is None:
            raise NotFound(_("没有找到岗位核准信息。"))
        errors: dict[str, str] = {}
        status, values = 200, {row.label: str(row.vacancies) for row in quota.levels}
        if request.method == "POST":
            try:
                changed = post_quota.correct(
                    quota_id=quota_id, numbers=_numbers(), reason=request.form.get("reason", ""),
                    version=positive(request.form.get("version")) or 0, actor=current_actor(),
                )
                flash(_("岗位数已修改。") if changed else _("岗位数没有变化。"), "success")
                return redirect(url_for("PostQuotaCorrectionView.correct", quota_id=quota_id))
            except NotFound:
                raise
            except DomainError as error:
                flash(_(error.message), "danger")
                status, values = error.status, _numbers()
                errors = {key: _(line) for key, line in error.fields.items()} if isinstance(error, Invalid) else {}
        return self.render(
            "quota/correct.html", quota=quota, levels=QUOTA_LEVELS, states=QUOTA_STATES, values=values, errors=errors,
            reason=request.form.get("reason", ""), status=status, forms=files.attachments_of("post_quota", quota.id),
            events=events_of(session, "post_quota", quota.id),
        )


def register(appbuilder: AppBuilder) -> None:
    """管理设置 for units; the menu 单位管理 for operations."""
    appbuilder.add_view_no_menu(PostQuotaView)
    appbuilder.add_view(PostQuotaCorrectionView, "岗位数修改", category="单位管理")
