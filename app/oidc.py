"""OpenID Connect, the client's side: authorization code with PKCE, state and nonce; every token checked.

No web request and no database in here. `providers_of` reads the configuration, a `Client` talks to one provider.
OpenID Connect Core 1.0 §3.1, RFC 7636 (PKCE), RFC 9207 (issuer in the answer), RP-Initiated Logout 1.0.
"""

from __future__ import annotations

import json
import logging
import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.common.urls import add_params_to_uri
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

log = logging.getLogger(__name__)
AUDIENCES = {"person": ("name", "id_number", "mobile"), "unit": ("name", "uscc", "legal_person")}
ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")  # never none, never a shared secret
LEEWAY_SECONDS = 60
TIMEOUT_SECONDS = 8.0
KEEP_METADATA_SECONDS = 3600.0
KEEP_KEYS_SECONDS = 60.0  # how soon an unknown key id may make us ask for the keys again
LONGEST_SUBJECT = 255
LONGEST_VALUE = 200
_KEY = re.compile(r"[a-z][a-z0-9_]{1,31}")


class ConfigurationError(ValueError):
    """What is wrong with OIDC_PROVIDERS, for whoever starts the application."""


class SignOnError(Exception):
    """The sign-on cannot be completed. `code`: which sentence is shown; the text is for the log only."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code


@dataclass(frozen=True)
class Provider:
    """One provider. `audience`: person or unit; `claims`: our field -> the provider's claim."""

    key: str
    label: str
    audience: str
    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    claims: Mapping[str, str]
    scopes: tuple[str, ...] = ("openid", "profile")
    algorithms: tuple[str, ...] = ("RS256",)
    client_authentication: str = "client_secret_basic"
    hint: str = ""  # what the button's line says, e.g. 皖事通 app 扫码


@dataclass(frozen=True)
class Identity:
    """Who the provider says somebody is. `values`: our fields; `hint`: an ID token fit for the logout address;
    `signed_in_at`: when they signed in there, in seconds, if it says so."""

    provider: str
    subject: str
    values: Mapping[str, str]
    hint: str = ""
    signed_in_at: int | None = None


def providers_of(text: str, *, allow_http: bool = False) -> dict[str, Provider]:
    """The providers by key, from a JSON list or the path of a file that holds one. ConfigurationError names the fault.

    `allow_http`: issuers on the loopback may be plain http (tests, demonstrations).
    """
    source = text.strip()
    if not source:
        return {}
    if not source.startswith("["):
        source = Path(source).read_text(encoding="utf-8")
    try:
        entries = json.loads(source)
    except ValueError as error:
        raise ConfigurationError(f"OIDC_PROVIDERS is no JSON: {error}") from error
    found: dict[str, Provider] = {}
    for entry in entries:
        provider = _provider(entry, allow_http=allow_http)
        if provider.key in found:
            raise ConfigurationError(f"OIDC_PROVIDERS names {provider.key} twice")
        found[provider.key] = provider
    return found


def _provider(entry: Any, *, allow_http: bool) -> Provider:
    if not isinstance(entry, dict):
        raise ConfigurationError("OIDC_PROVIDERS must be a list of objects")
    key = str(entry.get("key", ""))
    unknown = entry.keys() - Provider.__dataclass_fields__.keys()
    missing = {"key", "label", "audience", "issuer", "client_id", "client_secret", "claims"} - entry.keys()
    if unknown or missing:
        raise ConfigurationError(f"provider {key!r}: unknown {sorted(unknown)}, missing {sorted(missing)}")
    if not _KEY.fullmatch(key):
        raise ConfigurationError(f"provider key {key!r}: 2 to 32 small letters, digits and underscores")
    if entry["audience"] not in AUDIENCES:
        raise ConfigurationError(f"provider {key}: audience is person or unit")
    fields = set(AUDIENCES[entry["audience"]])
    if set(entry["claims"]) != fields:
        raise ConfigurationError(f"provider {key}: claims must map exactly {sorted(fields)}")
    algorithms = tuple(entry.get("algorithms", ("RS256",)))
    if not algorithms or set(algorithms) - set(ALGORITHMS):
        raise ConfigurationError(f"provider {key}: algorithms are of {ALGORITHMS}")
    issuer = str(entry["issuer"])
    if not (_is_https(issuer) or (allow_http and _is_loopback(issuer))):
        raise ConfigurationError(f"provider {key}: the issuer must be an https address")
    scopes = tuple(entry.get("scopes", ("openid", "profile")))
    return Provider(**{
        **entry, "scopes": ("openid", *(scope for scope in scopes if scope != "openid")), "algorithms": algorithms,
    })


def _is_https(address: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme == "https" and bool(parts.hostname) and not parts.query and not parts.fragment


def _is_loopback(address: str) -> bool:
    return urlsplit(address).scheme == "http" and urlsplit(address).hostname in {"127.0.0.1", "localhost"}


class Client:
    """Talks to one provider; keeps its metadata for an hour. Shared by the threads of a process."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self._lock = threading.Lock()
        self._metadata: tuple[float, dict[str, Any]] | None = None
        self._keys: tuple[float, dict[str, Any]] | None = None

    # Going there

    def authorization_url(self, *, redirect_uri: str, state: str, nonce: str, verifier: str, anew: bool = False) -> str:
        """Where the browser goes to sign in; `anew`: also who is signed in there already."""
        more = {"prompt": "login", "max_age": "0"} if anew else {}
        with self._session() as session:
            url, _ = session.create_authorization_url(
                self._endpoint("authorization_endpoint"), state=state, nonce=nonce, code_verifier=verifier,
                redirect_uri=redirect_uri, **more,
            )
        return str(url)

    # Coming back

    def check_issuer(self, given: str | None) -> None:
        """RFC 9207: an answer that names its issuer names ours, and does so when the provider says it always does."""
        if given is None and not self.metadata().get("authorization_response_iss_parameter_supported"):
            return
        if given != self.provider.issuer:
            raise SignOnError("invalid_answer", "the answer names another issuer")

    def identity(self, *, redirect_uri: str, code: str, nonce: str, verifier: str) -> Identity:
        """Exchange the code, check the ID token, read the mapped claims. SignOnError when anything does not hold."""
        with self._session() as session:
            token = self._token(session, redirect_uri, code, verifier)
            claims = self._id_token(token, nonce)
            wanted = self.provider.claims.values()
            everything = dict(claims)
            if any(name not in claims for name in wanted) and self.metadata().get("userinfo_endpoint"):
                everything = {**self._userinfo(session, claims["sub"]), **claims}
        personal = any(name in claims for name in wanted)  # such a token must not stand in an address
        return Identity(
            provider=self.provider.key, subject=claims["sub"], hint="" if personal else str(token["id_token"]),
            values={ours: _text(everything.get(theirs)) for ours, theirs in self.provider.claims.items()},
            signed_in_at=claims["auth_time"] if isinstance(claims.get("auth_time"), int) else None,
        )

    def _token(self, session: Any, redirect_uri: str, code: str, verifier: str) -> Mapping[str, Any]:
        try:
            token = session.fetch_token(
                self._endpoint("token_endpoint"), code=code, code_verifier=verifier, grant_type="authorization_code",
                redirect_uri=redirect_uri,
            )
        except requests.RequestException as error:
            raise SignOnError("unavailable", type(error).__name__) from error
        except (AuthlibBaseError, ValueError) as error:
            raise SignOnError("invalid_answer", f"no token for the code: {error}") from error
        if not isinstance(token.get("id_token"), str) or not token.get("access_token"):
            raise SignOnError("invalid_answer", "the token answer lacks a token")
        return dict(token)

    def _id_token(self, token: Mapping[str, Any], nonce: str) -> Mapping[str, Any]:
        provider = self.provider
        registry = JWSRegistry(algorithms=list(provider.algorithms), strict_check_header=False)
        try:
            try:
                decoded = jwt.decode(token["id_token"], key=self._key_set(), registry=registry)
            except InvalidKeyIdError:  # keys were rotated
                decoded = jwt.decode(token["id_token"], key=self._key_set(fresh=True), registry=registry)
            claims = CodeIDToken(
                decoded.claims, decoded.header,
                {"iss": {"essential": True, "value": provider.issuer},
                 "aud": {"essential": True, "value": provider.client_id}},
                {"nonce": nonce, "client_id": provider.client_id, "access_token": token["access_token"]},
            )
            claims.validate(leeway=LEEWAY_SECONDS)
        except (AuthlibBaseError, JoseError, ValueError, TypeError, KeyError) as error:
            raise SignOnError("invalid_answer", f"ID token: {type(error).__name__} {error}") from error
        subject = claims["sub"]
        if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT or not subject.isprintable():
            raise SignOnError("invalid_answer", "the subject is no identifier")
        return dict(claims)

    def _userinfo(self, session: Any, subject: str) -> dict[str, Any]:
        answer = self._get(session, self._endpoint("userinfo_endpoint"))
        if answer.get("sub") != subject:  # Core §5.3.2: otherwise it may be somebody else's
            raise SignOnError("invalid_answer", "the user information is of another subject")
        return answer

    # Leaving

    def end_session_url(self, *, hint: str, back: str) -> str | None:
        """Where the browser ends the provider's session, None when the provider does not say."""
        try:
            endpoint = self.metadata().get("end_session_endpoint")
        except SignOnError:
            return None
        if not isinstance(endpoint, str) or not (_is_https(endpoint) or _is_loopback(endpoint)):
            return None
        asked = {"client_id": self.provider.client_id, "post_logout_redirect_uri": back, "id_token_hint": hint}
        return str(add_params_to_uri(endpoint, [(key, value) for key, value in asked.items() if value]))

    # What the provider says of itself

    def metadata(self) -> dict[str, Any]:
        """The discovery document, checked to be this issuer's."""
        with self._lock:
            if self._metadata is None or time.monotonic() - self._metadata[0] > KEEP_METADATA_SECONDS:
                with self._session() as session:
                    document = self._get(
                        session, self.provider.issuer.rstrip("/") + "/.well-known/openid-configuration", open_=True
                    )
                if document.get("issuer") != self.provider.issuer:
                    raise SignOnError("misconfigured", "the discovery document is of another issuer")
                self._metadata = (time.monotonic(), document)
            return self._metadata[1]

    def _endpoint(self, name: str) -> str:
        address = self.metadata().get(name)
        plain = _is_loopback(self.provider.issuer)
        if not isinstance(address, str) or not (
            urlsplit(address).scheme == "https" or (plain and _is_loopback(address))
        ):
            raise SignOnError("misconfigured", f"no usable {name}")
        return address

    def _key_set(self, *, fresh: bool = False) -> KeySet:
        address = self._endpoint("jwks_uri")
        with self._lock:
            age = time.monotonic() - self._keys[0] if self._keys else None
            if age is None or age > KEEP_METADATA_SECONDS or (fresh and age > KEEP_KEYS_SECONDS):
                with self._session() as session:
                    self._keys = (time.monotonic(), self._get(session, address, open_=True))
            return KeySet.import_key_set(self._keys[1])  # type: ignore[index,arg-type]

    def _get(self, session: Any, address: str, *, open_: bool = False) -> dict[str, Any]:
        more = {"withhold_token": True} if open_ else {}
        try:
            answer = session.get(address, timeout=TIMEOUT_SECONDS, allow_redirects=False, **more)
            answer.raise_for_status()
            document = answer.json()
        except requests.JSONDecodeError as error:
            raise SignOnError("misconfigured", f"{address} answered no JSON") from error
        except (requests.RequestException, AuthlibBaseError) as error:
            raise SignOnError("unavailable", f"{address}: {type(error).__name__}") from error
        if not isinstance(document, dict):
            raise SignOnError("misconfigured", f"{address} answered no object")
        return document

    def _session(self) -> Any:
        provider = self.provider
        return OAuth2Session(
            provider.client_id, provider.client_secret, scope=" ".join(provider.scopes),
            code_challenge_method="S256", token_endpoint_auth_method=provider.client_authentication, default_timeout=TIMEOUT_SECONDS,
        )


def _text(value: Any) -> str:
    """A claim as one line of text; anything else than text or a number counts as missing."""
    if not isinstance(value, str | int) or isinstance(value, bool):
        return ""
    return " ".join(str(value).split())[:LONGEST_VALUE]
