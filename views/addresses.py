"""Addresses inside the site: of subjects for those who review them, and what counts as local."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from flask import Flask, current_app, request, url_for
from werkzeug.routing import IntegerConverter, Map

_REVIEW_PAGES = {
    "employment": ("UnitPersonView.show", "employment_id"),
    "achievement": ("PortfolioReviewView.show", "achievement_id"),
    "application": ("ReviewView.show", "application_id"),
    "recognition": ("RequestReviewView.show", "request_id"),
    "reissue": ("RequestReviewView.show", "request_id"),
    "appeal": ("AppealReviewView.show", "appeal_id"),
}

LARGEST = 2**63 - 1  # that a column holds
_PLACE = 987654321012345678  # stands for the id in an address that is built once
_ENTRUSTMENT = "CommissionView.plan"


class Number(IntegerConverter):
    """A number in an address: one that no key can be is no page, instead of an error of the database."""

    def __init__(self, url_map: Map, fixed_digits: int = 0, min: int | None = None, max: int | None = LARGEST, signed: bool = False) -> None:
        super().__init__(url_map, fixed_digits, min, max, signed)


def register_numbers(app: Flask) -> None:
    """Before any route is added."""
    app.url_map.converters["int"] = Number


def subject_address(subject_type: str, subject_id: int, back: str = "") -> str:
    """The page on which an organization reviews a subject; `back`: the list to return to after the decision."""
    endpoint, key = _REVIEW_PAGES[subject_type]
    return url_for(endpoint, **{key: subject_id}, back=back or None)


def subject_addresses(back: str) -> Callable[[str, int], str]:
    """`subject_address` for the rows of a list, which lead back to the same place: each kind's address is built once."""
    built: dict[str, str] = {}

    def address(subject_type: str, subject_id: int) -> str:
        if subject_type not in built:
            built[subject_type] = subject_address(subject_type, _PLACE, back)
        return built[subject_type].replace(str(_PLACE), str(subject_id), 1)

    return address


def way_back(default: str) -> str:
    """The list the browser came from (`back` in the address or the form) when it is one of ours, else `default`."""
    back = request.values.get("back", "")
    return back if is_local(back) else default


def is_local(address: str) -> bool:
    """Whether a path given by the browser stays on this site: one leading slash, no backslash, no control character."""
    return (
        address.startswith("/") and not address.startswith(("//", "/\\"))
        and "\\" not in address and all(character >= " " for character in address)
    )


def positive(value: str | None) -> int | None:
    """A positive number of at most 18 digits from an address or a form, else None."""
    return int(value) if value and value.isdecimal() and len(value) <= 18 else None


def safe_next(target: str | None) -> str:
    """The path to go on to: only ever a path of this site, otherwise the start page."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return "/"
    parts = urlsplit(target)
    if parts.scheme or parts.netloc or any(ord(c) < 32 or c == "\\" for c in target):
        return "/"
    return parts.path + (f"?{parts.query}" if parts.query else "")


def entrustment_address(plan_id: int) -> str | None:
    """委托 of a plan by the signed-in organization; None where there is no such page."""
    return url_for(_ENTRUSTMENT, plan_id=plan_id) if _ENTRUSTMENT in current_app.view_functions else None
