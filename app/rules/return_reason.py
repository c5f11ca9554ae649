"""退回原因: to which pages of an application reasons can be pinned, and how they read as one opinion."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MOST = 30  # of one return
LONGEST = 500


@dataclass(frozen=True)
class Reason:
    """One reason; `page` empty: of the whole application."""

    page: str
    text: str


@dataclass(frozen=True)
class Page:
    """A page of the application: its key while filling, its name, its part of application/_material.html."""

    key: str
    name: str
    anchor: str


def pages(snapshot: Mapping[str, Any]) -> tuple[Page, ...]:
    """The pages that a submission (app.rules.snapshot) has, in the order of filling; keys as in views/filling_pages.py."""
    form = snapshot.get("route_form")
    return (
        Page("basic", "基本信息", "part-header"),
        *(Page(page["key"], page["name"], f"part-{page['key']}") for page in snapshot["pages"]),
        Page("attachments", "附件上传", "part-slots"),
        *([Page("form", form["name"], "part-route-form")] if form else []),
        *(Page(f"section-{section['id']}", section["name"], f"part-section-{section['id']}") for section in snapshot["sections"]),
    )


def composed(opinion: str, reasons: Iterable[Reason], names: Mapping[str, str]) -> str:
    """The opinion that goes into the history: whole by itself, a line for each reason after what was said in general."""
    lines = [f"{names[reason.page]}：{reason.text}" if reason.page else reason.text for reason in reasons]
    return "\n".join(filter(None, [opinion.strip(), *lines]))


def general(opinion: str, reasons: Sequence[Any]) -> str:
    """What a composed opinion says besides its reasons, each of which is one line at its end."""
    lines = opinion.split("\n")
    return "\n".join(lines[: len(lines) - len(reasons)])
