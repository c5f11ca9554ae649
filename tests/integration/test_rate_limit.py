"""Who asks too often is slowed down: guessing numbers of certificates, making accounts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.extensions import limiter
from app.factory import create_app
from tests.conftest import Client, TestConfig
from tests.database import Databases
from tests.factories.templates import started_template


@pytest.fixture(scope="session")
def template(application: Flask, store: Databases) -> str:
    return started_template(application, store)


@pytest.fixture
def limited(app: Flask) -> Iterator[FlaskClient]:
    """A browser of an application that counts requests, over the same database."""
    made = create_app(
        TestConfig, RATELIMIT_ENABLED=True,
        **{key: app.config[key] for key in ("SQLALCHEMY_DATABASE_URI", "STORAGE_URL", "VAR", "QUEUE_URL", "MAIL_URL")},
    )
    made.test_client_class = Client
    yield made.test_client()
    limiter.reset()
    limiter.enabled = False  # one limiter for all applications of a process


def test_guessing_numbers_is_slowed_down(limited: FlaskClient) -> None:
    statuses = [limited.get(f"/verify/93420260000000{n:05}").status_code for n in range(62)]
    assert statuses == [404] * 60 + [429] * 2
    assert "稍" in limited.get("/verify/1").text


def test_making_accounts_is_slowed_down(limited: FlaskClient) -> None:
    assert [limited.post("/register/", data={}).status_code for _ in range(21)] == [422] * 20 + [429]
    assert limited.get("/register/").status_code == 200
