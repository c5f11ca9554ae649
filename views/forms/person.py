"""Forms of 注册, 个人注册, 完善信息 and 变更单位. What holds is decided by the services; these only carry input."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateField,
    EmailField,
    HiddenField,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TelField,
    TextAreaField,
)
from wtforms.validators import EqualTo, InputRequired, Length, Optional

from app.services.registration import Profile, SignUp


def _number(value: object) -> int | None:
    text = str(value or "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 else None


class SignUpForm(FlaskForm):
    """注册: what the embedded sign-on asks for."""

    name = StringField(_("真实姓名"), [InputRequired(_("请填写真实姓名。")), Length(max=50)])
    id_doc_type = SelectField(_("证件类型"), default="01")
    id_number = StringField(_("身份证号"), [InputRequired(_("请填写身份证号。")), Length(max=40)])
    mobile = TelField(_("手机号码"), [InputRequired(_("请填写手机号码。")), Length(max=20)])
    username = StringField(_("用户名"), [InputRequired(_("请填写用户名。")), Length(max=32)],
                           description=_("4 至 32 位字母、数字、下划线、点或减号，以字母开头"))
    password = PasswordField(_("密码"), [InputRequired(_("请设置密码。"))], description=_("至少 8 位，可以是一句话"))
    password_again = PasswordField(_("再次输入密码"), [EqualTo("password", _("两次输入的密码不一致，请重新输入。"))])

    def sign_up(self) -> SignUp:
        """The input as the service takes it."""
        return SignUp(
            username=self.username.data or "", password=self.password.data or "", name=self.name.data or "",
            id_number=self.id_number.data or "", mobile=self.mobile.data or "",
            id_doc_type=self.id_doc_type.data or "",
        )


Choices = Sequence[tuple[str, str]]


class ProfileForm(FlaskForm):
    """个人注册 / 完善信息, with the manual's labels."""

    version = HiddenField()
    sex = SelectField(_("性别"), [InputRequired(_("请选择性别。"))], choices=[("", _("请选择 性别")), ("男", _("男")), ("女", _("女"))])
    birth_date = DateField(_("出生日期"), [InputRequired(_("请选择出生日期。"))])
    political_status_code = SelectField(_("政治面貌"), [InputRequired(_("请选择政治面貌。"))])
    ethnic_code = SelectField(_("民族"), [InputRequired(_("请选择民族。"))])
    email = EmailField(_("电子邮箱"), [InputRequired(_("请填写电子邮箱。")), Length(max=120)])
    address = StringField(_("通讯地址"), [InputRequired(_("请填写通讯地址。")), Length(max=100)])
    work_start = DateField(_("工作时间"), [InputRequired(_("请选择开始工作时间。"))])
    education_code = SelectField(_("最高学历"), [InputRequired(_("请选择最高学历。"))])
    series_ids = SelectMultipleField(_("所在职称系列"), coerce=int, description=_("最多可选3个系列"))
    title_name = StringField(_("职称名称"), [Length(max=20)])
    skill_level = StringField(_("技能等级"), [Length(max=20)])
    degree_code = SelectField(_("获得学位"), [Optional()])
    mobile = TelField(_("手机号码"), [Length(max=20)])
    landline = StringField(_("固定电话"), [Length(max=30)], description=_("例:0551-88888888"))
    post = StringField(_("行政职务"), [Length(max=20)])

    def offer(self, *, political: Choices, ethnic: Choices, education: Choices, degree: Choices,
              series: Sequence[tuple[int, str]]) -> None:
        """Fill the selects from the dictionaries."""
        self.political_status_code.choices = [("", _("请选择 政治面貌")), *political]
        self.ethnic_code.choices = [("", _("请选择 民族")), *ethnic]
        self.education_code.choices = [("", _("请选择 最高学历")), *education]
        self.degree_code.choices = [("", _("请选择 获得学位")), *degree]
        self.series_ids.choices = list(series)

    def profile(self) -> Profile:
        """The input as the service takes it."""
        return Profile(
            sex=self.sex.data or "", birth_date=self.birth_date.data,
            political_status_code=self.political_status_code.data or "", ethnic_code=self.ethnic_code.data or "",
            email=self.email.data or "", address=self.address.data or "", work_start=self.work_start.data,
            education_code=self.education_code.data or "", degree_code=self.degree_code.data or "",
            title_name=self.title_name.data or "", skill_level=self.skill_level.data or "",
            landline=self.landline.data or "", post=self.post.data or "", series_ids=self.series_ids.data or (),
            mobile=self.mobile.data,
        )


class UnitForm(FlaskForm):
    """选择单位 / 变更单位."""

    is_freelancer = BooleanField(
        _("是否自由职业者"), description=_("自由职业者请选择当地人社部门或人才服务中心作为自己的单位")
    )
    organization_id = SelectField(_("单位名称"), [InputRequired(_("请选择单位。"))], coerce=_number, validate_choice=False,
                                  choices=[])
    note = TextAreaField(_("申请说明"), [Length(max=500)])


class RegistrationForm(ProfileForm):
    """个人注册, with the unit chosen at once if wanted."""

    with_unit = RadioField(_("是否同步选择单位"), choices=[("yes", _("是")), ("no", _("否"))], default="yes")
    is_freelancer = BooleanField(
        _("是否自由职业者"), description=_("自由职业者请选择当地人社部门或人才服务中心作为自己的单位")
    )
    organization_id = SelectField(_("单位名称"), [Optional()], coerce=_number, validate_choice=False, choices=[])
    note = TextAreaField(_("申请说明"), [Length(max=500)])
