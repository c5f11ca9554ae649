"""Forms of 单位注册, 管理设置, 管理员 and 内置单位. What holds is decided by the services; these only carry input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateField,
    EmailField,
    HiddenField,
    PasswordField,
    SelectField,
    StringField,
    TelField,
)
from wtforms.validators import EqualTo, InputRequired, Length, Optional

from app.services.organization import Basics, BuiltIn, Settings, SignUp

Choices = Sequence[tuple[str, str]]
REGION_HINT = _("省属单位的属地直接选择“安徽省”，市属单位的属地选择对应市，其他单位请根据实际情况选择对应县区。")
USERNAME_HINT = _("4 至 32 位字母、数字、下划线、点或减号，以字母开头")


def _select(label: Any, sentence: Any = None, **more: Any) -> SelectField:
    """A select whose choices the view offers; the service decides what holds."""
    validators = [InputRequired(sentence)] if sentence else [Optional()]
    return SelectField(label, validators, choices=[], validate_choice=False, **more)


class NameForm(FlaskForm):
    """单位名称; above the others, as messages follow the order in which fields are defined."""

    name = StringField(_("单位名称"), [InputRequired(_("请填写单位名称。")), Length(max=100)])


class CodeForm(NameForm):
    """单位名称 and 统一社会信用代码."""

    uscc = StringField(_("统一社会信用代码"), [InputRequired(_("请填写统一社会信用代码。")), Length(max=40)])


class BasicsForm(FlaskForm):
    """What every unit files, with the manual's labels."""

    legal_person = StringField(_("法定代表人姓名"), [Length(max=40)])
    legal_person_phone = TelField(_("法定代表人电话"), [Length(max=20)])
    address = StringField(_("单位通讯地址"), [Length(max=200)])
    contact = StringField(_("单位联系人"), [InputRequired(_("请填写单位联系人。")), Length(max=40)])
    mobile = TelField(_("手机号码"), [InputRequired(_("请填写手机号码。")), Length(max=20)])
    nature_code = _select(_("单位性质"), _("请选择单位性质。"))
    email = EmailField(_("电子邮箱"), [InputRequired(_("请填写电子邮箱。")), Length(max=120)])
    region_code = _select(_("属地"), _("请选择属地。"), description=REGION_HINT)
    is_central = BooleanField(_("中央驻皖单位"))

    def offer(self, *, natures: Choices, regions: Mapping[str, Choices]) -> None:
        """Fill the selects: 单位性质 from the dictionary, 属地 by city."""
        self.nature_code.choices = [("", gettext("请选择 单位性质")), *natures]
        self.region_code.choices = {gettext("属地"): [("", gettext("请选择 属地"))], **regions}

    def basics(self) -> Basics:
        """The input as the service takes it."""
        return Basics(
            contact=self.contact.data or "", mobile=self.mobile.data or "", nature_code=self.nature_code.data or "",
            email=self.email.data or "", region_code=self.region_code.data or "", is_central=bool(self.is_central.data),
            legal_person=self.legal_person.data or "", legal_person_phone=self.legal_person_phone.data or "",
            address=self.address.data or "",
        )


class UnitSignUpForm(BasicsForm, CodeForm):
    """单位注册, with the account of the unit's first administrator."""

    username = StringField(_("用户名"), [InputRequired(_("请填写用户名。")), Length(max=32)], description=USERNAME_HINT)
    password = PasswordField(_("密码"), [InputRequired(_("请设置密码。"))], description=_("至少 8 位，可以是一句话"))
    password_again = PasswordField(
        _("再次输入密码"),
        [InputRequired(_("请再次输入密码。")), EqualTo("password", _("两次输入的密码不一致，请重新输入。"))],
    )

    def sign_up(self) -> SignUp:
        """The input as the service takes it."""
        return SignUp(
            name=self.name.data or "", uscc=self.uscc.data or "", username=self.username.data or "",
            password=self.password.data or "", basics=self.basics(),
        )


class UnitSettingsForm(BasicsForm):
    """完善单位信息."""

    version = HiddenField()
    fax = StringField(_("传真号码"), [Length(max=30)], description=_("例:0551-88888888"))
    industry_code = _select(_("行业代码"))
    status_code = _select(_("单位状态"))
    economic_type_code = _select(_("经济类型"))
    tax_number = StringField(_("税号"), [Length(max=30)])
    license_kind_code = _select(_("工商登记执照种类"))
    license_number = StringField(_("工商登记执照号码"), [Length(max=50)])
    license_issued_on = DateField(_("工商登记发照日期"), [Optional()])
    license_years = StringField(_("工商登记有效期限(年)"), [Length(max=9)], description=_("长期有效的请留空"))
    approval_number = StringField(_("批准文号"), [Length(max=60)])
    approved_on = DateField(_("批准日期"), [Optional()])
    approved_by = StringField(_("批准成立单位"), [Length(max=100)])

    def offer_details(self, found: Mapping[str, Choices]) -> None:
        """Fill the selects of 单位详细信息; `found`: choices by column."""
        for key in ("industry_code", "status_code", "economic_type_code", "license_kind_code"):
            field = self._fields[key]
            field.choices = [("", gettext("请选择 %(label)s", label=field.label.text)), *found[key]]

    def settings(self) -> Settings:
        """The input as the service takes it."""
        return Settings(
            basics=self.basics(), fax=self.fax.data or "", industry_code=self.industry_code.data or "",
            status_code=self.status_code.data or "", economic_type_code=self.economic_type_code.data or "",
            tax_number=self.tax_number.data or "", license_kind_code=self.license_kind_code.data or "",
            license_number=self.license_number.data or "", license_issued_on=self.license_issued_on.data,
            license_years=self.license_years.data or "", approval_number=self.approval_number.data or "",
            approved_on=self.approved_on.data, approved_by=self.approved_by.data or "",
        )


class AdministratorForm(FlaskForm):
    """新增管理员."""

    name = StringField(_("姓名"), [InputRequired(_("请填写姓名。")), Length(max=40)])
    username = StringField(_("用户名"), [InputRequired(_("请填写用户名。")), Length(max=32)], description=USERNAME_HINT)


class BuiltInUnitForm(BasicsForm, NameForm):
    """内置单位."""

    username = StringField(_("用户名"), [InputRequired(_("请填写用户名。")), Length(max=32)], description=USERNAME_HINT)

    def built_in(self) -> BuiltIn:
        """The input as the service takes it."""
        return BuiltIn(name=self.name.data or "", username=self.username.data or "", basics=self.basics())
