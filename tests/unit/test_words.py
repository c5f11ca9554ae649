"""`_` of the templates: text from rows stays text, values are escaped, percent signs read as in texts with values."""

from __future__ import annotations

from markupsafe import Markup

from views import words
from views.words import Words


class Catalogue:
    """A language of one text."""

    def ugettext(self, text: str) -> str:
        return {"同意": "Agreed", "共 %(n)s 条": "%(n)s in all", "已用 100%%": "100%% used"}.get(text, text)


def test_texts_are_translated_and_escaped() -> None:
    english = Words(Catalogue())
    assert english.say("同意") == "Agreed"
    assert english.say("<b>能力条件</b>") == "&lt;b&gt;能力条件&lt;/b&gt;"
    assert english.say("已用 100%%") == "100% used"
    assert english.say("") == ""
    assert english.say("占比 50%") == "占比 50%"  # a name that somebody typed


def test_values_are_escaped_unless_they_are_markup() -> None:
    english = Words(Catalogue())
    assert english.say_with("共 %(n)s 条", {"n": "<i>"}) == "&lt;i&gt; in all"
    assert english.say_with("共 %(n)s 条", {"n": Markup("<i>3</i>")}) == "<i>3</i> in all"


def test_names_from_rows_do_not_fill_the_memory(monkeypatch) -> None:
    monkeypatch.setattr(words, "MOST", 3)
    english = Words(Catalogue())
    assert [english.say(f"计划{n}") for n in range(9)] == [f"计划{n}" for n in range(9)]
    assert len(english.whole) == 3
