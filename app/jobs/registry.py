"""Which function does which kind of job. Modules of this package register theirs; `load` imports them all."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import app.jobs


@dataclass(frozen=True)
class JobView:
    """A job as its handler sees it. `attempts` counts this run: 1 on the first."""

    id: int
    kind: str
    key: str
    payload: dict[str, Any]
    attempts: int
    max_attempts: int


Handler = Callable[[JobView], None]
_handlers: dict[str, Handler] = {}


class GiveUp(Exception):
    """Raised by a handler when another try cannot help; the job becomes an incident at once."""


class UnknownKind(Exception):
    """No handler of that kind in this release. Retried: an older worker may meet a newer job."""


def handler(kind: str) -> Callable[[Handler], Handler]:
    """Register the function for `kind`. It must be idempotent: it runs at least once, and opens its own transaction."""

    def register(function: Handler) -> Handler:
        if _handlers.get(kind, function) is not function:
            raise RuntimeError(f"job kind {kind} is registered twice")
        _handlers[kind] = function
        return function

    return register


def handler_of(kind: str) -> Handler:
    """The function for `kind`; UnknownKind when there is none."""
    load()
    try:
        return _handlers[kind]
    except KeyError:
        raise UnknownKind(f"no handler for jobs of kind {kind}") from None


def kinds() -> list[str]:
    """Every kind this release can do."""
    load()
    return sorted(_handlers)


@functools.cache
def load() -> None:
    """Import every module of app.jobs, so that each has registered its handlers."""
    for module in pkgutil.iter_modules(app.jobs.__path__):
        importlib.import_module(f"app.jobs.{module.name}")
