"""管理设置 · 单位管理员: who acts for the organization, whatever it works as."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, url_for
from flask_appbuilder import expose, has_access
from flask_babel import gettext as _

from app.errors import DomainError, Invalid, NotAllowed, NotFound
from app.queries.organization_settings import administrators_of
from app.services import administrator
from app.transaction import current_session
from views import proof
from views.addresses import positive
from views.base import PageView, current_actor
from views.forms.organization import AdministratorForm
from views.organization import own_organization, settings_tree


class AdministratorView(PageView):
    """List, 新增, 停用 and 移交任务."""

    route_base = "/unit/administrators"

    @expose("/")
    @has_access
    def index(self) -> Any:
        """Everybody who acts or acted for the organization."""
        return self._page(AdministratorForm(formdata=None))

    @expose("/add/", methods=["POST"])
    @has_access
    @proof.needed
    def add(self) -> Any:
        """The initial password is in this answer and nowhere else: no redirect, nothing kept in the session."""
        form = AdministratorForm()
        if not form.validate():
            return self._page(form, status=422)
        with self.attempt(form) as outcome:
            issued = administrator.add(
                name=form.name.data or "", username=form.username.data or "", actor=current_actor()
            )
        if not outcome.ok:
            return self._page(form, status=outcome.status)
        return self.render("organization/issued.html", issued=issued, unit=own_organization(),
                           back=url_for("AdministratorView.index"), tree=settings_tree("AdministratorView.index"))

    @expose("/<int:account_id>/deactivate/", methods=["POST"])
    @has_access
    @proof.needed
    def deactivate(self, account_id: int) -> Any:
        """停用; one's own account too, when a successor is named."""
        own = account_id == current_actor().user_id
        try:
            released = administrator.deactivate(
                account_id=account_id, actor=current_actor(), successor_id=positive(request.form.get("successor_id"))
            )
        except (NotFound, NotAllowed):
            raise
        except DomainError as error:
            return self._refused(error)
        text = _("该管理员已停用，其登录已失效。") if not own else _("您的管理员账号已停用。")
        flash(text + (_("已领取的 %(n)s 条任务已放回，可由其他管理员领取。", n=released) if released else ""), "success")
        return redirect(url_for("LoginView.login" if own else "AdministratorView.index"))

    @expose("/<int:account_id>/hand-over/", methods=["POST"])
    @has_access
    @proof.needed
    def hand_over(self, account_id: int) -> Any:
        """移交任务: what the colleague has claimed goes back to the common pile."""
        try:
            released = administrator.hand_over(account_id=account_id, actor=current_actor())
        except (NotFound, NotAllowed):
            raise
        except DomainError as error:
            return self._refused(error)
        flash(_("%(n)s 条任务已放回，可由其他管理员领取。", n=released), "success")
        return redirect(url_for("AdministratorView.index"))

    def _refused(self, error: DomainError) -> Any:
        flash(" ".join(map(_, [error.message, *(error.fields.values() if isinstance(error, Invalid) else ())])), "danger")
        return redirect(url_for("AdministratorView.index"))

    def _page(self, form: AdministratorForm, *, status: int = 200) -> Any:
        unit = own_organization()
        rows = administrators_of(current_session(), unit.id)
        me = current_actor().user_id
        return self.render(
            "organization/administrators.html", form=form, unit=unit, rows=rows, me=me, status=status,
            successors=[row for row in rows if row.active and row.id != me and not row.must_change_password],
            others=[row for row in rows if row.active and row.id != me],
            tree=settings_tree("AdministratorView.index"),
        )


def register(appbuilder: Any) -> None:
    """Add the views of this module."""
    appbuilder.add_view_no_menu(AdministratorView)
