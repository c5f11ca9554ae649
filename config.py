"""Settings, from the environment only. `settings()` picks the class; every key is documented in docs/operations.md."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VAR = Path(os.environ.get("VAR_DIR", ROOT / "var")).resolve()
DEFAULT_SECRET = "only-for-development-and-the-demo"  # noqa: S105  refused by Prod
DEMO_SEED = "5a" * 32  # signs the demo's certificates; Prod wants one of its own


class ConfigError(RuntimeError):
    """The environment is not fit to start with; the text says what to set."""


def _flag(name: str, default: bool = False) -> bool:
    return os.environ.get(name, "1" if default else "").lower() in {"1", "true", "yes", "on"}


class Base:
    """What every environment shares. Upper-case attributes become Flask's config."""

    SECRET_KEY = os.environ.get("SECRET_KEY", DEFAULT_SECRET)
    FIELD_KEYS = os.environ.get("FIELD_KEYS", "")  # id:secret[,id:secret…] of columns encrypted at rest
    SIGNING_SEED = os.environ.get("SIGNING_SEED", "")  # hex, 32 bytes: Ed25519 of certificate QR codes
    DEMO = _flag("DEMO")
    HOST = os.environ.get("HOST", "127.0.0.1")
    PORT = int(os.environ.get("PORT", "8000"))
    PUBLIC_URL = os.environ.get("PUBLIC_URL", f"http://{HOST}:{PORT}")  # what QR codes and mails point at
    ROOT = ROOT
    VAR = VAR

    SQLALCHEMY_DATABASE_URI = os.environ.get("DATABASE_URL", f"sqlite:///{VAR / 'zhicheng.db'}").replace(
        "postgresql://", "postgresql+psycopg://", 1
    )
    STORAGE_URL = os.environ.get("STORAGE_URL", f"file://{VAR / 'files'}")  # or s3://bucket/prefix?endpoint_url=…&region=…
    CLAMD_URL = os.environ.get("CLAMD_URL", "")  # tcp://host:3310 or unix:///run/clamav/clamd.ctl; empty: uploads are not scanned
    QUEUE_URL = os.environ.get("QUEUE_URL", "")  # empty: in-process worker; redis://… relays jobs to Celery
    MAIL_URL = os.environ.get("MAIL_URL", "")  # smtp://user:pass@host:port; empty: mails go to the log
    OIDC_PROVIDERS = os.environ.get("OIDC_PROVIDERS", "")  # JSON list, or the path of a file with one
    PASSWORD_SIGN_UP = os.environ.get("PASSWORD_SIGN_UP", "person,unit")  # who may make an account with a password

    TIME_ZONE = "Asia/Shanghai"
    SESSION_COOKIE_HTTPONLY = True
    SESSION_COOKIE_SAMESITE = "Lax"
    SESSION_COOKIE_SECURE = False
    SESSION_REFRESH_EACH_REQUEST = False
    PERMANENT_SESSION_LIFETIME = dt.timedelta(hours=12)  # absolute
    SESSION_IDLE = dt.timedelta(minutes=60)
    LOGIN_FAILURES_ALLOWED = 5
    LOGIN_LOCK = dt.timedelta(minutes=10)
    PROOF_LASTS = dt.timedelta(minutes=int(os.environ.get("PROOF_MINUTES", "10")))  # then sensitive changes ask for the password again
    MAX_CONTENT_LENGTH = 32 * 1024 * 1024
    MAX_FORM_MEMORY_SIZE = 4 * 1024 * 1024
    WTF_CSRF_TIME_LIMIT = None  # the token lives as long as the session

    APP_NAME = "职称申报系统"
    BABEL_DEFAULT_LOCALE = "zh_Hans_CN"
    BABEL_DEFAULT_TIMEZONE = TIME_ZONE
    BABEL_TRANSLATION_DIRECTORIES = str(ROOT / "translations")
    LANGUAGES = {"zh_Hans_CN": {"flag": "cn", "name": "中文"}, "en": {"flag": "gb", "name": "English"}}
    FAB_BASE_TEMPLATE = "layout/base.html"
    FAB_UPDATE_PERMS = False  # permissions are written by the release step, `flask release`
    FAB_CREATE_DB = False
    FAB_ADD_SECURITY_API = False
    FAB_API_MAX_PAGE_SIZE = 100
    AUTH_USER_REGISTRATION = False
    TEMPLATES_AUTO_RELOAD = False


class Dev(Base):
    """`make run`: the demo on this machine."""

    SIGNING_SEED = Base.SIGNING_SEED or DEMO_SEED


class Test(Base):
    """The test suite; fixtures give it a database and folders of its own."""

    TESTING = True
    SIGNING_SEED = DEMO_SEED
    SECRET_KEY = "test"  # noqa: S105
    DEMO = True


class Prod(Base):
    """A real installation: behind TLS, with secrets of its own."""

    SESSION_COOKIE_SECURE = True
    SESSION_COOKIE_NAME = "__Host-session"

    @classmethod
    def check(cls) -> None:
        """Refuse to start with a default or missing secret; ConfigError names the variable."""
        if cls.SECRET_KEY == DEFAULT_SECRET or len(cls.SECRET_KEY) < 32:
            raise ConfigError("set SECRET_KEY to at least 32 random characters (or DEMO=1 for the demo)")
        if not cls.FIELD_KEYS:
            raise ConfigError("set FIELD_KEYS (id:secret) for the columns encrypted at rest")
        if not cls.SIGNING_SEED:
            raise ConfigError("set SIGNING_SEED to 32 random bytes in hex for signing certificates")


def settings() -> type[Base]:
    """Dev when DEMO is set, otherwise Prod, which checks itself."""
    if Base.DEMO:
        return Dev
    Prod.check()
    return Prod
