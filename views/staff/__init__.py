"""Generated screens of staff: dictionaries, organizations, plans, accounts, settings."""

from __future__ import annotations

from flask_appbuilder import AppBuilder

from views.staff import (
    account,
    achievement,
    built_in,
    dictionary,
    form_fields,
    holiday,
    kind_fields,
    notice,
    opinion_template,
    organization,
    plan,
    routing,
    seal,
    setting,
    termination,
)

SCREENS = (
    plan,
    organization,
    built_in,
    seal,
    routing,
    termination,
    achievement,
    kind_fields,
    form_fields,
    opinion_template,
    dictionary,
    holiday,
    notice,
    setting,
    account,
)


def register(appbuilder: AppBuilder) -> None:
    """Register the generated screens, in the order of the menu."""
    for module in SCREENS:
        module.register(appbuilder)
