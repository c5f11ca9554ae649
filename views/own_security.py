"""登录与安全: by which ways one's own account is entered, and where it is signed in."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, session, url_for
from flask_appbuilder import AppBuilder, expose, has_access
from flask_babel import gettext as _
from flask_login import current_user

from app.queries.identity import identities_of
from app.queries.web_session import devices_of
from app.rules.user_agent import describe
from app.services import sign_on, web_session
from app.transaction import current_session
from views import proof
from views.base import PageView, current_actor
from views.sign_on_clients import clients


class SecurityView(PageView):
    """One's own account only."""

    route_base = "/account/security"

    @expose("/")
    @has_access
    def index(self) -> Any:
        """The password, the identities of single sign-on, and what else could be linked."""
        actor = current_actor()
        linked = identities_of(current_session(), int(actor.user_id or 0))
        audience = "person" if actor.person_id else "unit" if actor.organization_id else ""
        taken = {row.provider for row in linked}
        return self.render(
            "account/security.html", title=_("登录与安全"), linked=linked, has_password=bool(current_user.password),
            devices=[(device, " · ".join(_(name) for name in describe(device.user_agent)))
                     for device in devices_of(current_session(), int(actor.user_id or 0), this=_this())],
            labels={key: found.provider.label for key, found in clients().items()},
            free=[found.provider for key, found in clients().items()
                  if found.provider.audience == audience and key not in taken],
        )

    @expose("/identities/<int:identity_id>/remove/", methods=["POST"])
    @has_access
    @proof.needed
    def remove(self, identity_id: int) -> Any:
        """解除关联."""
        with self.attempt() as outcome:
            sign_on.remove(identity_id=identity_id, actor=current_actor())
        if outcome.ok:
            flash(_("已解除关联。"), "success")
        return redirect(url_for("SecurityView.index"))

    @expose("/sessions/<int:session_row>/end/", methods=["POST"])
    @has_access
    def end(self, session_row: int) -> Any:
        """结束 one session in another browser."""
        web_session.end(session_row=session_row, actor=current_actor())
        flash(_("已结束该登录。"), "success")
        return redirect(url_for("SecurityView.index"))

    @expose("/sessions/end/", methods=["POST"])
    @has_access
    def end_others(self) -> Any:
        """结束其他登录."""
        ended = web_session.end_others(this=_this(), actor=current_actor())
        flash(_("已结束其他 %(n)s 个登录。", n=ended) if ended else _("没有其他登录。"), "success")
        return redirect(url_for("SecurityView.index"))


def _this() -> str:
    """The random id of the session that asks."""
    return str(getattr(session, "sid", "") or "")


def register(appbuilder: AppBuilder) -> None:
    """Add the views of this module."""
    appbuilder.add_view_no_menu(SecurityView)
