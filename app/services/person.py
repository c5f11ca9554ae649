"""个人信息 beyond the form: the photo, and showing the ID number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO

from sqlalchemy import select

from app.actor import Actor
from app.audit import Event, record_event
from app.errors import NotFound, WrongState
from app.permissions import require
from app.rules.upload_image import Cut
from app.services import certificate as certificates
from app.services import file as files
from app.transaction import transaction
from models.certificate import Certificate
from models.person import Person


def change_photo(*, stream: IO[bytes], filename: str, actor: Actor, cut: Cut | None = None) -> None:
    """上传照片: cut to 2 寸 and kept; certificates that waited for a photo are made now. Invalid as for any upload."""
    if actor.person_id is None:
        raise NotFound("当前账号不是个人账号，请使用个人账号登录。")
    file_id = files.store_photo(stream=stream, filename=filename, actor=actor, person_id=actor.person_id, cut=cut).id
    with transaction() as session:
        person = session.get_one(Person, actor.person_id, with_for_update=True)
        previous, person.photo_id = person.photo_id, file_id  # no new version: a photo is no change of the form
        record_event(session, event=Event.PERSON_PHOTO_CHANGED, subject_type="person", subject_id=person.id,
                     actor=actor, data={"file": file_id})
        waiting = session.scalars(
            select(Certificate).where(Certificate.person_id == person.id, Certificate.file_id.is_(None))
        ).all()
        for certificate in waiting:
            certificate.version += 1
            certificates.request_rendering(session, certificate_id=certificate.id, version=certificate.version)
    if previous is not None:
        files.discard(file_id=previous, actor=actor)


def delete_photo(*, actor: Actor) -> None:
    """删除 the photo. Submitted applications and certificates keep theirs. WrongState when there is none."""
    with transaction() as session:
        person = session.get(Person, actor.person_id, with_for_update=True) if actor.person_id else None
        if person is None:
            raise NotFound("当前账号不是个人账号，请使用个人账号登录。")
        previous, person.photo_id = person.photo_id, None
        if previous is None:
            raise WrongState("照片已经删除，无需再次删除。")
        record_event(session, event=Event.PERSON_PHOTO_DELETED, subject_type="person", subject_id=person.id,
                     actor=actor, data={"file": previous})
    files.discard(file_id=previous, actor=actor)


@dataclass(frozen=True)
class Revealed:
    """A person's name and whole ID number."""

    name: str
    number: str


def reveal_id_number(*, person_id: int, actor: Actor) -> Revealed:
    """The whole number, with an audit row in the same transaction. NotFound for people the actor does not handle."""
    with transaction() as session:
        person = session.get(Person, person_id, with_for_update=True)
        if person is None:
            raise NotFound("没有找到这个人员，可能不属于您的单位。")
        require("person.reveal", actor, person)
        record_event(session, event=Event.ID_NUMBER_REVEALED, subject_type="person", subject_id=person.id, actor=actor)
        return Revealed(person.name, person.id_number)
