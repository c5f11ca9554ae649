"""The operations console at /ops (Flask-Admin): jobs, the audit trail, settings."""

from __future__ import annotations

from flask import Flask
from flask_admin import Admin
from flask_appbuilder import AppBuilder
from flask_babel import lazy_gettext as _l

from app.extensions import db
from config import ROOT
from models.audit import AuditEvent
from models.job import Job
from models.setting import Setting
from views.ops.home import OpsIndex
from views.ops.record import AuditOps, JobOps, SettingOps


def register(app: Flask, builder: AppBuilder) -> None:
    """Mount the console; its link stands in the staff menu for who may open it."""
    console = Admin(
        app, name=_l("平台运维"), url="/ops", endpoint="ops", translations_path=str(ROOT / "translations"),
        index_view=OpsIndex(name=_l("首页"), url="/ops", endpoint="ops"),
    )
    console.add_view(JobOps(Job, db.session, name=_l("后台任务"), endpoint="ops_job", url="job"))
    console.add_view(AuditOps(AuditEvent, db.session, name=_l("审计记录"), endpoint="ops_audit", url="audit"))
    console.add_view(SettingOps(Setting, db.session, name=_l("参数"), endpoint="ops_setting", url="setting"))
    builder.add_link("OpsConsole", href="/ops/", label="平台运维", category="系统管理")
