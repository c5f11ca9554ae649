"""首页 of the platform's staff: the menus they may open as cards, with the figures that tell whether all is well."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import current_app
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.actor import Actor
from app.queries import operations
from app.rules import deadlines
from app.transaction import current_session
from app.workflow.procedure import NODES
from models.base import utcnow

# menu entry -> what it is for; the entries themselves are FAB's menu
DESCRIPTIONS: dict[str, Any] = {
    "评审计划": _l("年度评审计划：编制、发布、关闭。"),
    "评审级别": _l("各计划评哪些级别。"),
    "可评审专业": _l("各计划可以申报的专业和资格名称。"),
    "评审标准": _l("各计划的评审标准。"),
    "标准分类": _l("评审标准中申报业绩的分类。"),
    "任选条件组": _l("几项中满足几项的条件。"),
    "评审标准项": _l("每个分类要求的业绩类别和数量。"),
    "附件项": _l("各计划要求上传的附件。"),
    "单位": _l("用人单位和各级部门的登记信息。"),
    "单位角色": _l("单位以什么身份使用平台。"),
    "管辖范围": _l("哪个单位管哪个属地和系列，决定审核流转。"),
    "审核路径规则": _l("申报按什么条件经过哪些节点。"),
    "审核路径步骤": _l("每条规则在单位和组建单位之间的节点。"),
    "审核路径模拟": _l("查看某单位某系列的申报经过哪些单位，以及原因。"),
    "解除终止": _l("申报被终止确有错误时解除，须填写原因。"),
    "岗位数修改": _l("按单位上传的附件修改已确认的岗位数，须填写原因。"),
    "节假日": _l("法定节假日和调休上班日，用于计算工作日。"),
    "评委会": _l("评委会及其组建单位、发证机关。"),
    "内置单位": _l("为没有统一社会信用代码的单位建档、开通账号。"),
    "业绩分类": _l("个人业绩库的第一级分类。"),
    "业绩类别": _l("可以填报的业绩类别。"),
    "业绩字段版本": _l("每个业绩类别要填写的字段。"),
    "职称系列": _l("职称系列和证书编号代码。"),
    "资格名称": _l("各系列、各级别的资格名称。"),
    "专业": _l("各系列可以申报的专业。"),
    "职称级别": _l("级别的名称和高低顺序。"),
    "专业信息表单": _l("申报时各系列要填写的专业信息。"),
    "属地": _l("省、市、县行政区划。"),
    "字典": _l("民族、学历、单位性质等代码表。"),
    "字典项": _l("各字典的条目，可启用或停用。"),
    "通知公告": _l("首页上公开的通知：撰写、发布、撤下。"),
    "公共意见": _l("审核时可以选用的意见，按流程类型和操作。"),
    "参数": _l("证书编号模板等系统参数。"),
    "申报形式表单": _l("破格审批表、转评申报表要填写的内容。"),
    "文档样张": _l("评审表、证书等文档用样例数据生成的样张。"),
    "电子章": _l("各单位的电子章：启用、停用、有效期。"),
    "诚信承诺书": _l("申报时签署的承诺书及其版本。"),
    "账号": _l("登录账号：开通、停用、解锁、重置密码。"),
    "角色": _l("各角色可以使用的功能。"),
    "OpsConsole": _l("后台任务、审计记录和运行状况。"),
}


@dataclass(frozen=True)
class Figure:
    """One figure on the first page. `screen`: the menu entry behind it, without which it is not shown; `entry`:
    the figure stands beside that entry as well; `warns`: more than none asks for attention."""

    name: str
    label: Any
    screen: str
    note: Any
    query: str = ""
    entry: bool = False
    warns: bool = False


FIGURES = (
    Figure("units", _l("启用的单位"), "单位", _l("家"), query="?_flt_0_enabled=y", entry=True),
    Figure("plans_published", _l("已发布的计划"), "评审计划", _l("个"), query="?_flt_0_state=published", entry=True),
    Figure("plans_open", _l("今日可申报的计划"), "评审计划", _l("个"), query="?_flt_0_state=published"),
    Figure("plans_draft", _l("草稿中的计划"), "评审计划", _l("个"), query="?_flt_0_state=draft"),
    Figure("accounts_locked", _l("锁定的账号"), "账号", _l("个"), entry=True, warns=True),
    Figure("incidents", _l("失败的后台任务"), "OpsConsole", _l("个"), entry=True, warns=True),
)


def staff_home(actor: Actor) -> dict[str, Any]:
    """The context of appbuilder/index.html: `sections` of entries, `figures`, `nodes` with open tasks (None: not shown).

    One bounded query; figures are of the whole platform, so only its staff get them.
    """
    menu = _menu()
    screens = {entry["name"]: entry for section in menu for entry in section["entries"]}
    wanted = [figure for figure in FIGURES if figure.screen in screens and actor.is_platform]
    sees_tasks = "OpsConsole" in screens and actor.is_platform
    found = operations.overview(
        current_session(), {figure.name for figure in wanted}, with_tasks=sees_tasks, today=deadlines.today(), now=utcnow()
    )
    counted, nodes = found.figures, found.open_tasks
    for figure in wanted:
        if figure.entry and (counted[figure.name] or not figure.warns):
            screens[figure.screen]["figure"] = amount(counted[figure.name])
            screens[figure.screen]["tone"] = "bad" if figure.warns else "off"
            screens[figure.screen]["figure_label"] = figure.label
    return {
        "sections": menu,
        "figures": [
            {"label": f.label, "value": amount(counted[f.name]), "note": f.note,
             "href": screens[f.screen]["href"] + f.query, "tone": "bad" if f.warns and counted[f.name] else ""}
            for f in wanted
        ],
        "nodes": [{"label": _(NODES[node].label), "value": nodes[node]} for node in NODES if node in nodes] if sees_tasks else None,
        "is_sample": sum(nodes.values()) > operations.COUNT_UP_TO,
        "bound": operations.COUNT_UP_TO,
    }


def amount(n: int) -> str:
    """The figure, or 10000+ beyond the bound up to which is counted."""
    return f"{operations.COUNT_UP_TO}+" if n > operations.COUNT_UP_TO else str(n)


def _menu() -> list[dict[str, Any]]:
    """FAB's menu, narrowed to what the account may open: [{label, entries: [{name, label, href, text}]}]."""
    builder = current_app.appbuilder  # type: ignore[attr-defined]

    def visible(item: Any) -> bool:
        return item.should_render() and builder.sm.has_access("menu_access", item.name)

    sections = []
    for item in builder.menu.get_list():
        if not visible(item):
            continue
        entries = [
            {"name": child.name, "label": _(child.label), "href": child.get_url(), "text": DESCRIPTIONS.get(child.name, "")}
            for child in item.childs if child.name != "-" and visible(child)
        ]
        if entries:
            sections.append({"label": _(item.label), "entries": entries})
    return sections
