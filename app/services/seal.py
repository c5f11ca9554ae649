"""电子章: installing an organization's seal, retiring it. Keys come in checked and leave encrypted."""

from __future__ import annotations

import base64
import datetime as dt

from sqlalchemy import insert, select, update

from app.actor import Actor
from app.audit import Event, record_event
from app.errors import Invalid, NotAllowed, NotFound
from app.transaction import transaction
from models.base import utcnow
from models.organization import Organization
from models.seal import Seal

_s, _organization = Seal.__table__, Organization.__table__


def install(
    *, organization_id: int, p12: bytes, picture: bytes, certificate: bytes, valid_until: dt.datetime, actor: Actor
) -> int:
    """安装 a seal, in place of the one in use. The key is checked and free of its passphrase (app.reports.sealing)."""
    if not (actor.is_platform or actor.is_system):
        raise NotAllowed("只有平台运维人员可以安装电子章。")
    with transaction() as session:
        name = session.execute(
            select(_organization.c.name).where(_organization.c.id == organization_id).with_for_update()
        ).scalar()
        if name is None:
            raise NotFound("没有找到这个单位。")
        if valid_until <= utcnow():
            raise Invalid("电子章的证书已过期，请更换密钥文件。", {"p12": "证书已过期。"})
        now = utcnow()
        session.execute(update(_s).where(_s.c.organization_id == organization_id, _s.c.enabled).values(enabled=False, updated_at=now))
        seal_id: int = session.execute(insert(_s).values(
            organization_id=organization_id, name=f"{name}电子章", p12=base64.b64encode(p12).decode(),
            picture=base64.b64encode(picture).decode(), certificate=certificate, valid_until=valid_until, enabled=True,
            created_at=now, updated_at=now,
        ).returning(_s.c.id)).scalar_one()
        record_event(session, event=Event.SEAL_INSTALLED, subject_type="organization", subject_id=organization_id, actor=actor,
                     data={"seal": seal_id, "valid_until": valid_until})
        return seal_id


def retire(*, seal_id: int, actor: Actor) -> None:
    """停用: forms made from now on leave the place blank; what was sealed stays valid."""
    if not (actor.is_platform or actor.is_system):
        raise NotAllowed("只有平台运维人员可以停用电子章。")
    with transaction() as session:
        row = session.execute(
            update(_s).where(_s.c.id == seal_id, _s.c.enabled).values(enabled=False, updated_at=utcnow()).returning(_s.c.organization_id)
        ).first()
        if row is None:
            raise NotFound("没有找到在用的电子章，它可能已停用。")
        record_event(session, event=Event.SEAL_RETIRED, subject_type="organization", subject_id=row.organization_id, actor=actor,
                     data={"seal": seal_id})
