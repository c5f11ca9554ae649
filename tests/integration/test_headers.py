"""What every answer carries: security headers, caching, cookies; the language."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.conftest import Login


@pytest.mark.parametrize("path", ["/login/", "/account/password/", "/nowhere", "/static/css/base.css"])
def test_every_answer_carries_the_security_headers(client: FlaskClient, login: Login, someone: int, path: str) -> None:
    login(client, "someone")
    headers = client.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    for part in ("default-src 'none'", "script-src 'self'", "base-uri 'none'", "frame-ancestors 'self'",
                 "form-action 'self'", "object-src 'none'"):
        assert part in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"


def test_personal_pages_are_not_stored(client: FlaskClient, login: Login, someone: int) -> None:
    login(client, "someone")
    assert client.get("/account/password/").headers["Cache-Control"] == "no-store"


def test_static_files_are_kept_for_good_under_the_address_of_their_content(client: FlaskClient) -> None:
    page = client.get("/login/").text
    address = page.split('rel="stylesheet" href="')[1].split('"')[0]
    assert "?v=" in address
    assert client.get(address).headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert client.get(address.partition("?")[0]).headers["Cache-Control"] == "public, max-age=300"


def test_behind_tls_the_cookie_is_bound_to_the_host(
    app: Flask, client: FlaskClient, csrf: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "SESSION_COOKIE_SECURE", True)
    monkeypatch.setitem(app.config, "SESSION_COOKIE_NAME", "__Host-session")
    answer = client.get("/login/", base_url="https://localhost")
    assert "max-age=31536000" in answer.headers["Strict-Transport-Security"]
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-session=v.")
    for attribute in ("Secure", "HttpOnly", "Path=/", "SameSite=Lax"):
        assert attribute in cookie
    assert "Domain" not in cookie


def test_the_language_is_a_cookie_of_its_own(client: FlaskClient) -> None:
    answer = client.get("/lang/en", headers={"Referer": "http://localhost/login/"})
    assert answer.headers["Location"] == "/login/"
    assert client.get_cookie("language").value == "en"
    assert 'lang="en"' in client.get("/login/").text
    assert client.get("/lang/xx").status_code == 404


def test_a_foreign_referrer_leads_nowhere(client: FlaskClient) -> None:
    for path in ("/lang/en", "/back"):
        answer = client.get(path, headers={"Referer": "https://evil.example/login/"})
        assert answer.headers["Location"] == "/"
