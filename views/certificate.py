"""我的职称, the issuer's list of certificates, and the public verification page."""

from __future__ import annotations

from typing import Any

from flask import current_app, jsonify, redirect, request, url_for
from flask_appbuilder import expose, has_access
from flask_babel import gettext as _

from app.extensions import limiter
from app.queries.certificate import certificates_of, issued_page, public_view
from app.reports.errors import SignatureRefusedError
from app.reports.signing import private_key_from_seed, public_key_of, verify_payload
from app.rules.identity import mask_name
from app.transaction import current_session
from models.base import utcnow
from models.certificate import CERTIFICATE_STATES
from views.addresses import positive
from views.base import PageView, current_actor
from views.person import own_person, personal_tree

NUMBER_SHOWN = 32  # no number is longer


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
        return self.render("certificate/issued.html", page=page, text=text, states=CERTIFICATE_STATES)


class VerifyView(PageView):
    """证书查验, for everybody: masked data and the status of now."""

    route_base = "/verify"

    @expose("/")
    @limiter.limit("60 per minute")
    def index(self) -> Any:
        """The form; a number in the query leads to its page."""
        number = request.args.get("number", "").strip().upper()
        if number:
            return redirect(url_for("VerifyView.show", number=number[:NUMBER_SHOWN]))
        return self.render("certificate/verify.html", number="", found=None)

    @expose("/<string:number>")
    @limiter.limit("60 per minute")
    def show(self, number: str) -> Any:
        """What the public may know of one certificate. The signature in the address's fragment never reaches the
        server by itself: a script asks `check` with it.
        """
        number = number.strip().upper()[:NUMBER_SHOWN]
        found = public_view(current_session(), number)
        return self.render(
            "certificate/verify.html", status=200 if found else 404, number=number, found=found,
            states=CERTIFICATE_STATES, holder=mask_name(found["holder_name"]) if found else "", now=utcnow(),
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


def register(appbuilder: Any) -> None:
    """Add the views of this module."""
    for view in (CertificateView, IssuedCertificateView, VerifyView):
        appbuilder.add_view_no_menu(view)
