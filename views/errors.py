"""Error pages: a sentence that says what to do next, as a page or, for scripts, as JSON."""

from __future__ import annotations

import logging
import secrets

from flask import Flask, Response, current_app, make_response, render_template, request
from flask_babel import gettext as _
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from markupsafe import escape
from werkzeug.exceptions import HTTPException, InternalServerError

from app.errors import DomainError, Invalid
from app.extensions import db
from views.base import wants_json

log = logging.getLogger(__name__)
refusals = logging.getLogger("zhicheng.refusals")
PAGES = {400, 403, 404, 409, 413, 429, 500}


def register(app: Flask) -> None:
    """Handlers for the domain's errors, HTTP errors, and everything nobody expected."""
    app.register_error_handler(DomainError, _domain)
    app.register_error_handler(CSRFError, _csrf)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)


def _domain(error: DomainError) -> Response:
    fields = {key: _(sentence) for key, sentence in error.fields.items()} if isinstance(error, Invalid) else {}
    return _answer(error.status, _(error.message), fields=fields)


def _csrf(error: CSRFError) -> Response:
    if wants_json() and not current_user.is_authenticated:  # the token went with the session
        return _answer(401, _("登录已失效，请重新登录。"))
    return _answer(400, _("页面停留时间过长，请刷新页面后重新提交。"))


def _http(error: HTTPException) -> Response:
    if error.code is None or error.code < 400:
        return make_response(error.get_response())
    return _answer(error.code, headers=[h for h in error.get_headers() if h[0].lower() in ("allow", "retry-after")])


def _unexpected(error: Exception) -> Response:
    reference = secrets.token_hex(4).upper()
    log.error("unexpected error %s at %s %s", reference, request.method, request.path, exc_info=error)
    if current_app.config.get("PROPAGATE_EXCEPTIONS"):
        raise error
    return _answer(InternalServerError.code, reference=reference)


def _answer(
    status: int, message: str = "", *, fields: dict[str, str] | None = None, reference: str = "",
    headers: list[tuple[str, str]] | None = None,
) -> Response:
    db.session.rollback()  # whatever failed, the page itself may query
    if status == 403:
        who = current_user.id if current_user.is_authenticated else "-"
        refusals.warning("refused: account %s, %s %s, from %s", who, request.method, request.path, request.remote_addr)
    if wants_json():
        response = make_response(
            {"message": message or _("请求未能完成。"), "fields": fields or {}, "reference": reference}, status
        )
    else:
        response = make_response(_page(status, message, reference), status)
    response.headers.extend(headers or [])
    return response


def _page(status: int, message: str, reference: str) -> str:
    page = status if status in PAGES else 400 if status < 500 else 500
    try:
        return render_template(f"error/{page}.html", message=message, reference=reference)
    except Exception:  # the page of last resort needs no template, no session and no database
        log.exception("the error page failed")
        text = escape(message or _("系统暂时不能完成这项操作，请稍后再试。"))
        return f'<!doctype html><meta charset="utf-8"><title>{status}</title><p>{text}</p><p>{escape(reference)}</p>'
