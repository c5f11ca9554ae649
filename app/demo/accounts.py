"""The demo's accounts, in one place: the loader, the command, the README and its test all read this table."""

from __future__ import annotations

from dataclasses import dataclass
from unicodedata import east_asian_width

PASSWORD = "Zhicheng@2026"

SCHOOL = "合肥市第八中学"
COMPANY = "安徽宏远建设有限公司"
EDUCATION_BUREAU = "合肥市教育局"
HR_BUREAU = "合肥市人力资源和社会保障局"
AGENCY = "合肥市公共就业人才服务管理中心"
CONVENER = "安徽省教育厅"
ISSUER = "安徽省人力资源和社会保障厅"
CONSTRUCTION_BUREAU = "合肥市城乡建设局"
CONSTRUCTION_CONVENER = "安徽省住房和城乡建设厅"
BUILT_IN = "安徽省江淮地质勘查院第三分队"


@dataclass(frozen=True)
class DemoAccount:
    """One account. `organization` is the unit it acts for, empty for persons and staff; `who` and `state` are shown."""

    login: str
    name: str
    roles: tuple[str, ...]
    organization: str
    who: str
    state: str

    @property
    def is_person(self) -> bool:
        """Whether a person signs in with it."""
        return self.roles == ("Applicant",)


ACCOUNTS: tuple[DemoAccount, ...] = (
    DemoAccount("applicant", "李明", ("Applicant",), "", f"李明，{SCHOOL}教师", "业绩库已审核通过，可直接申报"),
    DemoAccount("applicant2", "王芳", ("Applicant",), "", f"王芳，{SCHOOL}教师", "申报在单位审核"),
    DemoAccount("applicant3", "张伟", ("Applicant",), "", f"张伟，{COMPANY}工程师", "申报已通过，证书已发放"),
    DemoAccount("newcomer", "陈静", ("Applicant",), "", "陈静", "首次登录，待填写个人注册"),
    DemoAccount("unit", "周敏", ("Employer",), SCHOOL, f"{SCHOOL}管理员", "有待审核的业绩和申报"),
    DemoAccount("unit2", "吴刚", ("Employer",), SCHOOL, f"{SCHOOL}管理员", "与 unit 同一单位，须先领取"),
    DemoAccount("company", "郑洁", ("Employer",), COMPANY, f"{COMPANY}管理员", "有待审核的人员注册"),
    DemoAccount("builtin", "钱程", ("Employer",), BUILT_IN, f"{BUILT_IN}管理员", "内置单位，可试扫码登录"),
    DemoAccount("department", "孙涛", ("CompetentDepartment",), EDUCATION_BUREAU, EDUCATION_BUREAU, "主管部门"),
    DemoAccount("hr", "何琳", ("HrDepartment",), HR_BUREAU, HR_BUREAU, "人社部门"),
    DemoAccount("agency", "许静", ("Agency", "Employer"), AGENCY, AGENCY, "人才服务中心"),
    DemoAccount("convener", "沈杰", ("Convener",), CONVENER, CONVENER, "组建单位"),
    DemoAccount("issuer", "韩雪", ("Issuer",), ISSUER, ISSUER, "发证机关"),
    DemoAccount("ops", "唐磊", ("Ops",), "", "运维人员", "可进入 /ops"),
    DemoAccount("admin", "冯超", ("Admin",), "", "平台管理员", "可管理全部字典和账号"),
)


def account(login: str) -> DemoAccount:
    """The account of that login; KeyError for one the demo does not have."""
    for entry in ACCOUNTS:
        if entry.login == login:
            return entry
    raise KeyError(login)


def account_table() -> str:
    """The accounts as lines of text, columns aligned for a terminal."""
    rows = [("登录名", "身份", "状态"), *((a.login, a.who, a.state) for a in ACCOUNTS)]
    widths = [max(_width(row[i]) for row in rows) for i in range(2)]
    lines = ["  ".join([*(cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=False)), row[2]])
             for row in rows]
    return "\n".join([*lines, f"密码均为 {PASSWORD}"])


def _width(text: str) -> int:
    return sum(2 if east_asian_width(c) in "WF" else 1 for c in text)
