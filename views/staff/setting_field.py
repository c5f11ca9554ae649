"""The field of a setting's value: a text, a list of texts one a line, keys one a line, anything else as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _

from app.errors import Invalid
from app.rules.setting_words import is_lines, is_table, read_table, write_table
from views.base_fields import JsonField


class SettingValueField(JsonField):
    """What is sent is read by the kind of value the setting has now; `names`: what screens call its keys."""

    names: Mapping[str, str] = {}

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return shown(self.data, self.names)

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Text, lines, a table or JSON."""
        text = (valuelist[0] if valuelist else "").strip()
        before = self.object_data
        if isinstance(before, str):
            self.data = text
        elif is_lines(before):
            self.data = [line.strip() for line in text.splitlines() if line.strip()]
        elif is_table(before):
            try:
                self.data = read_table(text, before, self.names)
            except Invalid as error:
                raise ValueError(_(error.message)) from error
        else:
            super().process_formdata(valuelist)

    def process(self, *args: Any, **kwargs: Any) -> None:
        """Says under the field how to write the value."""
        super().process(*args, **kwargs)
        self.description = self._how()

    def _how(self) -> str:
        if isinstance(self.object_data, str):
            return _("直接填写文字，不加引号。")
        if is_lines(self.object_data):
            return _("每行一条。")
        if is_table(self.object_data):
            return _("每行一项，冒号前的名称保持不变；一项有多个取值的，用顿号隔开。")
        if isinstance(self.object_data, int):
            return _("填写一个整数。")
        return _("按 JSON 填写，键名和结构保持不变。")


def shown(value: Any, names: Mapping[str, str]) -> str:
    """A setting's value on its page and in its form."""
    if isinstance(value, str):
        return value
    if is_lines(value):
        return "\n".join(value)
    return write_table(value, names) if is_table(value) else json.dumps(value, ensure_ascii=False, indent=2)
