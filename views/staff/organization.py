"""Organizations, the roles they work in, who is competent for what, and committees."""

from __future__ import annotations

from typing import Any

from flask import redirect, url_for
from flask_appbuilder import AppBuilder, action
from flask_appbuilder.models.sqla.interface import SQLAInterface
from flask_babel import lazy_gettext as _l

from models.organization import ORGANIZATION_KINDS, Jurisdiction, Organization, OrganizationRole
from models.plan import Committee
from views.base import SafeModelView

UNIT, KIND, REGION = _l("单位"), _l("角色"), _l("属地")
BY_NAME = {"organization": ("name", "pinyin", "uscc"), "convener": ("name", "pinyin"), "issuer": ("name", "pinyin")}


class OrganizationRoleView(SafeModelView):
    datamodel = SQLAInterface(OrganizationRole)
    noun = _l("单位角色")
    list_columns = ["organization", "kind"]
    search_columns = ["organization", "kind"]
    add_columns = ["organization", "kind"]
    choices = {"kind": ORGANIZATION_KINDS}
    option_columns = BY_NAME
    label_columns = {"organization": UNIT, "kind": KIND}


class JurisdictionView(SafeModelView):
    datamodel = SQLAInterface(Jurisdiction)
    noun = _l("管辖范围")
    list_columns = ["organization", "kind", "region", "series"]
    search_columns = ["organization", "kind", "region", "series"]
    add_columns = ["organization", "kind", "region", "series"]
    choices = {"kind": ORGANIZATION_KINDS}
    option_columns = BY_NAME
    label_columns = {"organization": UNIT, "kind": KIND, "region": REGION, "series": _l("职称系列（空为全部）")}


class OrganizationView(SafeModelView):
    datamodel = SQLAInterface(Organization)
    noun = UNIT
    related_views = [OrganizationRoleView, JurisdictionView]
    list_columns = ["name", "uscc", "region", "is_central", "enabled"]
    show_columns = [
        "name", "uscc", "nature_code", "region", "is_central", "is_built_in", "legal_person", "legal_person_phone",
        "contact", "mobile", "email", "address", "enabled", "created_at", "updated_at",
    ]
    search_columns = ["name", "pinyin", "uscc", "region", "enabled"]
    add_columns = [
        "name", "pinyin", "uscc", "nature_code", "region", "is_central", "is_built_in", "legal_person",
        "legal_person_phone", "contact", "mobile", "email", "address", "enabled",
    ]
    order_columns = ["name", "uscc"]
    label_columns = {
        "name": _l("单位名称"), "pinyin": _l("拼音首字母"), "uscc": _l("统一社会信用代码"), "nature_code": _l("单位性质"),
        "region": REGION, "is_central": _l("中央驻皖单位"), "is_built_in": _l("内置单位"), "legal_person": _l("法定代表人"),
        "legal_person_phone": _l("法定代表人电话"), "contact": _l("联系人"), "mobile": _l("手机号码"), "email": _l("电子邮箱"),
        "address": _l("地址"), "enabled": _l("启用"), "created_at": _l("创建时间"), "updated_at": _l("修改时间"),
    }

    @action("open_account", _l("开通账号"), multiple=False)
    def open_account(self, row: Any) -> Any:
        """To the page that makes an account for the organization."""
        chosen = row[0] if isinstance(row, list) else row
        return redirect(url_for("BuiltInUnitView.account", organization_id=chosen.id))


class CommitteeView(SafeModelView):
    """The convener reads its own committees; the platform keeps them."""

    datamodel = SQLAInterface(Committee)
    noun = _l("评委会")
    owner = "convener_id"
    list_columns = ["name", "convener", "issuer", "region"]
    search_columns = ["name", "convener", "region"]
    add_columns = ["name", "convener", "issuer", "region"]
    order_columns = ["name"]
    option_columns = BY_NAME
    label_columns = {
        "name": _l("评委会名称"), "convener": _l("组建单位"), "issuer": _l("发证机关"), "region": REGION,
    }


def register(appbuilder: AppBuilder) -> None:
    """The menu 单位管理."""
    for view, label in (
        (OrganizationView, "单位"), (OrganizationRoleView, "单位角色"), (JurisdictionView, "管辖范围"),
        (CommitteeView, "评委会"),
    ):
        appbuilder.add_view(view, label, category="单位管理")
