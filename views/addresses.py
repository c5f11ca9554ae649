"""Addresses inside the site: of subjects for those who review them, and what counts as local."""

from __future__ import annotations

from flask import url_for

_REVIEW_PAGES = {
    "employment": ("UnitPersonView.show", "employment_id"),
    "achievement": ("PortfolioReviewView.show", "achievement_id"),
    "application": ("ReviewView.show", "application_id"),
}


def subject_address(subject_type: str, subject_id: int) -> str:
    """The page on which an organization reviews a subject."""
    endpoint, key = _REVIEW_PAGES[subject_type]
    return url_for(endpoint, **{key: subject_id})


def is_local(address: str) -> bool:
    """Whether a path given by the browser stays on this site: one leading slash, no backslash, no control character."""
    return (
        address.startswith("/") and not address.startswith(("//", "/\\"))
        and "\\" not in address and all(character >= " " for character in address)
    )


def positive(value: str | None) -> int | None:
    """A positive number of at most 18 digits from an address or a form, else None."""
    return int(value) if value and value.isdecimal() and len(value) <= 18 else None
