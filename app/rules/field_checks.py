"""Collecting what does not hold, field by field, so that everything wrong is said at once."""

from __future__ import annotations

from collections.abc import Callable

from app.errors import Invalid


class FieldChecks:
    """Call it with a field and a check; `done` raises Invalid with every sentence that came up.

        check = FieldChecks()
        mobile = check("mobile", lambda: identity.check_mobile(form.mobile))
        check.done()
    """

    def __init__(self) -> None:
        self.errors: dict[str, str] = {}

    def __call__(self, key: str, check: Callable[[], str]) -> str:
        """The checked value, empty when it does not hold."""
        try:
            return check()
        except Invalid as error:
            self.errors[key] = error.message
            return ""

    def done(self) -> None:
        """Raise unless everything held."""
        if self.errors:
            raise Invalid("有信息未填写完整或填写有误，请按提示修改。", self.errors)
