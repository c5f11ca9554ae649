"""个人注册: an account for a person, and the first filling-in of who they are."""

from __future__ import annotations

import datetime as dt
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from email_validator import EmailNotValidError, validate_email
from flask_appbuilder.security.sqla.models import Role
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from werkzeug.security import generate_password_hash

from app.actor import Actor
from app.audit import Event, record_event
from app.errors import Conflict, Invalid, NotFound, Sentence, WrongState
from app.rules import deadlines, identity
from app.rules.password import check_password
from app.scope import system_scope
from app.transaction import transaction
from models.account import PLACEHOLDER, Account
from models.base import utcnow
from models.dictionary import CodeItem, CodeTable
from models.encrypted import blind_index, blind_indexes
from models.person import Person, PersonSeries
from models.search import person_initials
from models.series import TitleSeries

APPLICANT_ROLE = "Applicant"
_USERNAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{3,31}")
MAX_SERIES = 3


@dataclass(frozen=True)
class SignUp:
    """What the embedded sign-up asks for; with single sign-on the issuer supplies name, number and mobile."""

    username: str
    password: str
    name: str
    id_number: str
    mobile: str
    id_doc_type: str = identity.RESIDENT_ID


@dataclass(frozen=True)
class Profile:
    """个人注册 / 完善信息. Codes are of the dictionaries; empty strings where a field is optional."""

    sex: str
    birth_date: dt.date | None
    political_status_code: str
    ethnic_code: str
    email: str
    address: str
    work_start: dt.date | None
    education_code: str
    degree_code: str = ""
    title_name: str = ""
    skill_level: str = ""
    landline: str = ""
    post: str = ""
    series_ids: Sequence[int] = field(default_factory=tuple)
    mobile: str | None = None  # None: stays as it is; before the registration it is the sign-on's


def sign_up(*, form: SignUp, actor: Actor) -> int:
    """Make an account with its person, not registered yet; the person's id. Invalid names every wrong field."""
    errors: dict[str, str] = {}
    username = form.username.strip()
    if not _USERNAME.fullmatch(username):
        errors["username"] = "用户名为 4 至 32 位字母、数字、下划线、点或减号，以字母开头。"
    name = _checked(errors, "name", lambda: identity.check_name(form.name))
    kind, today = form.id_doc_type, deadlines.today()
    number = _checked(errors, "id_number", lambda: identity.check_document(kind, form.id_number, today))
    if number and kind in identity.RESIDENT_LIKE:
        _checked(errors, "id_number", lambda: identity.check_age(identity.birth_date_of(number), today))
    mobile = _checked(errors, "mobile", lambda: identity.check_mobile(form.mobile))
    _checked(errors, "password", lambda: check_password(form.password, username=username))
    if errors:
        raise Invalid("注册信息有误，请按提示修改。", errors)
    hashed = generate_password_hash(form.password)  # slow on purpose: before the transaction
    with system_scope():  # nobody is signed in yet
        try:
            return _create(username, hashed, name, kind, number, mobile, actor)
        except IntegrityError:  # somebody took the name or the number at the same moment: say which
            with transaction() as session:
                _refuse_taken(session, username, kind, number)
            raise


def _create(username: str, hashed: str, name: str, kind: str, number: str, mobile: str, actor: Actor) -> int:
    with transaction() as session:
        if kind != identity.RESIDENT_ID and not _known(session, "id_doc_type", kind):
            raise Invalid("注册信息有误，请按提示修改。", {"id_doc_type": "请选择证件类型。"})
        _refuse_taken(session, username, kind, number)
        role = session.scalars(select(Role).where(Role.name == APPLICANT_ROLE)).one()
        account = Account(
            username=username, first_name=name[1:] or name, last_name=name[:1] if len(name) > 1 else "",
            email=f"{username.lower()}{PLACEHOLDER}", password=hashed, active=True, roles=[role],
            session_stamp=secrets.token_hex(8),
        )
        session.add(account)
        session.flush()  # the person needs the account's id
        says = kind in identity.RESIDENT_LIKE
        person = Person(
            user_id=account.id, name=name, id_doc_type=kind, pinyin=person_initials(name)[:50], id_number=number,
            id_number_index=blind_index(identity.indexed_text(kind, number)), mobile=mobile,
            sex=identity.sex_of(number) if says else "", birth_date=identity.birth_date_of(number) if says else None,
        )
        session.add(person)
        session.flush()  # the audit row needs its id
        record_event(session, event=Event.ACCOUNT_CREATED, subject_type="person", subject_id=person.id, actor=actor,
                     data={"username": username})
        return person.id


def _checked(errors: dict[str, str], key: str, check: Any) -> str:
    try:
        return str(check())
    except Invalid as error:
        errors[key] = error.message
        return ""


def _refuse_taken(session: Session, username: str, kind: str, number: str) -> None:
    if session.scalar(select(Account.id).where(func.lower(Account.username) == username.lower())):
        raise Invalid("注册信息有误，请按提示修改。", {"username": "该用户名已被使用，请换一个。"})
    if session.scalar(select(Person.id).where(Person.id_number_index.in_(blind_indexes(identity.indexed_text(kind, number))))):
        raise Invalid("注册信息有误，请按提示修改。", {
            "id_number": "该身份证号已注册。如果是您本人，请直接登录；忘记账号请联系所在单位或平台客服。",
        })


def complete(*, profile: Profile, actor: Actor) -> Person:
    """First filling-in: the person counts as registered afterwards. WrongState when done before."""
    with transaction() as session:
        person = _own(session, actor)
        if person.registered_at is not None:
            raise WrongState("您已完成个人注册，请在“个人中心”修改信息。")
        _apply(session, person, profile)
        person.registered_at = utcnow()
        record_event(session, event=Event.PERSON_REGISTERED, subject_type="person", subject_id=person.id, actor=actor)
        return person


def change(*, profile: Profile, actor: Actor, version: int) -> Person:
    """完善信息. Name, ID number, sex and birth date stay as they are. Conflict on another version than `version`."""
    with transaction() as session:
        person = _own(session, actor)
        if person.registered_at is None:
            raise WrongState("请先完成个人注册。")
        if person.version != version:
            raise Conflict("您的信息刚刚在另一个页面中修改过。本页填写的内容已保留，请核对后再次保存。")
        changed = _apply(session, person, profile)
        if changed:
            person.version += 1
            record_event(session, event=Event.PERSON_CHANGED, subject_type="person", subject_id=person.id,
                         actor=actor, data={"fields": changed})
        return person


def _own(session: Session, actor: Actor) -> Person:
    person = session.get(Person, actor.person_id, with_for_update=True) if actor.person_id else None
    if person is None:
        raise NotFound("当前账号不是个人账号，请使用个人账号登录。")
    return person


def _apply(session: Session, person: Person, profile: Profile) -> list[str]:
    errors = _errors(session, person, profile)
    if errors:
        raise Invalid("有信息未填写完整或填写有误，请按提示修改。", errors)
    values: dict[str, Any] = {
        "political_status_code": profile.political_status_code, "ethnic_code": profile.ethnic_code,
        "email": profile.email.strip(), "address": profile.address.strip(), "work_start": profile.work_start,
        "education_code": profile.education_code, "degree_code": profile.degree_code or None,
        "title_name": profile.title_name.strip(), "skill_level": profile.skill_level.strip(),
        "landline": identity.check_landline(profile.landline), "post": profile.post.strip(),
    }
    if person.registered_at is None and person.id_doc_type not in identity.RESIDENT_LIKE:
        values |= {"sex": profile.sex, "birth_date": profile.birth_date}  # no number says them
    if person.registered_at is not None and profile.mobile is not None:
        values["mobile"] = identity.check_mobile(profile.mobile)
    changed = [key for key, value in values.items() if getattr(person, key) != value]
    for key in changed:
        setattr(person, key, values[key])
    wanted = list(dict.fromkeys(profile.series_ids))
    if [row.series_id for row in person.series] != wanted:
        changed.append("series")
        for row in list(person.series):
            session.delete(row)
        session.flush()  # the old positions must be gone before the new ones come
        session.expire(person, ["series"])
        person.series.extend(PersonSeries(series_id=series_id, position=n) for n, series_id in enumerate(wanted, 1))
    return changed


def _errors(session: Session, person: Person, profile: Profile) -> dict[str, str]:
    errors: dict[str, str] = {}
    resident = person.id_doc_type in identity.RESIDENT_LIKE
    if profile.sex not in ("男", "女"):
        errors["sex"] = "请选择性别。"
    elif resident and profile.sex != identity.sex_of(person.id_number):
        errors["sex"] = "性别与身份证号不一致，请核对。"
    if profile.birth_date is None:
        errors["birth_date"] = "请选择出生日期。"
    elif resident and profile.birth_date != identity.birth_date_of(person.id_number):
        errors["birth_date"] = "出生日期与身份证号不一致，请核对。"
    elif person.registered_at is None:
        _checked(errors, "birth_date", lambda: identity.check_age(profile.birth_date, deadlines.today()))
    for key, label in (("address", "通讯地址"), ("email", "电子邮箱")):
        if not getattr(profile, key).strip():
            errors[key] = Sentence("请填写%(label)s。", label=label)
    if "email" not in errors:
        try:
            validate_email(profile.email.strip(), check_deliverability=False)
        except EmailNotValidError:
            errors["email"] = "电子邮箱格式不正确，请按 name@example.com 的形式填写。"
    errors |= _date_errors(profile.birth_date, profile.work_start)
    for key, table, label, required in (
        ("political_status_code", "political_status", "政治面貌", True), ("ethnic_code", "ethnic", "民族", True),
        ("education_code", "education_level", "最高学历", True), ("degree_code", "degree", "获得学位", False),
    ):
        code = getattr(profile, key)
        if (required and not code) or (code and not _known(session, table, code)):
            errors[key] = Sentence("请选择%(label)s。", label=label)
    for key, limit, label in (("title_name", 20, "职称名称"), ("skill_level", 20, "技能等级"), ("post", 20, "行政职务"),
                              ("address", 100, "通讯地址"), ("email", 120, "电子邮箱")):
        if len(getattr(profile, key).strip()) > limit:
            errors[key] = Sentence("%(label)s最多 %(n)s 个字。", label=label, n=limit)
    _checked(errors, "landline", lambda: identity.check_landline(profile.landline))
    if person.registered_at is not None and profile.mobile is not None:
        _checked(errors, "mobile", lambda: identity.check_mobile(profile.mobile or ""))
    wanted = set(profile.series_ids)
    if len(wanted) > MAX_SERIES:
        errors["series_ids"] = Sentence("所在职称系列最多选择 %(n)s 个。", n=MAX_SERIES)
    elif wanted and len(session.scalars(select(TitleSeries.id).where(TitleSeries.id.in_(wanted))).all()) != len(wanted):
        errors["series_ids"] = "请从列表中选择职称系列。"
    return errors


def _date_errors(birth: dt.date | None, work_start: dt.date | None) -> dict[str, str]:
    if work_start is None:
        return {"work_start": "请选择开始工作时间。"}
    if work_start > deadlines.today():
        return {"work_start": "工作时间不能晚于今天。"}
    if birth and identity.age_on(birth, work_start) < identity.WORKING_AGE:
        return {"work_start": Sentence("工作时间早于 %(n)s 周岁，请核对。", n=identity.WORKING_AGE)}
    return {}


def _known(session: Session, table: str, code: str) -> bool:
    return session.scalar(
        select(CodeItem.id).join(CodeTable).where(
            CodeTable.code == table, CodeItem.code == code, CodeItem.enabled.is_(True)
        )
    ) is not None


def profile_of(person: Person) -> Mapping[str, Any]:
    """The current values under the names of `Profile`, to fill a form with."""
    return {
        "sex": person.sex, "birth_date": person.birth_date, "political_status_code": person.political_status_code or "",
        "ethnic_code": person.ethnic_code or "", "email": person.email, "address": person.address,
        "work_start": person.work_start, "education_code": person.education_code or "",
        "degree_code": person.degree_code or "", "title_name": person.title_name, "skill_level": person.skill_level,
        "landline": person.landline, "post": person.post, "mobile": person.mobile, "series_ids": [row.series_id for row in person.series],
    }
