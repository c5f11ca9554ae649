"""Templates of databases that several modules start from."""

from __future__ import annotations

from flask import Flask

from app.scope import scope_of, scoped
from tests.database import Databases, build_template
from tests.factories import teacher_world


def started_template(application: Flask, store: Databases) -> str:
    """The teachers' world with a plan and the application that `applicant` has begun."""
    base = build_template(application, store, "teacher_plan", teacher_world.build_world, base="empty")

    def begin() -> None:
        who = teacher_world.actor("applicant")
        with scoped(scope_of(who)):
            teacher_world.started(who)

    return build_template(application, store, "started_teacher", begin, base=base)
