"""How long an opinion may be. What is printed on a form has a box of a fixed size there and must stay legible in it."""

from __future__ import annotations

PRINTED = 500  # an approval, a recommendation, the opinion of an expert group
WRITTEN = 2000  # what a return or a termination explains; nothing of it is printed


def most(action: str) -> int:
    """The most characters of the opinion that goes with a decision."""
    return PRINTED if action == "approve" else WRITTEN
