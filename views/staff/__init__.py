"""Generated screens of staff: dictionaries, organizations, plans, accounts."""

from __future__ import annotations

from flask_appbuilder import AppBuilder


def register(appbuilder: AppBuilder) -> None:
    """Register the generated screens."""
