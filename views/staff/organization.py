"""Organizations, the roles they work in, who is competent for what, and committees."""

from __future__ import annotations

from typing import Any

from flask import redirect, url_for
from flask_appbuilder import AppBuilder, action
from flask_appbuilder.models.sqla.interface import SQLAInterface
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from wtforms import HiddenField
from wtforms.validators import InputRequired

from app.errors import Invalid
from app.rules.account import check_email
from app.rules.identity import check_mobile, check_uscc
from app.services.organization import checked_name
from app.transaction import current_session
from models.organization import ORGANIZATION_KINDS, Jurisdiction, Organization, OrganizationRole
from models.plan import Committee
from models.search import initials
from views.base import SafeModelView
from views.base_fields import REQUIRED, form_class
from views.staff.dictionary_field import DictionaryField, dictionary_name
from views.staff.region_path import ByRegionPath, region_path

UNIT, KIND, REGION = _l("单位"), _l("角色"), _l("属地")


class OrganizationRoleView(SafeModelView):
    datamodel = SQLAInterface(OrganizationRole)
    noun = _l("单位角色")
    list_columns = ["organization", "kind"]
    search_columns = ["organization", "kind"]
    add_columns = ["organization", "kind"]
    choices = {"kind": ORGANIZATION_KINDS}
    label_columns = {"organization": UNIT, "kind": KIND}


class JurisdictionView(ByRegionPath, SafeModelView):
    datamodel = SQLAInterface(Jurisdiction)
    noun = _l("管辖范围")
    list_columns = ["organization", "kind", "region", "series"]
    search_columns = ["organization", "kind", "region", "series"]
    add_columns = ["organization", "kind", "region", "series"]
    choices = {"kind": ORGANIZATION_KINDS}
    label_columns = {"organization": UNIT, "kind": KIND, "region": REGION, "series": _l("职称系列（空为全部）")}
    formatters_columns = {"region": region_path, "series": lambda series: series or _("全部系列")}

    def pre_add(self, item: Jurisdiction) -> None:
        """人社部门 are competent for all series; the database does not see two rows without a series as equal."""
        if item.kind == "hr_department" and item.series is not None:
            sentence = _("人社部门管辖全部系列，请不要选择职称系列。")
            raise Invalid(sentence, {"series": sentence})
        same = select(Jurisdiction.id).where(
            Jurisdiction.organization_id == item.organization.id, Jurisdiction.kind == item.kind,
            Jurisdiction.region_code == item.region.code, Jurisdiction.id != (item.id or 0),
            Jurisdiction.series_id == item.series.id if item.series else Jurisdiction.series_id.is_(None),
        )
        if current_session().scalar(same) is not None:
            sentence = _("该单位已有相同的管辖范围，不必重复添加。")
            raise Invalid(sentence, {"organization": sentence})

    pre_update = pre_add


class OrganizationView(ByRegionPath, SafeModelView):
    datamodel = SQLAInterface(Organization)
    noun = UNIT
    related_views = [OrganizationRoleView, JurisdictionView]
    list_columns = ["name", "uscc", "region", "is_central", "enabled"]
    show_columns = [
        "name", "uscc", "nature_code", "region", "is_central", "is_built_in", "legal_person", "legal_person_phone",
        "contact", "mobile", "email", "address", "enabled", "created_at", "updated_at",
    ]
    search_columns = ["name", "region", "is_built_in", "enabled"]
    named_by = "name"
    search_labels = {"name": _l("单位名称、代码或拼音首字母")}
    add_columns = [
        "name", "pinyin", "uscc", "nature_code", "region", "is_central", "is_built_in", "legal_person",
        "legal_person_phone", "contact", "mobile", "email", "address", "enabled",
    ]
    add_fieldsets = edit_fieldsets = [
        (_l("单位"), {"fields": [
            "name", "pinyin", "uscc", "nature_code", "region", "address", "is_central", "is_built_in", "enabled",
        ]}),
        (_l("法定代表人和联系人"), {"fields": ["legal_person", "legal_person_phone", "contact", "mobile", "email"]}),
    ]
    order_columns = ["name", "uscc"]
    label_columns = {
        "name": _l("单位名称"), "pinyin": _l("拼音首字母"), "uscc": _l("统一社会信用代码"), "nature_code": _l("单位性质"),
        "region": REGION, "is_central": _l("中央驻皖单位"), "is_built_in": _l("内置单位"), "legal_person": _l("法定代表人"),
        "legal_person_phone": _l("法定代表人电话"), "contact": _l("联系人"), "mobile": _l("手机号码"), "email": _l("电子邮箱"),
        "address": _l("地址"), "enabled": _l("启用"), "created_at": _l("创建时间"), "updated_at": _l("修改时间"),
    }
    description_columns = {
        "pinyin": _l("用于按首字母查找；留空时由系统根据单位名称生成。"),
        "uscc": _l("18 位；内置单位没有代码的可以留空。"),
    }
    formatters_columns = {"region": region_path, "nature_code": dictionary_name("unit_nature")}

    def _init_forms(self) -> None:
        nature = DictionaryField(self.label_columns["nature_code"], [InputRequired(REQUIRED)], table="unit_nature")
        self.add_form = type("OrganizationForm", (form_class(self, self.add_columns),), {"nature_code": nature})
        self.edit_form = type("OrganizationEditForm", (self.add_form,), {"shown": HiddenField()})
        super()._init_forms()

    def pre_add(self, item: Organization) -> None:
        """A unit that is not built in has a credit code."""
        if not item.is_built_in and not item.uscc:
            sentence = _("请填写统一社会信用代码；没有代码的单位请勾选“内置单位”。")
            raise Invalid(sentence, {"uscc": sentence})
        self.pre_update(item)

    def pre_update(self, item: Organization) -> None:
        """What is written must be well formed; an empty code is none, empty initials follow from the name."""
        errors: dict[str, str] = {}

        def checked(key: str, check: Any) -> Any:
            try:
                return check(getattr(item, key))
            except Invalid as error:
                errors[key] = error.message
                return getattr(item, key)

        item.name = checked("name", checked_name)
        item.uscc = checked("uscc", check_uscc) if item.uscc else None
        item.mobile = checked("mobile", check_mobile) if item.mobile else ""
        item.email = checked("email", check_email) if item.email else ""
        item.pinyin = (item.pinyin or "").lower() or initials(item.name)
        if errors:
            raise Invalid(_("有信息填写有误，请按提示修改。"), errors)

    @action("open_account", _l("开通账号"), multiple=False)
    def open_account(self, row: Any) -> Any:
        """To the page that makes an account for the organization."""
        chosen = row[0] if isinstance(row, list) else row
        return redirect(url_for("BuiltInUnitView.account", organization_id=chosen.id))


class CommitteeView(ByRegionPath, SafeModelView):
    """The convener reads its own committees; the platform keeps them."""

    datamodel = SQLAInterface(Committee)
    noun = _l("评委会")
    owner = "convener_id"
    list_columns = ["name", "convener", "issuer", "region"]
    search_columns = ["name", "convener", "region"]
    add_columns = ["name", "convener", "issuer", "region", "valid_from", "valid_until"]
    order_columns = ["name"]
    label_columns = {
        "name": _l("评委会名称"), "convener": _l("组建单位"), "issuer": _l("发证机关"), "region": REGION,
        "valid_from": _l("备案有效期起"), "valid_until": _l("备案有效期止"),
    }
    formatters_columns = {"region": region_path}


def register(appbuilder: AppBuilder) -> None:
    """The menu 单位管理."""
    for view, label in (
        (OrganizationView, "单位"), (OrganizationRoleView, "单位角色"), (JurisdictionView, "管辖范围"),
        (CommitteeView, "评委会"),
    ):
        appbuilder.add_view(view, label, category="单位管理")
