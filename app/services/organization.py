"""单位注册, 管理设置 and built-in units: a unit says who it is, once at the beginning and again when things change.

A credit code is no proof of who registers. Where single sign-on is configured, name, code and legal person come from
there (`provision`, then `complete`); the embedded registration only ever makes an employer, never an authority.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.actor import Actor
from app.audit import Event, record_event
from app.errors import Conflict, Invalid, NotAllowed, NotFound, Sentence, WrongState
from app.queries import dictionary
from app.queries.organization_settings import DICTIONARIES
from app.rules import deadlines, identity
from app.rules.account import check_email, check_username
from app.rules.field_checks import FieldChecks
from app.rules.password import check_password
from app.scope import system_scope
from app.security import hash_password
from app.services import administrator
from app.services.administrator import Issued
from app.transaction import current_session, transaction
from models.organization import Organization, OrganizationRole
from models.region import Region
from models.search import initials

_WRONG = "有信息未填写完整或填写有误，请按提示修改。"
_TAX_NUMBER = re.compile(r"[0-9A-Z]{15,20}")
_FULL_WIDTH = str.maketrans("()", "（）")
NAME_TAKEN = "该单位名称已注册。请核对名称；如确为本单位，请联系本单位管理员或平台客服。"
CODE_TAKEN = "该统一社会信用代码已注册。请联系本单位管理员为您新增管理员账号；如被他人占用，请联系平台客服。"
_LABELS = {
    "nature_code": "单位性质", "industry_code": "行业代码", "status_code": "单位状态", "economic_type_code": "经济类型",
    "license_kind_code": "工商登记执照种类",
}


@dataclass(frozen=True, kw_only=True)
class Basics:
    """What every unit files: the starred fields of 单位注册, and how to reach it."""

    contact: str
    mobile: str
    nature_code: str
    email: str
    region_code: str
    is_central: bool = False
    legal_person: str = ""
    legal_person_phone: str = ""
    address: str = ""


@dataclass(frozen=True, kw_only=True)
class SignUp:
    """单位注册 without single sign-on: who the unit is, and its first administrator's account."""

    name: str
    uscc: str
    username: str
    password: str
    basics: Basics


@dataclass(frozen=True, kw_only=True)
class BuiltIn:
    """内置单位: a unit without a credit code of its own; its account gets a one-time password."""

    name: str
    username: str
    basics: Basics


@dataclass(frozen=True, kw_only=True)
class Settings:
    """完善单位信息. Codes are of the dictionaries, empty where nothing was chosen; `license_years` as it was typed."""

    basics: Basics
    fax: str = ""
    industry_code: str = ""
    status_code: str = ""
    economic_type_code: str = ""
    tax_number: str = ""
    license_kind_code: str = ""
    license_number: str = ""
    license_issued_on: dt.date | None = None
    license_years: str = ""
    approval_number: str = ""
    approved_on: dt.date | None = None
    approved_by: str = ""


def register(*, form: SignUp, actor: Actor) -> int:
    """单位注册 by a visitor: the unit as an employer, with its first administrator; its id."""
    check = FieldChecks()
    name = check("name", lambda: checked_name(form.name))
    uscc = check("uscc", lambda: identity.check_uscc(form.uscc))
    username = check("username", lambda: check_username(form.username))
    check("password", lambda: check_password(form.password, username=username))
    with system_scope():  # nobody is signed in yet
        values = _basics(current_session(), form.basics, check)
        check.done()
        hashed = hash_password(form.password)  # slow on purpose: before the transaction
        return _insert(
            values | {"name": name, "uscc": uscc}, username=username, hashed=hashed, actor=actor, one_time=False
        )[0]


def create_built_in(*, form: BuiltIn, actor: Actor) -> Issued:
    """内置单位 by staff of the platform, with an account that must change its password first."""
    if not actor.is_platform:
        raise NotAllowed("只有平台运维人员可以内置单位。")
    check = FieldChecks()
    name = check("name", lambda: checked_name(form.name))
    username = check("username", lambda: check_username(form.username))
    values = _basics(current_session(), form.basics, check)
    check.done()
    password = administrator.initial_password()
    _, account_id = _insert(
        values | {"name": name, "is_built_in": True}, username=username, hashed=hash_password(password), actor=actor,
        one_time=True,
    )
    return Issued(account_id, username, values["contact"], password)


def provision(*, name: str, uscc: str, legal_person: str, actor: Actor) -> int:
    """The unit that a single sign-on vouches for, not enabled until 单位注册 is filed; its id. The same code twice
    gives the same unit; a name that another code holds is a Conflict.
    """
    name, uscc = checked_name(name), identity.check_uscc(uscc)
    try:
        return _provision(name, uscc, legal_person.strip()[:40], actor)
    except IntegrityError:  # two first sign-ins of one unit at the same moment: the second finds the first's row
        return _provision(name, uscc, legal_person.strip()[:40], actor)


def _provision(name: str, uscc: str, legal_person: str, actor: Actor) -> int:
    with system_scope(), transaction() as session:
        known = session.scalar(select(Organization.id).where(Organization.uscc == uscc))
        if known is not None:
            return known
        if session.scalar(select(Organization.id).where(Organization.name == name)) is not None:
            raise Conflict("该单位名称已由另一个统一社会信用代码注册，请联系平台客服核对。")
        province = session.scalars(select(Region.code).where(Region.level == "province").order_by(Region.code)).first()
        organization = Organization(
            name=name, pinyin=initials(name), uscc=uscc, legal_person=legal_person, nature_code="",
            region_code=province, enabled=False, is_registered=False, roles=[OrganizationRole(kind="employer")],
        )
        session.add(organization)
        session.flush()  # the audit row needs its id
        record_event(session, event=Event.ORGANIZATION_PROVISIONED, subject_type="organization",
                     subject_id=organization.id, actor=actor, data={"uscc": uscc, "name": name})
        return organization.id


def complete(*, form: Basics, actor: Actor) -> None:
    """单位注册 at the first sign-in of a provisioned unit: only what the sign-on did not say."""
    organization_id = administrator.require_administrator_role(actor)
    with transaction() as session:
        organization = _locked(session, organization_id)
        if organization.is_registered:
            raise WrongState("本单位已完成单位注册，请在“管理设置”中修改信息。")
        check = FieldChecks()
        values = _basics(session, form, check, present=organization)
        check.done()
        _assign(organization, values | {"is_registered": True, "enabled": True})
        organization.version += 1
        record_event(session, event=Event.ORGANIZATION_REGISTERED, subject_type="organization",
                     subject_id=organization.id, actor=actor, data={"values": values})


def change_settings(*, settings: Settings, version: int, actor: Actor) -> bool:
    """完善单位信息; whether anything changed. Name and credit code stay as they are.

    Conflict when the form was opened before somebody else's change.
    """
    organization_id = administrator.require_administrator_role(actor)
    with transaction() as session:
        organization = _locked(session, organization_id)
        if organization.version != version:
            raise Conflict("单位信息刚刚在另一个页面中修改过。请先复制需要保留的内容，再重新打开本页修改。")
        check = FieldChecks()
        values = _basics(session, settings.basics, check, present=organization)
        values |= _details(session, settings, check, present=organization)
        check.done()
        changes = _assign(organization, values)
        if changes:
            organization.version += 1
            record_event(session, event=Event.ORGANIZATION_CHANGED, subject_type="organization",
                         subject_id=organization.id, actor=actor, data={"changes": changes})
        return bool(changes)


def checked_name(value: str) -> str:
    """The unit's name: single blanks, full-width brackets as on certificates of registration."""
    name = " ".join(value.split()).translate(_FULL_WIDTH)
    if not 2 <= len(name) <= 100:
        raise Invalid("请填写与证照一致的单位名称（2 至 100 个字）。")
    return name


def _basics(
    session: Session, form: Basics, check: FieldChecks, present: Organization | None = None
) -> dict[str, Any]:
    for key, limit, label in (("legal_person", 40, "法定代表人姓名"), ("address", 200, "单位通讯地址")):
        _fits(check, key, getattr(form, key), limit, label)
    region = session.scalar(select(Region.code).where(Region.code == form.region_code, Region.enabled.is_(True)))
    if region is None and not (present and present.region_code == form.region_code):
        check.errors["region_code"] = "请选择属地。"
    _known(session, check, {"nature_code": form.nature_code}, present, required=True)
    return {
        "contact": check("contact", lambda: administrator.checked_person_name(form.contact)),
        "mobile": check("mobile", lambda: identity.check_mobile(form.mobile)),
        "email": check("email", lambda: check_email(form.email)),
        "legal_person_phone": check("legal_person_phone", lambda: _phone(form.legal_person_phone)),
        "nature_code": form.nature_code, "region_code": form.region_code, "is_central": form.is_central,
        "legal_person": (present.legal_person if present else "") or form.legal_person.strip(),  # once said, it stands
        "address": form.address.strip(),
    }


def _details(session: Session, form: Settings, check: FieldChecks, present: Organization) -> dict[str, Any]:
    codes = {key: getattr(form, key) for key in DICTIONARIES if key != "nature_code"}
    _known(session, check, codes, present)
    for key, limit, label in (("license_number", 50, "工商登记执照号码"), ("approval_number", 60, "批准文号"),
                              ("approved_by", 100, "批准成立单位")):
        _fits(check, key, getattr(form, key), limit, label)
    for key, label in (("license_issued_on", "工商登记发照日期"), ("approved_on", "批准日期")):
        day = getattr(form, key)
        if day is not None and not dt.date(1900, 1, 1) <= day <= deadlines.today():
            check.errors[key] = Sentence("%(label)s应在 1900 年之后，且不能晚于今天。", label=label)
    years = form.license_years.strip()
    if years and not (years.isascii() and years.isdecimal() and 1 <= int(years[:9]) <= 99):
        check.errors["license_years"] = "工商登记有效期限请填写 1 至 99 的整数；长期有效的请留空。"
        years = ""
    return codes | {
        "fax": check("fax", lambda: _fax(form.fax)), "tax_number": check("tax_number", lambda: _tax_number(form.tax_number)),
        "license_number": form.license_number.strip(), "license_issued_on": form.license_issued_on,
        "license_years": int(years) if years else None, "approval_number": form.approval_number.strip(),
        "approved_on": form.approved_on, "approved_by": form.approved_by.strip(),
    }


def _known(
    session: Session, check: FieldChecks, codes: dict[str, str], present: Organization | None, *, required: bool = False
) -> None:
    """Each code is an enabled entry of its dictionary, or the one the unit has had so far."""
    found = dictionary.choices(session, *(DICTIONARIES[key] for key in codes))
    for key, code in codes.items():
        if present is not None and code == getattr(present, key) and (code or not required):
            continue
        if (required or code) and code not in dict(found[DICTIONARIES[key]]):
            check.errors[key] = Sentence("请选择%(label)s。", label=_LABELS[key])


def _fits(check: FieldChecks, key: str, value: str, limit: int, label: str) -> None:
    if len(value.strip()) > limit:
        check.errors[key] = Sentence("%(label)s最多 %(n)s 个字。", label=label, n=limit)


def _phone(value: str) -> str:
    number = value.strip()
    if not number:
        return ""
    try:
        return identity.check_mobile(number)
    except Invalid:
        try:
            return identity.check_landline(number)
        except Invalid:
            raise Invalid("请填写 11 位手机号码，或“区号-号码”形式的固定电话。") from None


def _fax(value: str) -> str:
    try:
        return identity.check_landline(value)
    except Invalid:
        raise Invalid("传真号码请按“区号-号码”填写，例如 0551-88888888。") from None


def _tax_number(value: str) -> str:
    number = re.sub(r"\s", "", value).upper()
    if number and not _TAX_NUMBER.fullmatch(number):
        raise Invalid("税号为 15 至 20 位数字或大写字母，通常与统一社会信用代码相同。")
    return number


def _insert(
    values: dict[str, Any], *, username: str, hashed: str, actor: Actor, one_time: bool
) -> tuple[int, int]:
    """The employer and its account; their ids. A race for name, code or user name ends in the same sentence."""
    uscc = values.get("uscc")
    try:
        with transaction() as session:
            refuse_taken(session, name=values["name"], uscc=uscc, username=username)
            organization = Organization(
                **values, pinyin=initials(values["name"]), roles=[OrganizationRole(kind="employer")]
            )
            session.add(organization)
            session.flush()  # the account and the audit row need its id
            account = administrator.make_account(
                session, organization=organization, kinds=("employer",), username=username, name=values["contact"],
                hashed=hashed, must_change_password=one_time,
            )
            record_event(
                session, event=Event.ORGANIZATION_REGISTERED, subject_type="organization",
                subject_id=organization.id, actor=actor,
                data={"values": values, "account": account.id, "username": username},
            )
            return organization.id, account.id
    except IntegrityError:
        with system_scope():
            refuse_taken(current_session(), name=values["name"], uscc=uscc, username=username)
        raise


def refuse_taken(session: Session, *, name: str, uscc: str | None, username: str) -> None:
    """Invalid, naming each of the three that somebody else has."""
    errors: dict[str, str] = {}
    if session.scalar(select(Organization.id).where(Organization.name == name)) is not None:
        errors["name"] = NAME_TAKEN
    if uscc and session.scalar(select(Organization.id).where(Organization.uscc == uscc)) is not None:
        errors["uscc"] = CODE_TAKEN
    try:
        administrator.refuse_taken_username(session, username)
    except Invalid as error:
        errors |= error.fields
    if errors:
        raise Invalid(_WRONG, errors)


def _locked(session: Session, organization_id: int) -> Organization:
    organization = session.get(Organization, organization_id, with_for_update=True, populate_existing=True)
    if organization is None:
        raise NotFound("没有找到该单位。")
    return organization


def _assign(organization: Organization, values: dict[str, Any]) -> dict[str, list[Any]]:
    """Set what differs; {column: [before, after]}."""
    changes = {
        key: [getattr(organization, key), value] for key, value in values.items() if getattr(organization, key) != value
    }
    for key, (_, value) in changes.items():
        setattr(organization, key, value)
    return changes
