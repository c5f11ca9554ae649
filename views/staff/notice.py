"""通知公告, written by staff in generated screens."""

from __future__ import annotations

from flask_appbuilder import AppBuilder
from flask_appbuilder.models.sqla.interface import SQLAInterface
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from app.errors import Invalid
from app.rules.notice import safe_body, words_of
from models.notice import NOTICE_STATES, Notice
from views.base import SafeModelView


class NoticeView(SafeModelView):
    """A notice is public when it is 已发布 and its day has come; 已撤下 takes it away again."""

    datamodel = SQLAInterface(Notice)
    noun = _l("通知公告")
    list_columns = ["title", "issuer", "published_on", "state"]
    show_columns = ["title", "issuer", "published_on", "state", "body", "updated_at"]
    search_columns = ["title", "issuer", "state"]
    add_columns = ["title", "issuer", "published_on", "state", "body"]
    base_order = ("published_on", "desc")
    order_columns = ["published_on", "title"]
    choices = {"state": NOTICE_STATES}
    label_columns = {
        "title": _l("标题"), "issuer": _l("发布单位"), "published_on": _l("发布日期"), "state": _l("状态"), "body": _l("正文"),
        "updated_at": _l("修改时间"),
    }
    description_columns = {
        "body": _l("空行分段；也可以使用简单的 HTML：段落、列表、表格、链接。脚本、样式和图片会被去掉。"),
        "published_on": _l("到这一天才公开显示。"),
    }
    formatters_columns = {"body": lambda body: Markup(safe_body(body))}  # noqa: S704  sanitised

    def pre_add(self, item: Notice) -> None:
        """The body is made safe before it is kept."""
        item.body = safe_body(item.body or "")
        if not words_of(item.body):
            raise Invalid(_("请填写正文。"), {"body": _("请填写正文。")})

    pre_update = pre_add


def register(appbuilder: AppBuilder) -> None:
    """In the menu 系统管理."""
    appbuilder.add_view(NoticeView, "通知公告", category="系统管理")
