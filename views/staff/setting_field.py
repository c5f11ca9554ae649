"""The field of a setting's value: a text as it is, a list of texts one a line, anything else as JSON."""

from __future__ import annotations

import json
from typing import Any

from flask_babel import gettext as _

from views.base_fields import JsonField


def _is_lines(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(line, str) for line in value)


class SettingValueField(JsonField):
    """What is sent is read by the kind of value the setting has now."""

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        if isinstance(self.data, str):
            return self.data
        return "\n".join(self.data) if _is_lines(self.data) else super()._value()

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Text, lines or JSON."""
        text = (valuelist[0] if valuelist else "").strip()
        if isinstance(self.object_data, str):
            self.data = text
        elif _is_lines(self.object_data):
            self.data = [line.strip() for line in text.splitlines() if line.strip()]
        else:
            super().process_formdata(valuelist)

    def process(self, *args: Any, **kwargs: Any) -> None:
        """Says under the field how to write the value."""
        super().process(*args, **kwargs)
        self.description = self._how()

    def _how(self) -> str:
        if isinstance(self.object_data, str):
            return _("直接填写文字，不加引号。")
        if _is_lines(self.object_data):
            return _("每行一条。")
        return _("按 JSON 填写，键名和结构保持不变。")


def shown(value: Any) -> str:
    """A setting's value on lists and pages."""
    if isinstance(value, str):
        return value
    return "\n".join(value) if _is_lines(value) else json.dumps(value, ensure_ascii=False, indent=2)
