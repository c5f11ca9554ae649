"""Seals follow decisions: after an approval, or one taken back, the stored forms of the subject are brought up to date.

The job is written in the deciding transaction; whether there is anything to set is asked with one look at the seals.
"""

from __future__ import annotations

from sqlalchemy import bindparam, exists, select
from sqlalchemy.orm import Session

from app.actor import Actor
from app.outbox import enqueue
from app.workflow.definitions import PROCEDURES
from app.workflow.registry import CaseView, passed
from models.base import utcnow
from models.document import Document
from models.seal import Seal

KIND = "form.seal"
_s, _d = Seal.__table__, Document.__table__
# Asked in every approval, and composed once: that costs more than running it.
_CONCERNED = select(
    exists().where(_s.c.organization_id == bindparam("of_organization"), _s.c.enabled,
                   _s.c.valid_until > bindparam("now", type_=_s.c.valid_until.type))
    | exists().where(_d.c.subject_type == bindparam("of_type"), _d.c.subject_id == bindparam("of_subject"),
                     _d.c.cache_key.startswith("run:"))
)


def order(session: Session, *, subject_type: str, subject_id: int, organization_id: int) -> None:
    """Have the organization's seal set on the forms of the subject, or taken from them; nothing where there is none."""
    values = {"of_organization": organization_id, "now": utcnow(), "of_type": subject_type, "of_subject": subject_id}
    if not session.connection().execute(_CONCERNED, values).scalar():
        return
    enqueue(session, kind=KIND, key=f"{KIND}:{subject_type}:{subject_id}:{utcnow().timestamp():.6f}",
            payload={"subject_type": subject_type, "subject_id": subject_id})


def follow(session: Session, *, case: CaseView, actor: Actor, opinion: str) -> None:
    """Registered with the engine for every procedure whose forms have boxes."""
    order(session, subject_type=case.subject_type, subject_id=case.subject_id, organization_id=case.organization_id)


for _procedure in ("application", "recognition", "reissue"):
    assert _procedure in PROCEDURES  # noqa: S101
    passed(_procedure)(follow)
