"""The composition root: `create_app` binds extensions, security, views, the console and the commands."""

from __future__ import annotations

import hashlib
from typing import Any

from flask import Blueprint, Flask, current_app
from flask_appbuilder import AppBuilder

import views
from app import cli, security
from app.extensions import configure_engine, csrf, db, limiter, migrate
from app.rules.upload import unscanned
from app.services.stored_file import use_scanner
from app.session_store import SessionInterface
from app.storage.virus_scan import scanner_from_url
from config import ROOT, Base, settings
from models import encrypted
from views import addresses, errors, hooks, ops, screen, sentences, shell, sign_on_clients
from views.account import LoginView


def create_app(config: type[Base] | None = None, **overrides: Any) -> Flask:
    """The application under `config` (default: what the environment says); `overrides` replace single settings.

    Nothing is read from or written to the database here: `flask release` prepares it.
    """
    app = Flask(
        "zhicheng", root_path=str(ROOT / "app"), template_folder=str(ROOT / "templates"),
        static_folder=str(ROOT / "app" / "static"), static_url_path="/static",
    )
    app.config.from_object(config or settings())
    app.config.from_mapping(overrides)
    _defaults(app)
    encrypted.configure(app.config["FIELD_KEYS"] or f"dev:{app.config['SECRET_KEY']}")
    use_scanner(scanner_from_url(app.config["CLAMD_URL"]) if app.config["CLAMD_URL"] else unscanned)
    db.init_app(app)
    configure_engine(app)
    migrate.init_app(app, db, directory=str(ROOT / "migrations"))
    csrf.init_app(app)
    limiter.init_app(app)
    sign_on_clients.register(app)
    app.session_interface = SessionInterface(app)
    addresses.register_numbers(app)
    hooks.register_before(app)  # the actor and the scope, before FAB's own hooks
    with app.app_context():
        builder = Builder(indexview=shell.IndexView)
        builder.security_manager_class = type(
            "SecurityManager", (security.SecurityManager,), {"login_view": LoginView}
        )
        builder.init_app(app, db.session)
        app.extensions["babel"].locale_selector = shell.chosen_language
        sentences.register(app)
        views.register(builder)
        ops.register(app, builder)
    hooks.register_after(app)
    shell.register(app)
    screen.register_filters(app)
    errors.register(app)
    cli.register(app)
    return app


def _defaults(app: Flask) -> None:
    if not app.config["SIGNING_SEED"] and (app.config["DEMO"] or app.testing):
        seed = hashlib.sha256(b"demo signing seed" + app.config["SECRET_KEY"].encode())  # Prod refuses to be without
        app.config["SIGNING_SEED"] = seed.hexdigest()
    app.config.setdefault("RATELIMIT_ENABLED", not app.testing)
    app.config.setdefault("RATELIMIT_STORAGE_URI", "memory://")
    app.config.setdefault("RATELIMIT_HEADERS_ENABLED", False)
    app.config["FAB_ADD_SECURITY_VIEWS"] = False
    if not app.config["SIGNING_SEED"]:  # Prod refuses to start without one
        app.config["SIGNING_SEED"] = hashlib.sha256(b"signing" + app.config["SECRET_KEY"].encode()).hexdigest()
    app.config["SQLALCHEMY_RECORD_QUERIES"] = False


class Builder(AppBuilder):
    """FAB without the routes we do not want: its static files, API documentation, menu API, and history stack."""

    def _add_global_static(self) -> None:
        """FAB's templates stay reachable, its scripts and style sheets do not."""
        current_app.register_blueprint(Blueprint("appbuilder", "flask_appbuilder", template_folder="templates"))

    def _add_admin_views(self) -> None:
        self._indexview = self.add_view_no_menu(self.indexview)
        self.add_view_no_menu(shell.BackView)
        self.add_view_no_menu(shell.LanguageView)
        self.sm.register_views()
