"""The classes between FAB and every view of ours. Why each override exists: docs/framework.md.

`PageView` for pages written by hand, `SafeModelView` for generated screens, `SafeRestApi` for generated JSON.
"""

from __future__ import annotations

from views.base_model import SafeModelView
from views.base_page import (
    Outcome,
    PageView,
    current_actor,
    current_organization_name,
    page_number,
    show_field_errors,
    wants_json,
)
from views.base_rest import SafeRestApi

__all__ = [
    "Outcome", "PageView", "SafeModelView", "SafeRestApi", "current_actor", "current_organization_name", "page_number",
    "show_field_errors", "wants_json",
]
