"""The pages: one noun a file. Each module registers its own views; this lists the modules.

To add one: write `views/<noun>.py` with `register(appbuilder)` at its end, add its name here, its permissions to
`app/roles.py` and its endpoints to `tests/access/matrix.py`.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from flask_appbuilder import AppBuilder

MODULES = (
    "account",
    "sign_on",
    "qr_sign_in",
    "own_security",
    "home",
    "notice",
    "notification",
    "registration",
    "person",
    "photo",
    "id_number",
    "employment",
    "organization",
    "administrator",
    "unit_person",
    "achievement",
    "achievement_import",
    "portfolio_review",
    "plan",
    "plan_desk",
    "plan_form",
    "plan_roster",
    "application",
    "filling",
    "held_title",
    "route_form",
    "task",
    "review",
    "exemption",
    "opinion",
    "recommendation",
    "post_quota",
    "commission",
    "substitution",
    "statistics",
    "certificate",
    "form",
    "export",
    "file",
    "staff",
    "personal_request",
    "request_review",
    "result",
    "integrity",
    "appeal",
)


def register(appbuilder: AppBuilder) -> None:
    """Register every module's views with FAB."""
    for name in MODULES:
        if find_spec(f"views.{name}") is not None:
            import_module(f"views.{name}").register(appbuilder)
