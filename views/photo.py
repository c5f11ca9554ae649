"""个人信息 · 上传照片: choose, cut, replace and delete the photo that applications and certificates show."""

from __future__ import annotations

from typing import Any

from flask import flash, jsonify, redirect, request, url_for
from flask_appbuilder import expose, has_access
from flask_babel import gettext as _

from app.errors import Invalid
from app.rules.upload_image import SMALLEST_CUT, Cut
from app.services import person as people
from app.services.stored_file import PHOTO
from views.addresses import is_local
from views.base import PageView, current_actor, wants_json
from views.person import own_person, personal_tree


class PhotoView(PageView):
    """One page for every place that asks for a photo; `next` leads back to where it was asked for."""

    route_base = "/person/photo"
    default_view = "edit"

    @expose("/", methods=["GET", "POST"])
    @has_access
    def edit(self) -> Any:
        """上传照片; the browser sends the rectangle, the server cuts it to 2 寸."""
        person, back, status = own_person(), _back(), 200
        if person.registered_at is None:
            return redirect(url_for("RegistrationView.fill"))
        if request.method == "POST":
            upload = request.files.get("photo")
            if wants_json():  # the script: a refusal answers as JSON
                self._change(upload)
                flash(_("照片已上传。"), "success")
                return jsonify(ok=True, next=back)
            with self.attempt() as outcome:
                self._change(upload)
            if outcome.ok:
                flash(_("照片已上传。"), "success")
                return redirect(back)
            status = outcome.status
        return self.render("person/photo.html", status=status, person=own_person(), back=back, smallest=SMALLEST_CUT,
                           most_mb=PHOTO.max_mb, tree=personal_tree("PersonView.show"))

    def _change(self, upload: Any) -> None:
        if upload is None or not upload.filename:
            raise Invalid("请选择一张 JPG 或 PNG 格式的证件照片。")
        people.change_photo(stream=upload.stream, filename=upload.filename, cut=_cut(), actor=current_actor())

    @expose("/delete/", methods=["POST"])
    @has_access
    def delete(self) -> Any:
        """删除照片."""
        with self.attempt() as outcome:
            people.delete_photo(actor=current_actor())
        if outcome.ok:
            flash(_("照片已删除。"), "success")
        return redirect(_back())


def _cut() -> Cut:
    """What the page's fields say; without scripts they are empty and the middle is kept."""
    try:
        turn = int(request.form.get("turn") or 0)
        if not request.form.get("width"):
            return Cut(turn)
        return Cut(turn, *(float(request.form[key]) for key in ("left", "top", "width")))
    except (KeyError, ValueError):
        raise Invalid("裁剪位置有误，请重新选择照片，调整后再提交。") from None


def _back() -> str:
    wanted = request.values.get("next", "")
    return wanted if is_local(wanted) else url_for("PersonView.show")


def register(appbuilder: Any) -> None:
    """Add the views of this module."""
    appbuilder.add_view_no_menu(PhotoView)
