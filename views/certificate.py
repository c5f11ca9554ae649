"""我的职称, the issuer's list of certificates, and the public verification page."""

from __future__ import annotations

import hashlib
import unicodedata
from typing import Any

from flask import current_app, flash, jsonify, redirect, request, url_for
from flask_appbuilder import expose, has_access
from flask_babel import gettext as _

from app.errors import NotFound
from app.extensions import limiter
from app.queries.certificate import (
    certificate_of_file,
    certificates_of,
    issued_page,
    public_view,
    replaced_by,
    without_photo,
)
from app.queries.dictionary import name_of
from app.queries.seal import known_certificates
from app.reports.errors import ReportError, SignatureRefusedError
from app.reports.platform_key import certificate as platform_certificate
from app.reports.sealing import SealError, check_seals
from app.reports.signing import private_key_from_seed, public_key_of, verify_payload
from app.rules.identity import mask_id_number, mask_name
from app.services import certificate as certificates
from app.transaction import current_session
from models.base import utcnow
from models.certificate import CERTIFICATE_STATES, Certificate
from views.addresses import positive
from views.base import PageView, current_actor
from views.person import own_person, personal_tree

NUMBER_SHOWN = 32  # no number is longer
MOST_CHECKED_BYTES = 20 * 1024 * 1024


class CertificateView(PageView):
    """我的职称: the holder's certificates."""

    route_base = "/certificates"

    @expose("/")
    @has_access
    def index(self) -> Any:
        """The list; a file that is still being made turns into a link by itself (the page asks again)."""
        person = own_person()
        return self.render(
            "certificate/index.html", person=person, states=CERTIFICATE_STATES, tree=personal_tree("CertificateView.index"),
            certificates=certificates_of(current_session(), person.id),
        )


    @expose("/<int:certificate_id>")
    @has_access
    def show(self, certificate_id: int) -> Any:
        """查看: 基本信息, 获得资格情况, 证书文件 with its preview."""
        person = own_person()
        row = current_session().get(Certificate, certificate_id)
        if row is None or row.person_id != person.id:
            raise NotFound(_("没有找到这本证书。"))
        successor = replaced_by(current_session(), row.id)
        document = name_of(current_session(), "id_doc_type", person.id_doc_type)
        return self.render(
            "certificate/show.html", row=row, person=person, states=CERTIFICATE_STATES, successor=successor,
            id_document=document, id_number=mask_id_number(person.id_number), tree=personal_tree("CertificateView.index"),
        )


class IssuedCertificateView(PageView):
    """证书管理: what the organization issued or convened."""

    route_base = "/certificates/issued"

    @expose("/")
    @has_access
    def index(self) -> Any:
        """The list, searched by number, name or initials, paged by key; rows by the row scope."""
        text = request.args.get("q", "").strip()[:50]
        page = issued_page(
            current_session(), organization_id=current_actor().organization_id or 0, text=text,
            before=positive(request.args.get("before")), after=positive(request.args.get("after")),
        )
        return self.render(
            "certificate/issued.html", page=page, text=text, states=CERTIFICATE_STATES,
            own_id=current_actor().organization_id, photoless=without_photo(current_session(), page.rows),
        )


    @expose("/<int:certificate_id>/revoke", methods=["POST"])
    @has_access
    def revoke(self, certificate_id: int) -> Any:
        """撤销, with its reason; only what the own organization issued."""
        with self.attempt() as outcome:
            certificates.revoke(certificate_id=certificate_id, reason=request.form.get("reason", ""), actor=current_actor())
        if outcome.ok:
            flash(_("证书已撤销，持证人已收到通知。"), "success")
        return redirect(url_for("IssuedCertificateView.index"))


class VerifyView(PageView):
    """证书查验, for everybody: masked data and the status of now."""

    route_base = "/verify"

    @expose("/")
    @limiter.limit("60 per minute")
    def index(self) -> Any:
        """The form; a number in the query leads to its page."""
        number = _number(request.args.get("number", "")).replace("/", "")
        if number:
            return redirect(url_for("VerifyView.show", number=number))
        return self.render("certificate/verify.html", number="", found=None)

    @expose("/<string:number>")
    @limiter.limit("60 per minute")
    def show(self, number: str) -> Any:
        """What the public may know of one certificate. The signature in the address's fragment never reaches the
        server by itself: a script asks `check` with it.
        """
        number = _number(number)
        found = public_view(current_session(), number)
        return self.render(
            "certificate/verify.html", status=200 if found else 404, number=number, found=found,
            states=CERTIFICATE_STATES, holder=mask_name(found["holder_name"]) if found else "", now=utcnow(),
        )

    @expose("/<string:number>.json")
    @limiter.limit("60 per minute")
    def machine(self, number: str) -> Any:
        """The same for machines: masked data and the status of now; 404 with `found: false` for an unknown number."""
        found = public_view(current_session(), _number(number))
        if found is None:
            return jsonify(found=False, number=number), 404
        return jsonify(
            found=True, number=found["number"], holder=mask_name(found["holder_name"]), state=found["state"],
            state_name=CERTIFICATE_STATES[found["state"]], series=found["series_name"], specialty=found["specialty_name"],
            title=found["title_name"], level=found["level_name"], acquired_on=found["acquired_on"].isoformat(),
            issued_on=found["issued_on"].isoformat(), issuer=found["issuer_name"], committee=found["committee_name"],
            revoked_on=found["revoked_on"].isoformat() if found["revoked_on"] else None, replaced_by=found["successor"],
            checked_at=utcnow().isoformat(timespec="seconds"),
        )

    @expose("/file/", methods=["GET", "POST"])
    @limiter.limit("30 per minute")
    def file(self) -> Any:
        """文件验章: a PDF is dropped; whether it is a certificate's file as issued, what that one is worth now, and whether its
        seals hold. Nothing is kept.
        """
        found, same, name, status = None, None, "", 200
        own = platform_certificate(bytes.fromhex(current_app.config["SIGNING_SEED"]))
        if request.method == "POST":
            upload = request.files.get("file")
            data = upload.stream.read(MOST_CHECKED_BYTES + 1) if upload is not None and upload.filename else b""
            try:
                if not data or len(data) > MOST_CHECKED_BYTES:
                    raise SealError(_("请选择一个 20MB 以内的 PDF 文件。"))
                found, name = check_seals(data, [*known_certificates(current_session()), own]), str(upload.filename)
                same = certificate_of_file(current_session(), hashlib.sha256(data).hexdigest())
            except ReportError as error:
                flash(str(error), "danger")
                status = 422
        return self.render(
            "certificate/file.html", found=found, same=same, name=name, own=own, status=status, states=CERTIFICATE_STATES,
            holder=mask_name(same["holder_name"]) if same else "",
        )

    @expose("/check/", methods=["POST"])
    @limiter.limit("60 per minute")
    def check(self) -> Any:
        """Whether a scanned payload carries a genuine signature of ours."""
        config = current_app.config
        key = public_key_of(private_key_from_seed(bytes.fromhex(config["SIGNING_SEED"])))
        try:
            verify_payload(request.form.get("payload", "")[:400], base_url=config["PUBLIC_URL"], public_keys={0: key})
        except SignatureRefusedError as error:
            return jsonify(ok=False, message=str(error))
        return jsonify(ok=True, message=_("二维码签名有效，由本系统签发。"))


def _number(text: str) -> str:
    """A number as it is kept, however it was copied: full-width figures, spaces between them, small letters."""
    return "".join(unicodedata.normalize("NFKC", text).split()).upper()[:NUMBER_SHOWN]


def register(appbuilder: Any) -> None:
    """Add the views of this module."""
    for view in (CertificateView, IssuedCertificateView, VerifyView):
        appbuilder.add_view_no_menu(view)
