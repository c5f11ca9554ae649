"""电子章 and 文档样张: what the platform installs for organizations, and what each form looks like."""

from __future__ import annotations

from typing import Any

from flask import flash, make_response, redirect, request, url_for
from flask_appbuilder import AppBuilder, expose, has_access
from flask_babel import gettext as _

from app.errors import Invalid, NotFound
from app.queries import seal as queries
from app.reports.errors import ReportError
from app.reports.sample_papers import PDF, SAMPLES
from app.reports.sealing import certificate_of, read_p12, round_seal, seal_picture, self_signed
from app.services import seal
from app.transaction import current_session
from models.organization import Organization
from views.addresses import positive
from views.base import PageView, current_actor
from views.file_response import bytes_response, disposition

MOST_BYTES = 1024 * 1024


class SealView(PageView):
    """电子章管理."""

    route_base = "/seals"

    @expose("/")
    @has_access
    def index(self) -> Any:
        """The seals in use; organizations by name."""
        text = request.args.get("q", "").strip()[:50]
        page = queries.listed(
            current_session(), text=text, after=positive(request.args.get("after")), before=positive(request.args.get("before")))
        return self.render("seal/index.html", page=page, text=text)

    @expose("/<int:seal_id>/picture")
    @has_access
    def picture(self, seal_id: int) -> Any:
        """What the seal looks like on paper."""
        found = queries.picture(current_session(), seal_id)
        if found is None:
            raise NotFound(_("没有找到这枚电子章，它可能已停用。"))
        return bytes_response(found, "印章.png", "image/png")

    @expose("/<int:organization_id>/install", methods=["POST"])
    @has_access
    def install(self, organization_id: int) -> Any:
        """安装: a key file with its passphrase, or a key made here; a picture, or one drawn from the name."""
        unit = current_session().get(Organization, organization_id)
        if unit is None:
            raise NotFound(_("没有找到该单位。"))
        name = unit.name
        with self.attempt() as outcome:
            try:
                p12, until = read_p12(_file("p12") or self_signed(name), request.form.get("passphrase", "") if _sent("p12") else "")
                given = _file("picture")
                picture = seal_picture(given) if given else round_seal(name)
            except ReportError as error:
                raise Invalid(str(error)) from error
            seal.install(organization_id=organization_id, p12=p12, picture=picture, certificate=certificate_of(p12),
                         valid_until=until, actor=current_actor())
        if outcome.ok:
            flash(_("电子章已安装，今后通过该单位节点的表格会自动盖章。"), "success")
        return redirect(url_for("SealView.index", q=name))

    @expose("/<int:seal_id>/retire", methods=["POST"])
    @has_access
    def retire(self, seal_id: int) -> Any:
        """停用."""
        with self.attempt() as outcome:
            seal.retire(seal_id=positive(str(seal_id)) or 0, actor=current_actor())
        if outcome.ok:
            flash(_("电子章已停用。"), "success")
        return redirect(url_for("SealView.index"))


class DocumentSampleView(PageView):
    """文档样张: a sample of every document, made from invented data."""

    route_base = "/documentsamples"

    @expose("/")
    @has_access
    def index(self) -> Any:
        """Every kind of document."""
        return self.render("seal/samples.html", samples=SAMPLES)

    @expose("/<string:file>")
    @has_access
    def sample(self, file: str) -> Any:
        """The sample, made now."""
        if file not in SAMPLES:
            raise NotFound(_("没有这种文档。"))
        sample = SAMPLES[file]
        response = make_response(sample.make())
        response.headers["Content-Type"] = sample.media_type
        shown = "inline" if sample.media_type == PDF else "attachment"
        response.headers["Content-Disposition"] = disposition(f"{sample.name}.{file.rpartition('.')[2]}", shown)
        return response


def _sent(name: str) -> bool:
    upload = request.files.get(name)
    return bool(upload and upload.filename)


def _file(name: str) -> bytes:
    upload = request.files.get(name)
    if upload is None or not upload.filename:
        return b""
    data = upload.stream.read(MOST_BYTES + 1)
    if not data:
        raise Invalid(_("“%(name)s”是空的（0 字节），请检查原文件能否打开，然后重新上传。", name=str(upload.filename)[:80]))
    if len(data) > MOST_BYTES:
        raise Invalid(_("文件超过 1MB，请核对是否选错了文件。"))
    return data


def register(appbuilder: AppBuilder) -> None:
    """In the menu 单位管理."""
    appbuilder.add_view(SealView, "电子章", category="单位管理")
    appbuilder.add_view(DocumentSampleView, "文档样张", category="系统管理")
