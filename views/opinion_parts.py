"""What every decision form does with 公共意见 and 我的意见: offer them, read the one chosen, keep what was typed.

    {% import 'task/_opinions.html' as opinions %}
    {{ opinions.opinion_picker('id-of-the-textarea', 'approve', 'achievement') }}

and in the view, `sent_opinion(action)` instead of reading the field `opinion`, then `keep_sent(…)` once it is decided.
"""

from __future__ import annotations

from flask import flash, g, request
from flask_babel import gettext as _

from app.errors import DomainError
from app.queries.opinion_template import Opinion, fitting, opinions
from app.rules.return_reason import Reason
from app.services import opinion_template
from app.transaction import current_session
from views.addresses import positive
from views.base import current_actor

_JOINED = ("return", "terminate")  # reasons add up; another 同意 takes the place of the one before


def opinion_choices(procedure: str, action: str) -> tuple[list[Opinion], list[Opinion]]:
    """(公共意见, 我的意见) for templates; read once a request."""
    if "opinions" not in g:
        g.opinions = opinions(current_session(), current_actor().user_id or 0)
    return fitting(g.opinions, procedure=procedure or "", action=action)


def sent_opinion(action: str, suffix: str = "") -> str:
    """The opinion that was sent. Without scripts a chosen one arrives beside the text instead of in it."""
    typed = request.form.get(f"opinion{suffix}", "").strip()
    wanted = positive(request.form.get(f"template{suffix}"))
    if wanted is None:
        return typed
    found = next((one.text for one in opinions(current_session(), current_actor().user_id or 0)
                  if one.id == wanted and one.action == action), "")
    if not found or found in typed.split("\n"):
        return typed
    return f"{typed}\n{found}" if typed and action in _JOINED else found


def sent_reasons() -> list[Reason]:
    """退回原因 of the dialog (task/_reasons.html), each with its page; lines left empty are none."""
    pages, texts = request.form.getlist("reason_page"), request.form.getlist("reason_text")
    return [Reason(page.strip()[:32], text) for page, text in zip(pages, texts, strict=False) if text.strip()]


def keep_sent(opinion: str, action: str, procedure: str, suffix: str = "") -> None:
    """增加到我的意见, when that was ticked. The decision stands whether or not this succeeds."""
    if request.form.get(f"keep{suffix}") != "y" or not opinion:
        return
    try:
        opinion_template.keep(text=opinion, action=action, procedure=procedure, actor=current_actor())
    except DomainError as error:
        reason = " ".join([_(error.message), *map(_, getattr(error, "fields", {}).values())])
        flash(_("审核已办理，意见没有存入“我的意见”：%(why)s", why=reason), "warning")
