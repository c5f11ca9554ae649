"""The audit trail: one event per action, chained per subject, written in the action's own transaction.

A row's hash covers its canonical content and the hash of its subject's row before. (subject, seq) is unique in the
database, so that concurrent writers cannot fork a chain and no global lock is needed. Anchors digest all rows up to
a point and find what was cut off at the ends. `verify` names every edited, missing or added row.
"""

from __future__ import annotations

import datetime as dt
import enum
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, insert, select, text
from sqlalchemy.orm import Session

from app.actor import Actor
from models.audit import AuditAnchor, AuditEvent
from models.base import utcnow

GENESIS = "0" * 64
_event = AuditEvent.__table__
_anchor = AuditAnchor.__table__
_HEAD = (
    select(_event.c.seq, _event.c.hash)
    .where(_event.c.subject_type == bindparam("of_type"), _event.c.subject_id == bindparam("of_subject"))
    .order_by(_event.c.seq.desc()).limit(1)
)
_INSERT = insert(_event)


class Event(enum.StrEnum):
    """Everything that is recorded. Past tense, never renamed."""

    ACCOUNT_CREATED = "account:created"
    ACCOUNT_SIGNED_IN = "account:signed_in"
    ACCOUNT_SIGN_IN_FAILED = "account:sign_in_failed"
    ACCOUNT_LOCKED = "account:locked"
    ACCOUNT_PROVED = "account:proved"  # once more, while signed in
    PASSWORD_CHANGED = "account:password_changed"  # noqa: S105
    MAIL_CHOSEN = "account:mail_chosen"
    IDENTITY_LINKED = "account:identity_linked"  # a subject of single sign-on
    IDENTITY_REMOVED = "account:identity_removed"
    QR_SIGN_IN_CONFIRMED = "account:qr_sign_in_confirmed"
    QR_SIGN_IN_REFUSED = "account:qr_sign_in_refused"
    SESSION_ENDED = "account:session_ended"
    PERSON_REGISTERED = "person:registered"
    PERSON_CHANGED = "person:changed"
    PERSON_PHOTO_CHANGED = "person:photo_changed"
    PERSON_PHOTO_DELETED = "person:photo_deleted"
    ID_NUMBER_REVEALED = "person:id_number_revealed"
    EMPLOYMENT_REQUESTED = "employment:requested"
    EMPLOYMENT_APPROVED = "employment:approved"
    EMPLOYMENT_RETURNED = "employment:returned"
    EMPLOYMENT_WITHDRAWN = "employment:withdrawn"
    ORGANIZATION_PROVISIONED = "organization:provisioned"
    ORGANIZATION_REGISTERED = "organization:registered"
    ORGANIZATION_CHANGED = "organization:changed"
    ADMINISTRATOR_ADDED = "organization:administrator_added"
    ADMINISTRATOR_DEACTIVATED = "organization:administrator_deactivated"
    TASKS_HANDED_OVER = "organization:tasks_handed_over"
    ACHIEVEMENT_CREATED = "achievement:created"
    ACHIEVEMENT_CHANGED = "achievement:changed"
    ACHIEVEMENT_DELETED = "achievement:deleted"
    ACHIEVEMENT_SUBMITTED = "achievement:submitted"
    ACHIEVEMENT_WITHDRAWN = "achievement:withdrawn"
    ACHIEVEMENT_DECIDED = "achievement:decided"
    ACHIEVEMENTS_IMPORTED = "achievement_import:confirmed"
    ACHIEVEMENT_REOPENED = "achievement:reopened"
    APPLICATION_CREATED = "application:created"
    APPLICATION_CHOICE_CHANGED = "application:choice_changed"
    APPLICATION_PLEDGED = "application:pledged"
    APPLICATION_SAVED = "application:saved"
    APPLICATION_ITEM_IMPORTED = "application:item_imported"
    APPLICATION_ITEM_REMOVED = "application:item_removed"
    APPLICATION_ITEM_MOVED = "application:item_moved"
    HELD_TITLE_ADDED = "application:held_title_added"
    HELD_TITLE_CHANGED = "application:held_title_changed"
    HELD_TITLE_MOVED = "application:held_title_moved"
    HELD_TITLE_REMOVED = "application:held_title_removed"
    APPLICATION_CHECKED = "application:checked"
    APPLICATION_SUBMITTED = "application:submitted"
    APPLICATION_WITHDRAWN = "application:withdrawn"
    APPLICATION_DELETED = "application:deleted"
    APPLICATION_DECIDED = "application:decided"
    CASE_STARTED = "case:started"
    CASE_WITHDRAWN = "case:withdrawn"
    TASK_CLAIMED = "case:task_claimed"
    TASK_RELEASED = "case:task_released"
    TASK_HANDED_OVER = "case:task_handed_over"
    TASK_APPROVED = "case:task_approved"
    TASK_RETURNED = "case:task_returned"
    TASK_TERMINATED = "case:task_terminated"
    TASK_WITHDRAWN = "case:task_withdrawn"
    ACTION_REFUSED = "case:action_refused"
    OPINION_KEPT = "opinion_template:kept"
    OPINION_CHANGED = "opinion_template:changed"
    OPINION_REMOVED = "opinion_template:removed"
    FILE_STORED = "file:stored"
    FILE_ATTACHED = "file:attached"
    FILE_RENAMED = "file:renamed"
    FILE_DETACHED = "file:detached"
    FILE_MOVED = "file:moved"
    FILE_DELETED = "file:deleted"
    REQUEST_CREATED = "request:created"
    REQUEST_SAVED = "request:saved"
    REQUEST_CHECKED = "request:checked"
    REQUEST_SUBMITTED = "request:submitted"
    REQUEST_WITHDRAWN = "request:withdrawn"
    REQUEST_DELETED = "request:deleted"
    REQUEST_DECIDED = "request:decided"
    RESULT_ENTERED = "result:entered"
    RESULTS_PUBLICIZED = "result:publicized"
    RESULT_OBJECTED = "result:objected"
    RESULT_SETTLED = "result:settled"
    CERTIFICATES_ORDERED = "result:certificates_ordered"
    INTEGRITY_RECORDED = "integrity_record:recorded"
    INTEGRITY_LIFTED = "integrity_record:lifted"
    APPEAL_SUBMITTED = "appeal:submitted"
    APPEAL_WITHDRAWN = "appeal:withdrawn"
    APPEAL_DECIDED = "appeal:decided"
    SEAL_INSTALLED = "seal:installed"
    SEAL_RETIRED = "seal:retired"
    DOCUMENT_REQUESTED = "document:requested"
    DOCUMENT_MADE = "document:made"
    SUBSTITUTE_APPOINTED = "substitution:appointed"
    SUBSTITUTE_CALLED_OFF = "substitution:called_off"
    EXEMPTION_ASKED = "application:exemption_asked"
    EXEMPTION_DECIDED = "application:exemption_decided"
    APPLICATION_TERMINATION_LIFTED = "application:termination_lifted"
    COMMISSION_SENT = "commission:sent"
    COMMISSION_RECEIVED = "commission:received"
    COMMISSION_RETURNED = "commission:returned"
    RECOMMENDATION_SAVED = "recommendation:saved"
    POST_QUOTA_SAVED = "post_quota:saved"
    POST_QUOTA_CONFIRMED = "post_quota:confirmed"
    POST_QUOTA_FORM_REPLACED = "post_quota:form_replaced"
    POST_QUOTA_CORRECTED = "post_quota:corrected"
    POST_QUOTA_TAKEN = "post_quota:taken"
    POST_QUOTA_GIVEN_BACK = "post_quota:given_back"
    CERTIFICATE_ISSUED = "certificate:issued"
    CERTIFICATE_RENDERED = "certificate:rendered"
    CERTIFICATE_REPLACED = "certificate:replaced"
    CERTIFICATE_REVOKED = "certificate:revoked"
    PLAN_PUBLISHED = "plan:published"
    PLAN_CLOSED = "plan:closed"
    PLAN_REOPENED = "plan:reopened"
    PLAN_EXTENDED = "plan:extended"
    PLAN_CHANGED = "plan:changed"
    PLAN_COPIED = "plan:copied"
    PLAN_OFFERINGS_CHANGED = "plan:offerings_changed"
    PLAN_CHECKS_CHANGED = "plan:checks_changed"
    PLAN_FORM_CHANGED = "plan:form_changed"
    PLAN_REVISION_STARTED = "plan:revision_started"
    PLAN_REVISION_PUBLISHED = "plan:revision_published"
    PLAN_REVISION_DISCARDED = "plan:revision_discarded"
    PLAN_ROSTER_EXPORTED = "plan:roster_exported"
    ROSTER_EXPORTED = "roster:exported"
    EXPORT_REQUESTED = "export:requested"
    EXPORT_MADE = "export:made"
    EXPORT_DOWNLOADED = "export:downloaded"
    KEYS_ROTATED = "keys:rotated"
    RECORD_CREATED = "record:created"  # generated screens: dictionaries, plans, settings …
    RECORD_CHANGED = "record:changed"
    RECORD_DELETED = "record:deleted"
    JOB_RERUN = "job:rerun"


def canonical(content: dict[str, Any]) -> str:
    """The one text a row's hash is made over: sorted keys, no blanks, UTC times in ISO 8601."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)


def _digest(row: dict[str, Any]) -> str:
    at: dt.datetime = row["at"]
    content = {key: row[key] for key in (
        "subject_type", "subject_id", "seq", "event", "actor_id", "actor_name", "organization_id", "origin", "data",
        "previous_hash",
    )}
    content["at"] = at.astimezone(dt.UTC).isoformat(timespec="microseconds")
    return hashlib.sha256(canonical(content).encode()).hexdigest()


def record_event(
    session: Session, *, event: Event, subject_type: str, subject_id: int, actor: Actor,
    data: dict[str, Any] | None = None,
) -> None:
    """Append one row to the subject's chain, inside the transaction of the action.

    A concurrent writer on the same subject fails on the unique key; actions lock or guard their subject first.
    """
    connection = session.connection()
    head = connection.execute(_HEAD, {"of_type": subject_type, "of_subject": subject_id}).first()
    row = {
        "subject_type": subject_type, "subject_id": subject_id, "seq": head.seq + 1 if head else 1,
        "event": event.value, "actor_id": actor.user_id, "actor_name": actor.name,
        "organization_id": actor.organization_id, "origin": actor.origin, "at": utcnow(),
        "data": json.loads(canonical(data or {})), "previous_hash": head.hash if head else GENESIS,
    }
    row["hash"] = _digest(row)
    connection.execute(_INSERT, row)


def record_first_events(
    session: Session, *, event: Event, subject_type: str, subjects: Sequence[tuple[int, dict[str, Any]]], actor: Actor,
) -> None:
    """Begin the chains of subjects that this transaction has just made, (id, data) each, in one statement."""
    rows = []
    for subject_id, data in subjects:
        row = {
            "subject_type": subject_type, "subject_id": subject_id, "seq": 1, "event": event.value, "actor_id": actor.user_id,
            "actor_name": actor.name, "organization_id": actor.organization_id, "origin": actor.origin, "at": utcnow(),
            "data": json.loads(canonical(data)), "previous_hash": GENESIS,
        }
        rows.append({**row, "hash": _digest(row)})
    if rows:
        session.connection().execute(_INSERT, rows)


@dataclass(frozen=True)
class Fault:
    """One thing wrong with the trail: the event's id (0 for a missing one) and a sentence."""

    event_id: int
    message: str


def anchor(session: Session) -> None:
    """Digest every event since the last anchor. Run periodically; inside a transaction.

    PostgreSQL gives ids before the commit: the lock waits for writers, so that no lower id can appear afterwards.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE audit_event IN SHARE MODE"))
    last = session.execute(select(_anchor).order_by(_anchor.c.id.desc()).limit(1)).mappings().first()
    since = last["last_event_id"] if last else 0
    hashes = session.execute(select(_event.c.id, _event.c.hash).where(_event.c.id > since).order_by(_event.c.id)).all()
    if not hashes:
        return
    previous = last["digest"] if last else GENESIS
    session.execute(insert(_anchor).values(
        at=utcnow(), last_event_id=hashes[-1].id, events=len(hashes), previous_digest=previous,
        digest=_anchor_digest(previous, [row.hash for row in hashes]),
    ))


def _anchor_digest(previous: str, hashes: list[str]) -> str:
    digest = hashlib.sha256(previous.encode())
    for value in hashes:
        digest.update(value.encode())
    return digest.hexdigest()


def verify(session: Session) -> Iterator[Fault]:
    """Yield every fault: content that does not match its hash, broken links, gaps, events cut off or slipped in."""
    heads: dict[tuple[str, int], tuple[int, str]] = {}
    rows = session.execute(
        select(_event).order_by(_event.c.subject_type, _event.c.subject_id, _event.c.seq)
        .execution_options(yield_per=1000)
    ).mappings()
    for row in rows:
        key = (row["subject_type"], row["subject_id"])
        seq, previous = heads.get(key, (0, GENESIS))
        if row["seq"] != seq + 1:
            yield Fault(0, f"{key[0]} {key[1]}: rows {seq + 1} to {row['seq'] - 1} are missing")
        elif row["previous_hash"] != previous:
            yield Fault(row["id"], f"{key[0]} {key[1]}: row {row['seq']} does not follow the row before")
        if _digest(dict(row)) != row["hash"]:
            yield Fault(row["id"], f"{key[0]} {key[1]}: row {row['seq']} was changed")
        heads[key] = (row["seq"], row["hash"])
    yield from _verify_anchors(session)


def _verify_anchors(session: Session) -> Iterator[Fault]:
    since, previous = 0, GENESIS
    for row in session.execute(select(_anchor).order_by(_anchor.c.id)).mappings().all():
        hashes = session.execute(
            select(_event.c.hash).where(_event.c.id > since, _event.c.id <= row["last_event_id"]).order_by(_event.c.id)
        ).scalars().all()
        if row["previous_digest"] != previous:
            yield Fault(0, f"anchor {row['id']} does not follow the anchor before")
        if len(hashes) != row["events"] or _anchor_digest(row["previous_digest"], list(hashes)) != row["digest"]:
            yield Fault(0, f"anchor {row['id']}: the events up to {row['last_event_id']} are not what they were")
        since, previous = row["last_event_id"], row["digest"]
