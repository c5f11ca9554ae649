"""附件: upload, rename, order, delete, and the only addresses from which stored files are read.

What may be changed is the subject's rule (`services.file.register_editable`); what may be read is the row scope.
"""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request
from flask_appbuilder import expose, has_access
from flask_babel import gettext as _

from app.errors import DomainError, Invalid, NotAllowed, NotFound
from app.services import file as files
from models.file import Attachment
from views.addresses import is_local
from views.base import PageView, current_actor, wants_json
from views.file_response import file_response

OFFSETS = {"up": -1, "down": 1}


class FileView(PageView):
    """附件."""

    route_base = "/files"
    default_view = "download"

    @expose("/<int:attachment_id>")
    @has_access
    def download(self, attachment_id: int) -> Any:
        """An attachment's file; `?inline=1` shows images and PDFs instead of saving them."""
        item = files.attachment(attachment_id)
        return file_response(item.file, item.name, inline="inline" in request.args)

    @expose("/stored/<int:file_id>")
    @has_access
    def stored(self, file_id: int) -> Any:
        """A photo, a certificate or an own upload."""
        file = files.stored_file(file_id)
        return file_response(file, file.name, inline="inline" in request.args)

    @expose("/<string(maxlength=32):subject_type>/<int:subject_id>/<string(maxlength=60):slot>", methods=["POST"])
    @has_access
    def upload(self, subject_type: str, subject_id: int, slot: str) -> Any:
        """上传 one or several files (`files`) into a slot; each is refused or kept on its own."""
        uploads = [upload for upload in request.files.getlist("files") if upload.filename]
        kept: list[Attachment] = []
        refusals: list[str] = []
        if not uploads:
            files.editable(subject_type, subject_id, slot, current_actor())
            refusals.append(_("请先选择要上传的文件。"))
        for upload in uploads:
            try:
                kept.append(files.upload_to(
                    stream=upload.stream, filename=upload.filename or "", subject_type=subject_type,
                    subject_id=subject_id, slot=slot, actor=current_actor(),
                ))
            except (NotFound, NotAllowed):
                raise
            except DomainError as error:
                refusals.append(f"“{_printable(upload.filename or '')}”：{_(error.message)}")
        if refusals and not kept and wants_json():
            raise Invalid("\n".join(refusals))
        if kept:
            flash(_("已上传 %(count)d 个文件。", count=len(kept)), "success")
        return _answer(refusals)

    @expose("/<int:attachment_id>/rename", methods=["POST"])
    @has_access
    def rename(self, attachment_id: int) -> Any:
        """改名."""
        with self.attempt() as outcome:
            item = files.rename(attachment_id=attachment_id, name=request.form.get("name", ""), actor=current_actor())
            flash(_("附件已改名为“%(name)s”。", name=item.name), "success")
        return _answer([], outcome.status)

    @expose("/<int:attachment_id>/move", methods=["POST"])
    @has_access
    def move(self, attachment_id: int) -> Any:
        """↑ or ↓ (`direction`: up, down)."""
        offset = OFFSETS.get(request.form.get("direction", ""))
        if offset is None:
            raise Invalid(_("请用“上移”或“下移”调整附件的顺序。"))
        with self.attempt() as outcome:
            files.move(attachment_id=attachment_id, offset=offset, actor=current_actor())
        return _answer([], outcome.status)

    @expose("/<int:attachment_id>/delete", methods=["POST"])
    @has_access
    def delete(self, attachment_id: int) -> Any:
        """删除."""
        with self.attempt() as outcome:
            files.detach(attachment_id=attachment_id, actor=current_actor())
            flash(_("附件已删除。"), "success")
        return _answer([], outcome.status)


def _answer(refusals: list[str], status: int = 200) -> Any:
    """Back to the page the form stood on (`next`), with the messages shown there; a script reloads that page."""
    for refusal in refusals:
        flash(refusal, "danger")
    if wants_json():
        return {"ok": status < 400 and not refusals}, status
    target = request.form.get("next", "")
    return redirect(target if is_local(target) else "/", 303)


def _printable(name: str) -> str:
    """A refused name as it can be shown: what is wrong with it must not spoil the message."""
    return "".join(character if character.isprintable() else "·" for character in name)[:80]


def register(appbuilder: Any) -> None:
    """Add the views of this module."""
    appbuilder.add_view_no_menu(FileView)
