"""What the end of a case does to its subject, and what must hold before a decision: registered by the services."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy.orm import Session

from app.actor import Actor


@dataclass(frozen=True)
class CaseView:
    """A case as effects and guards see it, at the `node` of `organization_id`.

    `route`: list of {"node", "organization_id", "organization", "inserted"}.
    """

    id: int
    procedure: str
    subject_type: str
    subject_id: int
    run: int
    title: str
    person_id: int | None
    employer_id: int | None
    route: list[dict[str, Any]]
    node: str
    organization_id: int


class Effect(Protocol):
    """Changes the subject in the engine's transaction; raises a DomainError to refuse."""

    def __call__(self, session: Session, *, case: CaseView, actor: Actor, opinion: str) -> None: ...


EVENTS = ("approved", "returned", "terminated", "withdrawn", "reopened")
_effects: dict[tuple[str, str], Effect] = {}
_guards: dict[tuple[str, str], list[Effect]] = {}
_followers: dict[str, list[Effect]] = {}


def effect(procedure: str, event: str) -> Callable[[Effect], Effect]:
    """Register what happens to the subject when a case of `procedure` ends (or reopens) with `event`."""

    def register(function: Effect) -> Effect:
        key = (procedure, event)
        if event not in EVENTS or _effects.get(key, function) is not function:
            raise RuntimeError(f"effect {key} is unknown or registered twice")
        _effects[key] = function
        return function

    return register


def guard(procedure: str, action: str) -> Callable[[Effect], Effect]:
    """Register a check that runs before `action` on tasks of `procedure` and raises to refuse it."""

    def register(function: Effect) -> Effect:
        _guards.setdefault((procedure, action), []).append(function)
        return function

    return register


def passed(procedure: str) -> Callable[[Effect], Effect]:
    """Register what follows each approval of a task of `procedure` and each approval taken back, in the same transaction."""

    def register(function: Effect) -> Effect:
        found = _followers.setdefault(procedure, [])
        if function not in found:
            found.append(function)
        return function

    return register


def followers_of(procedure: str) -> list[Effect]:
    """What follows an approval, in order of registration."""
    return _followers.get(procedure, [])


def effect_of(procedure: str, event: str) -> Effect:
    """The registered effect; RuntimeError when a service forgot it."""
    try:
        return _effects[procedure, event]
    except KeyError:
        raise RuntimeError(f"no effect registered for {procedure} {event}") from None


def guards_of(procedure: str, action: str) -> list[Effect]:
    """The checks before an action, in order of registration."""
    return _guards.get((procedure, action), [])


def missing(procedures: dict[str, Any]) -> list[str]:
    """Effects that some procedure needs and nobody registered; the factory refuses to start with any."""
    wanted = [
        (code, event)
        for code, procedure in procedures.items()
        for event in ("approved", "withdrawn", "reopened", *(d.case_state for d in procedure.decisions if d.case_state))
    ]
    return [f"{code}:{event}" for code, event in wanted if (code, event) not in _effects]
