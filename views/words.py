"""The texts of pages in the language of the request: what `_` means in templates, and in the modules of every page.

A page asks for hundreds of texts. Jinja's own `_` looks the catalogue up and formats anew for each; here a text that takes
no values is found once a process, ready escaped: names of sections or plans come this way too, and must stay text.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import g, has_request_context
from flask_babel import get_translations
from markupsafe import Markup, escape

MOST = 20_000  # texts kept of one language: names that come from rows must not fill the memory


class Words:
    """One language. `whole` has texts without values, `bare` those that still take them."""

    def __init__(self, translations: Any) -> None:
        self.translations = translations
        self.whole: dict[str, Markup] = {}
        self.bare: dict[str, Markup] = {}

    def say(self, text: str) -> Markup:
        """The translation of a text without values; “%%” is a percent sign, as in texts that have some."""
        found = self.whole.get(text)
        if found is None:
            found = self._kept(self.whole, text, escape(self.translations.ugettext(text) if text else "").replace("%%", "%"))
        return found

    def say_with(self, text: str, values: dict[str, Any]) -> Markup:
        """The translation with its values, each of them escaped."""
        found = self.bare.get(text)
        if found is None:
            found = self._kept(self.bare, text, escape(self.translations.ugettext(text)))
        return found % values

    def _kept(self, where: dict[str, Markup], text: str, found: Markup) -> Markup:
        if len(where) < MOST:
            where[text] = found
        return found


def current() -> Words:
    """The words of this request, found once; outside of requests those of the default language."""
    try:
        return g.words  # type: ignore[no-any-return]
    except (AttributeError, RuntimeError):
        pass
    translations = get_translations()
    words: Words | None = getattr(translations, "zhicheng_words", None)
    if words is None:
        words = translations.zhicheng_words = Words(translations)
    if has_request_context():
        g.words = words
    return words


def say(text: str, /, **values: Any) -> Markup:
    """`_` of the templates: text, however it came; only values may be Markup."""
    words = current()
    return words.say_with(text, values) if values else words.say(text)


def gettext(text: str, /, **values: Any) -> str:
    """The plain text, for modules that every page runs through; import it `as _`."""
    found = current().translations.ugettext(text) if text else ""
    return str(found % values if values else found)


def catalogue(name: str) -> Callable[..., str]:
    """A function of the catalogue of the request in force when it is called."""

    def ask(*texts: Any) -> str:
        return str(getattr(current().translations, name)(*texts))

    return ask
