"""An OpenID provider in a process of its own, that can be told to lie: `python -m tests.oidc_server`.

The certified flow is oidc-provider-mock's; here PKCE is enforced, and `PUT /lie` (a JSON string) spoils what the next
answers say. It prints its port and serves until it is killed.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import flask
import oidc_provider_mock
import requests
from authlib.oidc.core import CodeIDToken
from joserfc import jwk, jws
from werkzeug.serving import make_server

LIES = ("", "wrong_issuer", "wrong_audience", "wrong_nonce", "no_nonce", "tampered", "alg_none", "other_key", "shared_secret",
        "expired", "another_user", "no_id_token", "wrong_code_binding", "other_issuer_in_discovery", "names_other_issuer")


def create() -> flask.Flask:
    app = oidc_provider_mock.app(require_nonce=True)
    app.debug = False
    told: dict[str, Any] = {"lie": "", "lean": True, "age": 0, "challenges": {}, "logouts": []}

    @app.put("/lie")
    def lie() -> Any:
        told["lie"] = flask.request.get_json()
        assert told["lie"] in LIES
        return "", 204

    @app.put("/lean")
    def set_lean() -> Any:
        told["lean"] = flask.request.get_json()
        return "", 204

    @app.put("/age")
    def set_age() -> Any:
        told["age"] = flask.request.get_json()["seconds"]
        return "", 204

    @app.get("/logouts")
    def logouts() -> Any:
        return flask.jsonify(told["logouts"])

    @app.before_request
    def check_pkce() -> Any:
        request = flask.request
        if request.path == "/oauth2/end_session":
            told["logouts"].append(request.args.to_dict())
        if request.path == "/oauth2/token":
            verifier = request.form.get("code_verifier", "").encode()
            digest = base64.urlsafe_b64encode(hashlib.sha256(verifier).digest()).rstrip(b"=").decode()
            if told["challenges"].get(request.form.get("code")) != digest:
                return flask.jsonify(error="invalid_grant", error_description="PKCE"), 400
        return None

    @app.after_request
    def spoil(response: flask.Response) -> flask.Response:
        request, lie = flask.request, told["lie"]
        if request.path == "/oauth2/authorize" and "Location" in response.headers:
            answer = parse_qs(urlsplit(response.headers["Location"]).query)
            if request.args.get("code_challenge_method") == "S256" and "code" in answer:
                told["challenges"][answer["code"][0]] = request.args["code_challenge"]
            if "error" in answer and "state" not in answer:  # RFC 6749 §4.1.2.1 wants it; the mock forgets it
                response.headers["Location"] += "&state=" + request.args["state"]
            if lie == "names_other_issuer":
                response.headers["Location"] += "&iss=https%3A%2F%2Fother.example"
        if request.path == "/.well-known/openid-configuration" and lie == "other_issuer_in_discovery":
            response.set_data(json.dumps({**response.get_json(), "issuer": "https://other.example"}))
        if request.path == "/userinfo" and lie == "another_user":
            response.set_data(json.dumps({**response.get_json(), "sub": "somebody-else"}))
        if request.path == "/oauth2/token" and response.status_code == 200:
            body = response.get_json()
            if "id_token" in body:
                if told["lean"]:
                    body["id_token"] = lean(body["id_token"], flask.g.oidc_provider_mock_storage.jwk, told["age"])
                body["id_token"] = spoiled(body["id_token"], lie, flask.g.oidc_provider_mock_storage.jwk)
                if lie == "no_id_token":
                    del body["id_token"]
                response.set_data(json.dumps(body))
        return response

    return app


def lean(token: str, key: Any, age: int | None) -> str:
    """The ID token with the subject only; who it is stands in the user information, as most providers have it.

    `age`: how many seconds ago the subject signed in there; None for a provider that does not say.
    """
    head, body, _signature = token.split(".")
    claims = {name: value for name, value in _opened(body).items() if name in CodeIDToken.REGISTERED_CLAIMS}
    claims.pop("auth_time", None)
    claims |= {} if age is None else {"auth_time": int(time.time()) - age}
    return jws.serialize_compact(_opened(head), json.dumps(claims), jwk.RSAKey.import_key(key.as_dict(is_private=True)))


def spoiled(token: str, lie: str, key: Any) -> str:
    head, body, signature = token.split(".")
    header, claims = _opened(head), _opened(body)
    private = jwk.RSAKey.import_key(key.as_dict(is_private=True))
    changes: dict[str, dict[str, Any]] = {
        "wrong_issuer": {"iss": "https://other.example"}, "wrong_audience": {"aud": ["another-client"], "azp": "zhicheng"},
        "wrong_nonce": {"nonce": "not-the-nonce"}, "expired": {"iat": 1_600_000_000, "exp": 1_600_000_600},
        "wrong_code_binding": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
    }
    if lie in changes:
        return jws.serialize_compact(header, json.dumps({**claims, **changes[lie]}), private)
    if lie == "no_nonce":
        return jws.serialize_compact(header, json.dumps({k: v for k, v in claims.items() if k != "nonce"}), private)
    if lie == "tampered":
        return ".".join((head, _closed({**claims, "sub": "the-admin"}), signature))
    if lie == "alg_none":
        return ".".join((_closed({"alg": "none"}), _closed({**claims, "sub": "the-admin"}), ""))
    if lie == "other_key":
        return jws.serialize_compact(header, json.dumps(claims), jwk.RSAKey.generate_key(2048))
    if lie == "shared_secret":  # HS256 with the public key as the secret: the classic confusion
        signed = ".".join((_closed({**header, "alg": "HS256"}), body))
        mac = hmac.new(private.as_pem(private=False), signed.encode(), hashlib.sha256).digest()
        return signed + "." + base64.urlsafe_b64encode(mac).rstrip(b"=").decode()
    return token


def _opened(part: str) -> dict[str, Any]:
    return dict(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))))


def _closed(content: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


class Server:
    """The running process, seen from a test."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    def user(self, subject: str, **claims: Any) -> None:
        """What the provider knows of a subject."""
        requests.put(f"{self.url}/users/{subject}", json=claims, timeout=5).raise_for_status()

    def lie(self, kind: str) -> None:
        requests.put(f"{self.url}/lie", json=kind, timeout=5).raise_for_status()

    def lean(self, is_lean: bool) -> None:
        """Whether ID tokens name the subject only (the default)."""
        requests.put(f"{self.url}/lean", json=is_lean, timeout=5).raise_for_status()

    def age(self, seconds: int | None) -> None:
        """How long ago people signed in there (0), None: it does not say."""
        requests.put(f"{self.url}/age", json={"seconds": seconds}, timeout=5).raise_for_status()

    def agree(self, address: str, subject: str) -> str:
        """Sign in as the subject on the provider's page; the address it sends the browser back to."""
        answer = requests.post(address, data={"sub": subject}, allow_redirects=False, timeout=5)
        assert answer.status_code == 302, answer.text
        return str(answer.headers["Location"])

    def deny(self, address: str) -> str:
        answer = requests.post(address, data={"action": "deny"}, allow_redirects=False, timeout=5)
        return str(answer.headers["Location"])

    def logouts(self) -> list[dict[str, str]]:
        return list(requests.get(f"{self.url}/logouts", timeout=5).json())


@contextmanager
def running() -> Iterator[Server]:
    """Start the process, stop it at the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.oidc_server"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    try:
        port = int(process.stdout.readline())
        _wait(f"http://127.0.0.1:{port}/jwks")
        yield Server(port)
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()


def _wait(address: str) -> None:
    for _ in range(100):
        try:
            requests.get(address, timeout=1)
        except requests.ConnectionError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("the provider does not answer")


if __name__ == "__main__":
    server = make_server("127.0.0.1", 0, create(), threaded=True)
    print(server.server_port, flush=True)
    server.serve_forever()
