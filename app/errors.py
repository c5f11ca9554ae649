"""What can go wrong in the domain. Every error carries a sentence for the user: what to do next."""

from __future__ import annotations

from collections.abc import Mapping


class Sentence(str):
    """A sentence with values in it, which keeps its template: by that the pages find the translation.

    Sentence("密码至少 %(n)s 位。", n=8) is the text "密码至少 8 位。"
    """

    template: str
    values: Mapping[str, object]

    def __new__(cls, template: str, **values: object) -> Sentence:
        made = super().__new__(cls, template % values)
        made.template, made.values = template, values
        return made


class DomainError(Exception):
    """The base; `message` is shown to the user, `status` is the HTTP status of a page that shows it."""

    status = 400

    def __init__(self, message: str, **details: object) -> None:
        super().__init__(message)
        self.message = message
        self.details = details


class NotAllowed(DomainError):
    """The actor may not do this at all."""

    status = 403


class NotFound(DomainError):
    """No such row, or none the actor may know of."""

    status = 404


class WrongState(DomainError):
    """The subject is not in a state in which this can be done."""

    status = 409


class Conflict(DomainError):
    """Somebody else was first, or the form was filled from an older version."""

    status = 409


class Invalid(DomainError):
    """Input that does not hold; `fields` maps field keys to sentences, shown beside the fields."""

    status = 422

    def __init__(self, message: str, fields: Mapping[str, str] | None = None, **details: object) -> None:
        super().__init__(message, **details)
        self.fields = dict(fields or {})


class TooMany(DomainError):
    """Asked too often; the sentence says when to try again."""

    status = 429
