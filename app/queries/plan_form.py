"""专业信息 of a plan: for each series it offers the plan's own fields, those kept at publication, or those of the platform."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.plan import PlanForm, PlanOffering
from models.series import TitleSeries
from models.series_form import SeriesForm

Definitions = Sequence[Mapping[str, Any]]
_own, _form, _offering, _series = PlanForm.__table__, SeriesForm.__table__, PlanOffering.__table__, TitleSeries.__table__


@dataclass(frozen=True)
class FormOfSeries:
    """What one series of an edition asks for. `kept`: the plan has a copy of its own; `usual`: the platform's fields today."""

    series_id: int
    series: str
    fields: tuple[Mapping[str, Any], ...]
    usual: tuple[Mapping[str, Any], ...]
    kept: bool
    is_own: bool

    @property
    def differs(self) -> bool:
        """Whether it is not what the platform's form says today."""
        return self.fields != self.usual

    @property
    def digest(self) -> str:
        """Tells two contents apart, so that a second window does not write over the first."""
        return digest_of(self.fields)


def digest_of(definitions: Definitions) -> str:
    """A short name of a content."""
    text = json.dumps(list(definitions), ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def forms_of(session: Session, plan_id: int, edition: int, series_id: int | None = None) -> tuple[FormOfSeries, ...]:
    """The forms of every series that an edition offers (or of one of them), in the order of the series; one statement."""
    offered = select(_offering.c.series_id).where(_offering.c.plan_id == plan_id, _offering.c.edition == edition).distinct()
    statement = (
        select(_series.c.id, _series.c.name, _own.c.fields.label("own"), _own.c.is_own, _form.c.fields.label("usual"),
               _own.c.id.label("own_id"))
        .outerjoin(_own, (_own.c.series_id == _series.c.id) & (_own.c.plan_id == plan_id) & (_own.c.edition == edition))
        .outerjoin(_form, _form.c.series_id == _series.c.id)
        .where(_series.c.id.in_(offered)).order_by(_series.c.position, _series.c.id)
    )
    if series_id is not None:
        statement = statement.where(_series.c.id == series_id)
    return tuple(
        FormOfSeries(
            row.id, row.name, tuple(row.own if row.own_id else row.usual or ()), tuple(row.usual or ()), row.own_id is not None,
            bool(row.is_own),
        )
        for row in session.execute(statement)
    )
