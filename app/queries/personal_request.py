"""Requests of persons to the issuing authority: definitions from the settings, facts, routes, and what reviewers read.

The snapshot of a request: {"title", "number", "photo_file_id", "parts": [part], "slots": [{"code", "name", "files"}]};
part: {"title", "pairs": [[label, value]]} or {"title", "columns": [label], "head": number of the one that names a row, "rows": [[text]]};
file: {"attachment_id", "file_id", "name", "size", "media_type"}.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, func, or_, select
from sqlalchemy.orm import Session

from app.errors import Invalid, NotFound
from app.queries.material import Names, code_names
from app.queries.review_form import opinions
from app.rules.fields import Field, display, parse_fields
from app.rules.identity import mask_id_number
from app.rules.personal_request import RequestFacts, Slot, parse_slots
from app.rules.routing import Stop
from app.workflow.definitions import PROCEDURES
from models.case import Case
from models.certificate import Certificate
from models.file import Attachment, StoredFile
from models.organization import Jurisdiction, Organization
from models.person import Person
from models.personal_request import REQUEST_KINDS, PersonalRequest
from models.region import Region
from models.series import Specialty, Title, TitleLevel, TitleSeries
from models.setting import Setting

_r, _person, _c = PersonalRequest.__table__, Person.__table__, Certificate.__table__
_organization, _jurisdiction, _region = Organization.__table__, Jurisdiction.__table__, Region.__table__
_title, _level, _series, _specialty = Title.__table__, TitleLevel.__table__, TitleSeries.__table__, Specialty.__table__
_case = Case.__table__
_attachment, _file, _setting = Attachment.__table__, StoredFile.__table__, Setting.__table__
PAGE_SIZE = 20


@dataclass(frozen=True)
class Definitions:
    """What a kind of request asks for."""

    fields: tuple[Field, ...]
    education: tuple[Field, ...]
    slots: tuple[Slot, ...]
    corrections: tuple[Field, ...]
    settings: Mapping[str, Any]

    @property
    def education_columns(self) -> list[tuple[str, Field]]:
        """Headings and fields of the list of 教育经历, as the setting names them; every field where there is no setting."""
        by_key = {field.key: field for field in self.education}
        named = [(column["label"], by_key.get(column["field"])) for column in self.settings.get("education_columns", ())]
        return [(label, field) for label, field in named if field] or [(field.label, field) for field in self.education]


@dataclass(frozen=True)
class Loaded:
    """A request with its definitions, its facts and the names of codes. `target`: what is asked for, by label."""

    row: Row[Any]
    definitions: Definitions
    facts: RequestFacts
    names: Names
    target: Mapping[str, str]


def definitions(session: Session, kind: str) -> Definitions:
    """From the settings `<kind>.*`."""
    settings = {
        row.key.partition(".")[2]: row.value
        for row in session.execute(select(_setting.c.key, _setting.c.value).where(_setting.c.key.startswith(f"{kind}.")))
    }
    if "fields" not in settings:
        raise Invalid(f"系统设置中没有“{REQUEST_KINDS[kind]}”的填报字段，请联系平台客服。")
    fields = parse_fields(settings["fields"])
    wanted = settings.get("corrections", ())
    return Definitions(
        fields, parse_fields(settings["education"]) if "education" in settings else (), parse_slots(settings.get("slots")),
        tuple(field for field in fields if field.key in wanted), settings,
    )


def load(session: Session, request_id: int) -> Loaded:
    """Everything about one request; NotFound when there is none. Who may see it is the caller's to check."""
    row: Any = session.execute(
        select(
            _r, _person.c.name, _person.c.sex, _person.c.birth_date, _person.c.id_number, _person.c.id_doc_type,
            _person.c.mobile, _person.c.photo_id, _person.c.organization_id.label("bound_to"), _person.c.user_id,
            _organization.c.name.label("employer"), _c.c.state.label("certificate_state"), _c.c.number.label("certificate_number"),
        )
        .join(_person, _person.c.id == _r.c.person_id)
        .join(_organization, _organization.c.id == _r.c.employer_id)
        .outerjoin(_c, _c.c.id == _r.c.certificate_id)
        .where(_r.c.id == request_id)
    ).first()
    if row is None:
        raise NotFound("没有找到这份申请，它可能已被删除。")
    known = definitions(session, row.kind)
    names = code_names(session, {
        "id_doc_type", *(f.code_table for f in (*known.fields, *known.education) if f.code_table),
    })
    counts: dict[str, int] = dict(session.execute(
        select(_attachment.c.slot, func.count()).where(
            _attachment.c.subject_type == row.kind, _attachment.c.subject_id == request_id
        ).group_by(_attachment.c.slot)
    ).tuples().all())
    facts = RequestFacts(
        row.kind, known.fields, known.education, known.slots, row.data, row.education, row.corrections, counts,
        row.photo_id is not None, row.bound_to is not None, row.certificate_state or "",
    )
    return Loaded(row, known, facts, names, _target(session, row))


def _target(session: Session, row: Row[Any]) -> dict[str, str]:
    if row.title_id is None:
        return {}
    found = session.execute(
        select(_title.c.name, _level.c.name.label("level"), _series.c.name.label("series"), _specialty.c.name.label("specialty"))
        .select_from(_title)
        .join(_level, _level.c.id == _title.c.level_id).join(_series, _series.c.id == _title.c.series_id)
        .join(_specialty, _specialty.c.id == row.specialty_id).where(_title.c.id == row.title_id)
    ).one()
    return {"申请确认级别": found.level, "申请确认系列": found.series, "申请确认专业": found.specialty, "申请确认资格": found.name}


def about(loaded: Loaded) -> list[list[str]]:
    """基本信息 of whose request it is."""
    row = loaded.row
    doc_type = loaded.names("id_doc_type").get(row.id_doc_type, row.id_doc_type)
    return [
        ["姓名", row.name], ["性别", row.sex], ["出生日期", row.birth_date.isoformat() if row.birth_date else ""],
        ["证件类型", doc_type], ["证件号码", mask_id_number(row.id_number)], ["手机号码", row.mobile], ["单位", row.employer],
    ]


def compose(session: Session, loaded: Loaded) -> dict[str, Any]:
    """The request in the shape above, as it stands now."""
    row, names = loaded.row, loaded.names
    shown = [
        [field.label, display(field, row.data.get(field.key), names)] for field in loaded.definitions.fields
    ]
    parts: list[dict[str, Any]] = [{"title": "基本信息", "pairs": about(loaded)}]
    if row.kind == "recognition":
        columns = loaded.definitions.education_columns
        parts.append({"title": "申报信息", "pairs": [*shown, *([label, value] for label, value in loaded.target.items())]})
        parts.append({
            "title": "教育经历", "columns": [heading for heading, _ in columns],
            "head": next((at for at, (_, field) in enumerate(columns) if field in loaded.definitions.education[:1]), 0),
            "rows": [[display(field, entry.get(field.key), names) for _, field in columns] for entry in row.education],
        })
    else:
        parts.append({"title": "现有证书信息", "pairs": shown})
        if row.corrections:
            parts.append({"title": "证书信息变更", "pairs": [
                [field.label, f"{display(field, row.data.get(field.key), names)} → {display(field, row.corrections[field.key], names)}"]
                for field in loaded.definitions.corrections if field.key in row.corrections
            ]})
    files = session.execute(
        select(_attachment.c.id, _attachment.c.slot, _attachment.c.name, _attachment.c.file_id, _file.c.size,
               _file.c.media_type, _file.c.sha256)
        .join(_file, _file.c.id == _attachment.c.file_id)
        .where(_attachment.c.subject_type == row.kind, _attachment.c.subject_id == row.id)
        .order_by(_attachment.c.slot, _attachment.c.position, _attachment.c.id)
    ).all()
    slots = [
        {"code": slot.code, "name": slot.name, "files": [
            {"attachment_id": f.id, "file_id": f.file_id, "name": f.name, "size": f.size, "media_type": f.media_type,
             "sha256": f.sha256}
            for f in files if f.slot == slot.code
        ]}
        for slot in loaded.definitions.slots
    ]
    return {
        "title": REQUEST_KINDS[row.kind], "number": f"{'QR' if row.kind == 'recognition' else 'BH'}{row.id:08d}",
        "photo_file_id": row.photo_id, "parts": parts, "slots": slots,
    }


def requests_of(session: Session, person_id: int, kind: str) -> Sequence[Any]:
    """申报记录: newest first, with the names the list shows."""
    return session.execute(
        select(
            _r.c.id, _r.c.state, _r.c.data, _r.c.created_at, _r.c.submitted_at, _r.c.decided_at, _r.c.certificate_id,
            _r.c.issued_id, _title.c.name.label("title"), _level.c.name.label("level"), _series.c.name.label("series"),
            _specialty.c.name.label("specialty"), _c.c.number,
        )
        .outerjoin(_title, _title.c.id == _r.c.title_id).outerjoin(_level, _level.c.id == _title.c.level_id)
        .outerjoin(_series, _series.c.id == _title.c.series_id).outerjoin(_specialty, _specialty.c.id == _r.c.specialty_id)
        .outerjoin(_c, _c.c.id == _r.c.issued_id)
        .where(_r.c.person_id == person_id, _r.c.kind == kind).order_by(_r.c.id.desc()).limit(PAGE_SIZE)
    ).all()


def offered(session: Session, series_id: int, level_id: int) -> tuple[list[tuple[int, str]], list[tuple[int, str]]]:
    """(specialties, titles) of a series at a level that can be asked for."""
    specialties = session.execute(
        select(_specialty.c.id, _specialty.c.name).where(_specialty.c.series_id == series_id, _specialty.c.enabled)
        .order_by(_specialty.c.name)
    ).tuples().all()
    titles = session.execute(
        select(_title.c.id, _title.c.name)
        .where(_title.c.series_id == series_id, _title.c.level_id == level_id, _title.c.enabled).order_by(_title.c.id)
    ).tuples().all()
    return list(specialties), list(titles)


def series_and_level(session: Session, title_id: int) -> tuple[int, int]:
    """(series, level) of a title."""
    return session.execute(select(_title.c.series_id, _title.c.level_id).where(_title.c.id == title_id)).tuples().one()


def levels(session: Session) -> list[tuple[int, str]]:
    """(id, name) of the levels, highest first."""
    return list(session.execute(select(_level.c.id, _level.c.name).order_by(_level.c.rank.desc())).tuples().all())


def route_of(session: Session, loaded: Loaded) -> list[Stop]:
    """The stops of a request; Invalid with a sentence when nobody is competent for a node."""
    row = loaded.row
    unit = session.execute(
        select(_organization.c.id, _organization.c.name, _region.c.path)
        .join(_region, _region.c.code == _organization.c.region_code).where(_organization.c.id == row.bound_to)
    ).first()
    if unit is None:
        raise Invalid("您还没有绑定单位，不能提交。请先在“个人信息”中完成单位绑定。")
    regions = list(reversed(unit.path.split("/")))
    series_id = session.execute(select(_title.c.series_id).where(_title.c.id == row.title_id)).scalar()
    rows = session.execute(
        select(_jurisdiction.c.kind, _jurisdiction.c.region_code, _jurisdiction.c.series_id, _organization.c.id, _organization.c.name)
        .join(_organization, _organization.c.id == _jurisdiction.c.organization_id)
        .where(_jurisdiction.c.region_code.in_(regions), _organization.c.enabled,
               or_(_jurisdiction.c.series_id.is_(None), _jurisdiction.c.series_id == series_id))
        .order_by(_jurisdiction.c.id)
    ).all()
    stops = [Stop("employer", unit.id, unit.name)]
    for node in PROCEDURES[row.kind].nodes[1:]:
        stop = _issuer(session, loaded, rows, regions) if node == "issuer" else _nearest(node, rows, regions)
        if stop is None:
            label = {"competent_department": "主管部门", "hr_department": "人社部门", "issuer": "发证机关"}[node]
            raise Invalid(f"系统没有找到该单位属地的{label}，暂时不能提交。请联系平台客服补充审核路径，已填写的内容不会丢失。")
        if stop.organization_id == stops[-1].organization_id:
            stops.pop()  # one visit, under the later name
        stops.append(stop)
    return stops


def _nearest(node: str, rows: Sequence[Any], regions: Sequence[str]) -> Stop | None:
    for region in regions:
        here = [row for row in rows if row.kind == node and row.region_code == region]
        here.sort(key=lambda row: row.series_id is None)  # one that is named for the series goes first
        if here:
            return Stop(node, here[0].id, here[0].name)
    return None


def _issuer(session: Session, loaded: Loaded, rows: Sequence[Any], regions: Sequence[str]) -> Stop | None:
    """The issuer of the old certificate; else, by level, the province's or the nearest."""
    row = loaded.row
    named = session.execute(
        select(_organization.c.id, _organization.c.name)
        .join(_c, _c.c.issuer_id == _organization.c.id).where(_c.c.id == row.certificate_id)
    ).first()
    if named is None and row.kind == "reissue":
        named = session.execute(
            select(_organization.c.id, _organization.c.name)
            .join(_jurisdiction, (_jurisdiction.c.organization_id == _organization.c.id) & (_jurisdiction.c.kind == "issuer"))
            .where(_organization.c.name == str(row.data.get("issuer_name", "")), _organization.c.enabled)
        ).first()
    if named is not None:
        return Stop("issuer", named.id, named.name)
    level = loaded.target.get("申请确认级别") or str(row.data.get("level_name", ""))
    high = level in loaded.definitions.settings.get("province_levels", ())
    return _nearest("issuer", rows, regions[-1:] if high else regions)


def form_facts(session: Session, request_id: int) -> dict[str, Any]:
    """Facts for app.reports.request_form, with "run", "name", "person_id", "photo_id", "is_draft"; the caller checks."""
    loaded = load(session, request_id)
    row = loaded.row
    is_draft = row.state in ("editing", "returned") or row.snapshot is None
    run = session.execute(
        select(func.max(_case.c.run)).where(_case.c.subject_type == row.kind, _case.c.subject_id == request_id)
    ).scalar() or 0
    number = session.execute(select(_c.c.number).where(_c.c.id == row.issued_id)).scalar()
    snapshot = compose(session, loaded) if is_draft else row.snapshot
    return {
        "kind": row.kind, "snapshot": snapshot, "id_number": row.id_number, "name": row.name, "person_id": row.person_id,
        "photo_id": snapshot["photo_file_id"], "run": run, "is_draft": is_draft,
        "opinions": {} if is_draft else opinions(session, row.kind, request_id, run),
        "certificate": {"number": number} if number else None, "pledge": loaded.definitions.settings.get("pledge", ()),
    }
