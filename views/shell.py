"""The frame around every page: navigation by audience, account, unread messages; and the pages that only lead on.

`shell` (in every template, see docs/look.md) holds: home_url, login_url, help_url, verify_url, notifications_url,
nav = [{label, href, current, badge}], menu (FAB's menu, for staff), user = {name, organization, links, logout_url,
logout_method}, unread, locale_links, lang, density.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, abort, current_app, g, redirect, request, url_for
from flask_appbuilder import expose
from flask_login import current_user
from sqlalchemy import bindparam, func, select
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from app.actor import Actor
from app.queries.inbox import UNREAD_SHOWN
from app.queries.notice import LATEST, notices
from app.transaction import current_session
from models.notification import Notification
from views.base import PageView, current_actor, current_organization_name
from views.inbox import current_inbox
from views.plan import PHASES, search_plans
from views.sign_on_clients import sign_up_open
from views.staff.home import staff_home
from views.words import gettext as _

LANGUAGE_COOKIE = "language"
YEAR = 365 * 24 * 3600


@dataclass(frozen=True)
class Entry:
    """One entry of the top navigation; shown to who has one of `roles`, when the page exists."""

    label: str
    path: str
    roles: frozenset[str]
    badge: str = ""  # the pile of open work it counts
    also: tuple[str, ...] = ()  # where its pages stand besides


def _roles(*names: str) -> frozenset[str]:
    return frozenset(names)


_UNITS = _roles("Employer", "Agency", "HrDepartment")  # those that people can belong to
_REVIEWERS = _roles("Employer", "Agency", "CompetentDepartment", "HrDepartment", "Convener", "Issuer")
# The manual's top navigation, by audience (design: 首页 · … ).
NAVIGATION = (
    Entry("首页", "/home/", _roles("Applicant") | _REVIEWERS),
    Entry("个人业绩库", "/portfolio/", _roles("Applicant")),
    Entry("职称申报", "/applications/", _roles("Applicant")),
    Entry("个人中心", "/person/", _roles("Applicant"), also=("/certificates", "/requests", "/appeals")),
    Entry("业绩档案", "/unit/achievements", _UNITS),
    Entry("职称申报", "/reviews/", _REVIEWERS),
    Entry("人员注册审核", "/unit/people", _UNITS),
    Entry("任务中心", "/tasks/", _REVIEWERS, badge="tasks", also=("/reviews/requests", "/reviews/appeals")),
    Entry("管理设置", "/unit/settings/", _REVIEWERS),
    Entry("评审计划", "/reviewplanview/list/", _roles("Convener")),
    Entry("评审结果", "/results/", _roles("Convener"), also=("/certificates/issued",)),
    Entry("证书管理", "/certificates/issued", _roles("Issuer")),
    Entry("诚信档案", "/integrity/", _roles("HrDepartment", "Issuer")),
)
_note = Notification.__table__
_UNREAD = select(func.count()).select_from(
    select(_note.c.id).where(_note.c.user_id == bindparam("of_user"), _note.c.read_at.is_(None)).limit(UNREAD_SHOWN).subquery()
)
STAFF = _roles("Admin", "Ops", "Convener")


def register(app: Flask) -> None:
    """Make `shell` known to every template."""
    app.context_processor(lambda: {"shell": current_shell()})


def current_shell() -> dict[str, Any]:
    """The shell of this request; made once."""
    if "shell" not in g:
        g.shell = _build()
    return dict(g.shell)


def _build() -> dict[str, Any]:
    lang = chosen_language()
    shell: dict[str, Any] = {
        "lang": "zh-CN" if lang.startswith("zh") else lang, "home_url": "/", "login_url": url_for("LoginView.login"),
        "help_url": page("/help/"), "verify_url": page("/verify/"), "nav": [], "user": None, "unread": 0,
        "locale_links": _languages(lang), "density": "dense",
    }
    if not current_user.is_authenticated:
        return shell | {"density": "airy"}
    actor = current_actor()
    if "Applicant" in actor.roles:
        shell["density"] = "airy"
    waiting, shell["unread"] = _figures(actor)
    shell["nav"] = _navigation(actor, waiting)
    if actor.roles & STAFF:
        shell["menu"] = current_app.appbuilder.menu  # type: ignore[attr-defined]
    shell["user"] = {
        "name": actor.name, "organization": current_organization_name(),
        "links": [{"label": _("修改密码"), "href": url_for("PasswordView.index")},
                  {"label": _("登录与安全"), "href": url_for("SecurityView.index")}],
        "logout_url": url_for("LoginView.logout"), "logout_method": "post",
    }
    shell["notifications_url"] = page("/notifications/")
    return shell


def _navigation(actor: Actor, waiting: int) -> list[dict[str, Any]]:
    entries = [entry for entry in NAVIGATION if entry.roles & actor.roles and page(entry.path)]
    begun = [(len(path), entry.path) for entry in entries for path in (entry.path.rstrip("/"), *entry.also) if request.path.startswith(path)]
    here = max(begun, default=(0, ""))[1]
    return [
        {"label": _(entry.label), "href": page(entry.path), "current": entry.path == here,
         "badge": waiting if entry.badge else 0}
        for entry in entries
    ]


def _figures(actor: Actor) -> tuple[int, int]:
    """(what waits in 任务中心 for the actor, unread messages up to a limit); one statement, none where a list has asked."""
    if actor.organization_id is not None:
        inbox = current_inbox()
        return inbox.waiting, inbox.unread
    return 0, int(current_session().connection().execute(_UNREAD, {"of_user": actor.user_id}).scalar_one())


def page(path: str) -> str | None:
    """The path under which some view answers GET, otherwise None. Looked up once per application."""
    known: dict[str, str | None] = current_app.extensions.setdefault("zhicheng_pages", {})
    if path not in known:
        try:
            current_app.url_map.bind("localhost").match(path, "GET")
            known[path] = path
        except RequestRedirect as elsewhere:
            known[path] = urlsplit(elsewhere.new_url).path
        except HTTPException:
            known[path] = None
    return known[path]


def chosen_language() -> str:
    """The language of the visitor's cookie, otherwise the default. Nothing is written."""
    chosen = request.cookies.get(LANGUAGE_COOKIE, "") if request else ""
    languages = current_app.config["LANGUAGES"]
    return chosen if chosen in languages else str(current_app.config["BABEL_DEFAULT_LOCALE"])


def _languages(current: str) -> list[dict[str, Any]]:
    return [
        {"href": url_for("LanguageView.index", locale=key), "label": entry["name"], "lang": key.replace("_", "-"),
         "current": key == current}
        for key, entry in current_app.config["LANGUAGES"].items()
    ]


def home_of(actor: Actor) -> str | None:
    """Where an audience begins; None for staff, whose home is the menu."""
    return next((found for entry in NAVIGATION if entry.roles & actor.roles and (found := page(entry.path))), None)


class IndexView(PageView):
    """`/`: leads everybody to where they begin; staff find their menu."""

    route_base = ""

    @expose("/")
    def index(self) -> Any:
        if not current_user.is_authenticated:
            return self.render(
                "home/landing.html", search=search_plans(), phases=PHASES, sign_up_open=sign_up_open,
                notices=notices(current_session(), size=LATEST),
            )
        actor = current_actor()
        home = home_of(actor)
        return redirect(home) if home else self.render("appbuilder/index.html", **staff_home(actor))


class BackView(PageView):
    """`/back`: from a record to its list. FAB keeps a history in the session for this; the address suffices."""

    route_base = ""
    default_view = "back"

    @expose("/back")
    def back(self) -> Any:
        came_from = urlsplit(request.referrer or "")
        if came_from.netloc == request.host:
            try:
                endpoint, _args = current_app.url_map.bind("localhost").match(came_from.path, "GET")
            except (HTTPException, RequestRedirect):
                endpoint = ""
            above = endpoint.rpartition(".")[0] + ".list"
            if above in current_app.view_functions and not endpoint.endswith(".list"):
                return redirect(url_for(above))
        return redirect("/")


class LanguageView(PageView):
    """`/lang/<locale>`: the choice is kept in a cookie of its own, not in the session."""

    route_base = "/lang"

    @expose("/<string:locale>")
    def index(self, locale: str) -> Any:
        if locale not in current_app.config["LANGUAGES"]:
            abort(404)
        came_from = urlsplit(request.referrer or "")
        target = came_from.path if came_from.netloc == request.host else "/"
        response = redirect(target + ("?" + came_from.query if came_from.query and target != "/" else ""))
        response.set_cookie(
            LANGUAGE_COOKIE, locale, max_age=YEAR, httponly=True, samesite="Lax",
            secure=bool(current_app.config["SESSION_COOKIE_SECURE"]),
        )
        return response
