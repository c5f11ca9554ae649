"""Forms that save themselves: how they are filled, what the script is answered, what people are told.

The JSON answer: {"saved_at": "14:03", "version": token, "message": text, "errors": {name: sentence}, "updates":
{name: value to show}, "lowered": {name: {"value", "message"}}, "conflicts": {name: {"mine": text, "stored": text, "value"}}}.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import flash
from flask_babel import gettext as _

from app.actor import Actor
from app.queries.material import Loaded
from app.rules.checks_material import Material
from app.rules.deadlines import ZONE
from app.rules.field_merge import token_of
from app.rules.fields import Field
from app.services.application_form import Saved
from views.forms.dynamic import DynamicForm, build_form, initial, name_of


def form_of(loaded: Loaded, fields: Sequence[Field], stored: Mapping[str, Any], *, fresh: bool) -> DynamicForm:
    """The form over some fields; `fresh`: filled from what is stored, otherwise from what was sent."""
    made = build_form(fields, codes=loaded.names.offered, data=stored, context=loaded.material.context)
    if not fresh:
        return made()
    return made(formdata=None, data={**initial(fields, stored), "version": token_of(stored)})


@dataclass(frozen=True)
class SelfSavingForm:
    """One of the forms of an application: its fields and stored values in the material, and the service that saves it."""

    fields: Callable[[Material], Sequence[Field]]
    stored: Callable[[Material], Mapping[str, Any]]
    service: Callable[..., Saved]

    def fill(self, loaded: Loaded, *, fresh: bool) -> DynamicForm:
        """`fresh`: filled from what is stored, otherwise from what was sent."""
        return form_of(loaded, self.fields(loaded.material), self.stored(loaded.material), fresh=fresh)

    def save(self, form: DynamicForm, loaded: Loaded, *, actor: Actor, whole: bool) -> Saved:
        """What was sent; `whole`: by its button, so that what is missing is said too."""
        return self.service(
            application_id=loaded.material.application_id, raw=form.raw, token=str(form.version.data or ""), actor=actor,
            partial=not whole,
        )


def tell(saved: Saved) -> bool:
    """Messages of a form that was sent whole; whether everything is right and stored."""
    for notice in saved.notices.values():
        flash(_(notice), "warning")
    if saved.conflicts:
        flash(_("有 %(n)s 处内容在其他窗口也修改过，没有覆盖，请逐处核对后再保存。", n=len(saved.conflicts)), "warning")
    if saved.errors:
        flash(_("已保存填写正确的内容，还有 %(n)s 处需要补充或修改。", n=len(saved.errors)), "warning")
    if saved.errors or saved.conflicts:
        return False
    flash(_("个人信息已保存。"), "success")
    return True


def conflict_sentence(mine: str, stored: str) -> str:
    """Both values of a field that two windows changed."""
    return _("其他窗口已保存为“%(theirs)s”，本页填写的是“%(mine)s”。再次保存将以本页的为准。",
             theirs=stored or _("（空）"), mine=mine or _("（空）"))


def shown_again(form: DynamicForm, saved: Saved, fields: Sequence[Field]) -> DynamicForm:
    """The form as it was sent, with the sentences beside its fields and what other windows have changed filled in."""
    form.version.data = saved.token
    values = initial(fields, dict(saved.arrived))
    for key in saved.arrived:
        form.control(key).data = values[name_of(key)]
    form.show_errors({**saved.errors, **{key: conflict_sentence(*pair) for key, pair in saved.conflicts.items()}})
    return form


def answer(saved: Saved, stored: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON answer to autosave.js; `stored`: the values as they are now."""
    return {
        "saved_at": saved.at.astimezone(ZONE).strftime("%H:%M:%S"), "version": saved.token,
        "message": " ".join(_(notice) for notice in saved.notices.values()),
        "errors": {name_of(key): _(sentence) for key, sentence in saved.errors.items()},
        "updates": {name_of(key): _shown(value) for key, value in saved.arrived.items()},
        "lowered": {
            name_of(key): {"value": str(stored[key]), "message": _(sentence)} for key, sentence in saved.notices.items()
        },
        "conflicts": {
            name_of(key): {"mine": mine, "stored": theirs, "value": _shown(stored.get(key))}
            for key, (mine, theirs) in saved.conflicts.items()
        },
    }


def _shown(value: Any) -> Any:
    """A stored value as a control of the page has it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return [str(entry) for entry in value] if isinstance(value, list) else str(value)
