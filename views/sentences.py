"""Sentences of errors in the language of the page, also those with values in them (app.errors.Sentence)."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask_babel import Domain

from app.errors import Sentence


class _WithSentences:
    """The catalogues of a language; a Sentence is looked up by its template, its texts by themselves."""

    def __init__(self, catalogue: Any) -> None:
        self._catalogue = catalogue

    def ugettext(self, message: str) -> str:
        if not isinstance(message, Sentence):
            return str(self._catalogue.ugettext(message))
        values = {key: self.ugettext(value) if isinstance(value, str) else value for key, value in message.values.items()}
        return str(self._catalogue.ugettext(message.template)) % values

    gettext = ugettext

    def __getattr__(self, name: str) -> Any:
        return getattr(self._catalogue, name)


class SentenceDomain(Domain):
    """The same domain as before, behind every `_()` of views and templates."""

    def get_translations(self) -> Any:
        return _WithSentences(super().get_translations())


def register(app: Flask) -> None:
    """After Babel was set up."""
    babel = app.extensions["babel"].instance
    babel.domain_instance = SentenceDomain(domain=";".join(babel.domain_instance.domain))
