"""A second application that also has the probes of tests/access/probes.py, over the same database; two units with rows of everything."""

from __future__ import annotations

from collections.abc import Iterator
from unittest import mock

import pytest
from flask import Flask

import views
from app import release
from app.extensions import db
from app.factory import create_app
from app.roles import ROLES
from tests.access import probes, scope_world
from tests.conftest import Client, TestConfig
from tests.database import Databases

PROBED = {**ROLES, "Employer": [*ROLES["Employer"], *probes.GRANTS]}


@pytest.fixture(scope="session")
def probe_application(store: Databases, application: Flask) -> Flask:
    """Made once; the first application is made before, so that the database exists."""
    with mock.patch.object(views, "register", lambda builder: (_register(builder), probes.register(builder))):
        made = create_app(TestConfig, **{
            key: application.config[key] for key in ("SQLALCHEMY_DATABASE_URI", "STORAGE_URL", "VAR")
        })
    made.test_client_class = Client
    return made


_register = views.register


@pytest.fixture
def probe_app(probe_application: Flask, application: Flask, store: Databases) -> Iterator[Flask]:
    """Over a fresh empty database whose role Employer may open the probes; inside an application context."""
    with probe_application.app_context():
        db.engine.dispose()
    store.restore(application, "empty")
    with probe_application.app_context():
        with mock.patch.object(release, "ROLES", PROBED):
            release.sync_permissions(probe_application.appbuilder)
        yield probe_application
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def world(app: Flask) -> scope_world.World:
    """Two units A and B, a person in each, and an authority that handled A's case."""
    return scope_world.build()
