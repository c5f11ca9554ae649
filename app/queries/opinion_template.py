"""公共意见 and 我的意见, as reviewers choose from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from models.opinion_template import OpinionTemplate

OWN_LIMIT = 50  # of one account; more could not be found again in a list
_PUBLIC_LIMIT = 300
_template = OpinionTemplate.__table__


@dataclass(frozen=True)
class Opinion:
    """One opinion to choose."""

    id: int
    procedure: str  # empty: all
    action: str
    text: str
    is_public: bool


def opinions_statement(user_id: Any) -> Select[Any]:
    """Every enabled public opinion and all of an account's own, in the order of the lists."""
    return (
        select(_template.c.id, _template.c.user_id, _template.c.procedure, _template.c.action, _template.c.text, _template.c.position)
        .where(or_(_template.c.user_id.is_(None), _template.c.user_id == user_id), _template.c.enabled.is_(True))
        .order_by(_template.c.user_id.is_(None).desc(), _template.c.position, _template.c.id)
        .limit(_PUBLIC_LIMIT + OWN_LIMIT)
    )


def opinions(session: Session, user_id: int) -> list[Opinion]:
    """Those of `opinions_statement`; one statement."""
    rows = session.execute(opinions_statement(user_id))
    return [Opinion(row.id, row.procedure, row.action, row.text, row.user_id is None) for row in rows]


def fitting(given: Sequence[Opinion], *, procedure: str, action: str) -> tuple[list[Opinion], list[Opinion]]:
    """(公共意见, 我的意见) for a decision. An empty `procedure` (a batch of several) takes those that serve every one."""
    found = [
        opinion for opinion in given
        if opinion.action == action and opinion.procedure in ("", procedure)
    ]
    return [opinion for opinion in found if opinion.is_public], [opinion for opinion in found if not opinion.is_public]


def own_opinions(session: Session, user_id: int) -> Sequence[Any]:
    """An account's own ones (id, version, procedure, action, text) for the page on which they are kept."""
    return session.execute(
        select(_template.c.id, _template.c.version, _template.c.procedure, _template.c.action, _template.c.text)
        .where(_template.c.user_id == user_id)
        .order_by(_template.c.action, _template.c.position, _template.c.id).limit(OWN_LIMIT)
    ).all()
