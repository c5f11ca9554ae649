"""Pages written by hand: who acts, and the base of their views."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

from flask import abort, flash, g, request
from flask_appbuilder import BaseView
from flask_appbuilder.security.sqla.models import (
    Permission,
    Role,
    ViewMenu,
    assoc_permissionview_role,
    assoc_user_role,
)
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import bindparam, literal_column, select, union_all
from sqlalchemy import types as sa_types
from wtforms import Form

from app.actor import Actor
from app.errors import DomainError, Invalid, NotAllowed, NotFound
from app.extensions import db
from app.security import granted
from models.organization import Organization, OrganizationRole
from models.person import Person

VISITOR = 0  # the user id of nobody: no row has it, and it is not the system's None


def current_actor() -> Actor:
    """Who acts in this request: the signed-in account, or a visitor who owns nothing. Read once a request."""
    found = g.get("actor")
    if found is None:
        found = g.actor = _read_actor()
    return cast(Actor, found)


def current_organization_name() -> str:
    """The name of the organization the account acts for; empty for persons and staff."""
    current_actor()
    return str(g.get("organization_name", ""))


def _read_actor() -> Actor:
    origin = request.remote_addr or ""
    if not current_user.is_authenticated:
        return Actor(user_id=VISITOR, name=_("访客"), origin=origin)
    facts: dict[str, list[str]] = {"person": [], "organization": [], "kind": [], "role": [], "unregistered": [], "grant": []}
    account = current_user._get_current_object()
    for kind, value in db.session.connection().execute(
        _facts(account.organization_id is not None), {"of_user": account.id, "of_organization": account.organization_id}
    ):
        facts[kind].append(value)
    g.permissions = frozenset((name, view) for name, _space, view in (grant.partition(" ") for grant in facts["grant"]))
    g.organization_name = next(iter(facts["organization"]), "")
    g.organization_unregistered = bool(facts["unregistered"])
    return Actor(
        user_id=account.id, name=account.display_name,
        person_id=int(facts["person"][0]) if facts["person"] else None,
        organization_id=account.organization_id, organization_kinds=frozenset(facts["kind"]),
        roles=frozenset(facts["role"]), origin=origin,
    )


@lru_cache(maxsize=2)
def _facts(in_organization: bool) -> Any:
    """One statement over Core tables (the row scope is not known yet): (what, value) pairs about an account.

    Composed once. A grant is a permission's name, which has no space, and the name of the view or menu.
    """
    person, organization, kind, role = (
        Person.__table__, Organization.__table__, OrganizationRole.__table__, Role.__table__
    )
    permission, menu = Permission.__table__, ViewMenu.__table__
    user_id, organization_id = bindparam("of_user"), bindparam("of_organization")

    def fact(name: str, column: Any) -> Any:
        return select(literal_column(f"'{name}'"), column.cast(sa_types.String(400)))

    parts = [
        fact("grant", permission.c.name + " " + menu.c.name).select_from(granted()).where(
            assoc_permissionview_role.c.role_id.in_(select(assoc_user_role.c.role_id).where(assoc_user_role.c.user_id == user_id))),
        fact("person", person.c.id).where(person.c.user_id == user_id),
        fact("role", role.c.name).join(assoc_user_role, assoc_user_role.c.role_id == role.c.id)
        .where(assoc_user_role.c.user_id == user_id),
    ]
    if in_organization:
        parts += [
            fact("organization", organization.c.name).where(organization.c.id == organization_id),
            fact("unregistered", organization.c.id).where(
                organization.c.id == organization_id, organization.c.is_registered.is_(False)
            ),
            fact("kind", kind.c.kind).where(kind.c.organization_id == organization_id),
        ]
    return union_all(*parts)


def wants_json() -> bool:
    """Whether a script asks (fetch with Accept: application/json, or a JSON body) instead of a browser page."""
    return request.is_json or request.accept_mimetypes.best_match(["text/html", "application/json"]) == (
        "application/json"
    )


def page_number(value: str | None, *, most: int = 10_000) -> int:
    """A page number from the query string, from 1; 400 for what is none."""
    if value in (None, ""):
        return 1
    if not str(value).isdecimal() or not 1 <= int(str(value)) <= most:
        abort(400)
    return int(str(value))


@dataclass
class Outcome:
    """What became of an attempt: `ok`, or the error that was shown and the status for the page that shows it."""

    error: DomainError | None = None

    @property
    def ok(self) -> bool:
        return self.error is None

    @property
    def status(self) -> int:
        return 200 if self.error is None else self.error.status


class PageView(BaseView):
    """A page written by hand: `@expose` + `@has_access` on each endpoint, services called inside `attempt`."""

    default_view = "index"
    exclude_route_methods: set[str] = set()

    def render(self, template: str, *, status: int = 200, **context: Any) -> Any:
        """The template with our context; `status` for a form that is shown again."""
        text = self.render_template(template, **context)
        return (text, status) if status != 200 else text

    @contextmanager
    def attempt(self, form: Form | None = None) -> Iterator[Outcome]:
        """Run a service call; what the user can mend is shown, and the form keeps its input.

            with self.attempt(form) as outcome:
                application.submit(application_id=id, actor=current_actor())
            if outcome.ok:
                return redirect(…)
            return self.render("…", form=form, status=outcome.status)

        Sentences for fields go beside the fields, others become a message. NotFound and NotAllowed are no matter of
        input: they end the request with their page.
        """
        outcome = Outcome()
        try:
            yield outcome
        except (NotFound, NotAllowed):
            raise
        except DomainError as error:
            db.session.rollback()
            outcome.error = error
            flash(_(error.message), "danger")
            if form is not None and isinstance(error, Invalid):
                show_field_errors(form, error)

    def update_redirect(self) -> None:
        """FAB keeps a stack of visited pages in the session and writes it on every GET; we do not."""

    def get_redirect(self) -> str:
        return str(self.appbuilder.get_url_for_index)


def show_field_errors(form: Form, error: Invalid) -> None:
    """Put the sentences of `error.fields` beside the fields of the form that have these names."""
    for key, sentence in error.fields.items():
        field = form._fields.get(key)
        if field is not None:
            field.errors = [*field.errors, _(sentence)]
