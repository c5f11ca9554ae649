"""A 资格: may this person apply to this plan now."""

from __future__ import annotations

from app.errors import Invalid
from app.rules import deadlines, identity
from app.rules.checks_material import Material
from app.rules.checks_registry import Gap, rule

ONCE_A_YEAR = "一个申报年度只允许申报一次（不限系列和专业）。"
TERMINATED_IN_ERROR = "如认为终止有误，请联系作出终止的单位，核实后由平台运维人员解除终止。"


@rule("A01", group="资格", title="已绑定单位且单位审核通过")
def check_a01(material: Material) -> list[Gap]:
    """Bound to a unit that approved the binding; nobody submits while a change of unit is pending."""
    unit = material.unit
    if unit.pending == "unit_change":
        return [Gap("变更单位的申请正在审核，审核通过后才能提交申报；也可以先撤回变更申请。", "submit")]
    if unit.id is None:
        waiting = "单位尚未审核您的人员注册，请联系单位管理员。" if unit.pending else "请先在“个人中心”选择所在单位。"
        return [Gap(f"您还没有绑定单位，审核通过后才能提交申报。{waiting}", "submit")]
    return []


@rule("A02", group="资格", title="本申报年度没有其他申报")
def check_a02(material: Material) -> list[Gap]:
    """One application per person and plan year; editing ones do not count."""
    return [
        Gap(f"{ONCE_A_YEAR}您在 {material.plan.year} 年度已申报“{rival.plan}”，不能再提交本申报。", "submit")
        for rival in material.rivals
        if rival.is_submitted and rival.state != "terminated"
    ]


@rule("A03", group="资格", title="不在诚信档案的禁止申报期内")
def check_a03(material: Material) -> list[Gap]:
    """Integrity records forbid applying for a time."""
    today = deadlines.today(material.now)
    return [
        Gap(f"您在诚信档案中有记录（{ban.reason}），{ban.since:%Y-%m-%d} 至 {ban.until:%Y-%m-%d} 禁止申报。如有异议，可在“个人中心—诚信档案”申请复查。", "submit")
        for ban in material.bans
        if ban.kind == "integrity" and ban.since <= today <= ban.until
    ]


@rule("A04", group="资格", title="本申报年度未被终止")
def check_a04(material: Material) -> list[Gap]:
    """A terminated application bars the plan year."""
    return [
        Gap(f"您在 {material.plan.year} 年度的申报“{rival.plan}”已被终止，本年度不能再申报，请在下一年度申报。{TERMINATED_IN_ERROR}", "submit")
        for rival in material.rivals
        if rival.state == "terminated"
    ]


@rule("A05", group="资格", title="在申报起止日期内")
def check_a05(material: Material) -> list[Gap]:
    """[opens_on 00:00, closes_on 23:59:59] in Asia/Shanghai, and the plan is published."""
    plan = material.plan
    ask = f"如有疑问请咨询评委会：{plan.phone}。" if plan.phone else ""
    if plan.state != "published":
        return [Gap(f"该评审计划已关闭，不能提交申报。{ask}", "submit")]
    if deadlines.is_open(plan.opens_on, plan.closes_on, material.now):
        return []
    if material.now < deadlines.opens_at(plan.opens_on):
        return [Gap(f"申报将于 {plan.opens_on:%Y-%m-%d} 开始，届时才能提交，已填写的内容会保留。", "submit")]
    return [Gap(f"申报已于 {plan.closes_on:%Y-%m-%d} 23:59:59 截止，不能提交。{ask}", "submit")]


@rule("A09", group="资格", title="姓名、证件号码、性别与实名认证一致")
def check_a09(material: Material) -> list[Gap]:
    """Name as verified at sign-on; a resident ID number that holds and agrees with sex and birth date."""
    person = material.person
    if not person.is_registered:
        return [Gap("请先完成“个人注册”。", "submit")]
    gaps = []
    if person.name != person.real_name:
        gaps.append(Gap(f"申报人姓名“{person.name}”与实名认证的“{person.real_name}”不一致，请联系平台客服核对。", "submit"))
    if person.id_doc_type == identity.RESIDENT_ID:
        try:
            number = identity.check_resident_id(person.id_number, deadlines.today(material.now))
        except Invalid as error:
            return [*gaps, Gap(f"证件号码有误：{error.message}请联系平台客服更正。", "submit")]
        if identity.sex_of(number) != person.sex:
            gaps.append(Gap("性别与身份证号不一致，请联系平台客服核对。", "submit"))
        if identity.birth_date_of(number) != person.birth_date:
            gaps.append(Gap("出生日期与身份证号不一致，请在“个人中心”更正出生日期。", "submit"))
    return gaps
