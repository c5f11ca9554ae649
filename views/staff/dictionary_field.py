"""A select over a dictionary's entries, read when the form is shown."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from wtforms import SelectField

from app.queries.dictionary import choices, name_of
from app.transaction import current_session


class DictionaryField(SelectField):
    """The enabled entries of `table`; a value the row has had so far stays a choice when it was disabled since."""

    def __init__(self, label: Any = None, validators: Any = None, *, table: str, **kwargs: Any) -> None:
        self.table = table
        super().__init__(label, validators, choices=[], **kwargs)

    def process(self, *args: Any, **kwargs: Any) -> None:
        """Reads the entries, then the row's and the sent value."""
        entries = choices(current_session(), self.table)[self.table]
        self.choices = [("", _("请选择")), *entries]
        super().process(*args, **kwargs)
        present = self.object_data
        if present and present not in dict(entries):
            self.choices.append((present, name_of(current_session(), self.table, present) or present))


def dictionary_name(table: str) -> Any:
    """A formatter of a column that holds a code of `table`."""
    return lambda code: name_of(current_session(), table, code) or code
