"""Templates of databases that several modules start from."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask

from app.actor import Actor
from app.scope import scope_of, scoped
from tests.database import Databases, build_template
from tests.factories import teacher_world


def plan_template(application: Flask, store: Databases) -> str:
    """The teachers' world with a plan that is open."""
    return build_template(application, store, "teacher_plan", teacher_world.build_world, base="empty")


def started_template(application: Flask, store: Databases) -> str:
    """… and the application that `applicant` has begun."""
    return _applied(application, store, "started_teacher", teacher_world.started, ("applicant",))


def submitted_template(application: Flask, store: Databases, *others: str) -> str:
    """… and the application that `applicant` has handed in, and those of `others`."""
    return _applied(application, store, "_".join(("submitted_teacher", *others)), teacher_world.submitted, ("applicant", *others))


def _applied(application: Flask, store: Databases, name: str, step: Callable[[Actor], int], logins: tuple[str, ...]) -> str:
    def apply() -> None:
        for login in logins:
            who = teacher_world.actor(login)
            with scoped(scope_of(who)):
                step(who)

    return build_template(application, store, name, apply, base=plan_template(application, store))
