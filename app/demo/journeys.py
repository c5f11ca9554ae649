"""What people of the demo did: every step through the services, so that cases, tasks and trail are the real ones."""

from __future__ import annotations

import io
from collections.abc import Sequence

from sqlalchemy import delete, select

from app.actor import Actor
from app.demo.evidence import evidence_jpeg, evidence_pdf, photo_jpeg
from app.demo.portfolio import Entry
from app.demo.world import World
from app.services import achievement, review
from app.services.file import attach, store_generated, store_photo
from models.case import Task
from models.job import Job

EVIDENCE_SLOT = "attachments"


def settle(world: World) -> None:
    """Let the session forget what services changed behind its back; still inside the transaction."""
    world.session.flush()
    world.session.expire_all()


def give_photo(world: World, login: str) -> None:
    """A certificate photo for a person."""
    person, actor = world.people[login], world.actor(login)
    file = store_photo(
        stream=io.BytesIO(photo_jpeg(person.sex)), filename="证件照.jpg", actor=actor, person_id=person.id
    )
    person.photo_id = file.id
    world.session.flush()  # services read the row


def record(world: World, login: str, entries: Sequence[Entry], *, send: bool = True) -> list[int]:
    """Record achievements with their evidence and, with `send`, submit them to the unit; their ids."""
    actor = world.actor(login)
    name = world.people[login].name
    ids = []
    for number, entry in enumerate(entries):
        achievement_id = achievement.create(kind_code=entry.kind, values=entry.data, actor=actor)
        if entry.paper:
            _attach_evidence(entry, number, name, achievement_id, actor)
        if send:
            achievement.submit(achievement_id=achievement_id, version=None, actor=actor)
        ids.append(achievement_id)
    return ids


def _attach_evidence(entry: Entry, number: int, name: str, achievement_id: int, actor: Actor) -> None:
    subject = str(entry.data.get("name") or entry.data.get("title") or entry.data.get("project") or entry.paper)
    lines = (f"{name} 同志：", f"　　{subject}。", "　　特此证明。")
    draw, extension, media_type = (
        (evidence_jpeg, "jpg", "image/jpeg") if number % 3 == 0 else (evidence_pdf, "pdf", "application/pdf")
    )
    file = store_generated(
        data=draw(entry.paper, lines, entry.issuer), name=f"{entry.paper}.{extension}", media_type=media_type,
        actor=actor, person_id=actor.person_id,
    )
    attach(
        file_id=file.id, subject_type="achievement", subject_id=achievement_id, slot=EVIDENCE_SLOT, name=file.name,
        actor=actor, person_id=actor.person_id,
    )


def approve_open_tasks(world: World, administrator: str, subject_type: str, ids: Sequence[int]) -> None:
    """Decide the open tasks of these subjects in an administrator's inbox."""
    actor = world.actor(administrator)
    tasks = world.session.scalars(
        select(Task.id).where(
            Task.subject_type == subject_type, Task.subject_id.in_(ids), Task.state == "open",
            Task.organization_id == actor.organization_id,
        ).order_by(Task.id)
    ).all()
    administrator_decides(world, administrator, tasks)
    settle(world)


def administrator_decides(world: World, administrator: str, task_ids: Sequence[int], opinion: str = "") -> None:
    """Approve tasks; where the unit has several administrators, each is claimed first."""
    actor = world.actor(administrator)
    alone = actor.organization_id is not None and len(world.administrators(actor.organization_id)) == 1
    for task_id in task_ids:
        if not alone:  # again does no harm
            review.claim(task_id=task_id, actor=actor)
        review.approve(task_id=task_id, actor=actor, opinion=opinion)


def approved_portfolio(world: World, login: str, entries: Sequence[Entry], administrator: str) -> list[int]:
    """A portfolio that the unit has confirmed; the ids of its items."""
    ids = record(world, login, entries)
    approve_open_tasks(world, administrator, "achievement", ids)
    return ids


def forget_old_news(world: World) -> None:
    """Drop notifications not sent yet: nobody is told today of what the demo lets happen in the past."""
    world.session.execute(delete(Job).where(Job.kind.startswith("notify."), Job.state == "waiting"))
