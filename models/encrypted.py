"""Columns encrypted at rest (AES-256-GCM) and the blind index that keeps them searchable.

The keyring is set once at start-up from the environment (`configure`); every value carries the id of its key,
so that keys can be rotated row by row while the old ones still decrypt (`flask keys rotate`).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Dialect, String, Text, TypeDecorator


class KeyringError(RuntimeError):
    """No key is configured, or a value was written under a key that is gone."""


@dataclass(frozen=True)
class Keyring:
    """`keys` and `index_keys` (of the blind index): key id -> 32 bytes; the first one writes, all of them read."""

    keys: dict[str, bytes]
    index_keys: dict[str, bytes]

    @property
    def current(self) -> str:
        """The id of the key that writes."""
        return next(iter(self.keys))

    def encrypt(self, text: str) -> str:
        """`k1.<base64 of nonce + ciphertext>` under the first key."""
        key_id, key = next(iter(self.keys.items()))
        nonce = os.urandom(12)
        sealed = AESGCM(key).encrypt(nonce, text.encode(), key_id.encode())
        return f"{key_id}.{base64.b64encode(nonce + sealed).decode()}"

    def decrypt(self, value: str) -> str:
        """The text of a value made by `encrypt`; KeyringError when its key is unknown."""
        key_id, _, body = value.partition(".")
        if key_id not in self.keys:
            raise KeyringError(f"unknown key id {key_id!r}")
        raw = base64.b64decode(body)
        return AESGCM(self.keys[key_id]).decrypt(raw[:12], raw[12:], key_id.encode()).decode()

    def index(self, text: str) -> str:
        """A keyed digest, equal for equal texts, that tells nothing about them without the key."""
        return self.indexes(text)[0]

    def indexes(self, text: str) -> list[str]:
        """The digests of a text under every key, the current one first."""
        return [hmac.new(key, text.encode(), hashlib.sha256).hexdigest() for key in self.index_keys.values()]


_keyring: Keyring | None = None


def configure(master: str) -> None:
    """Derive the keyring from the environment's secret: comma-separated `id:secret` pairs, the newest first."""
    global _keyring  # noqa: PLW0603  set once, at start-up
    pairs = [part.strip().partition(":") if ":" in part else ("k1", ":", part.strip()) for part in master.split(",")]
    secrets = {key_id: secret.encode() for key_id, _, secret in pairs}
    if len(secrets) < len(pairs) or not all(key_id.isalnum() for key_id in secrets):
        raise KeyringError("FIELD_KEYS: every key needs an id of its own, of letters and digits")
    _keyring = Keyring(
        {key_id: hashlib.sha256(b"zhicheng column key" + secret).digest() for key_id, secret in secrets.items()},
        {key_id: hashlib.sha256(b"zhicheng index key" + secret).digest() for key_id, secret in secrets.items()},
    )


def keyring() -> Keyring:
    """The configured keyring; KeyringError before `configure`."""
    if _keyring is None:
        raise KeyringError("the keyring is not configured")
    return _keyring


def blind_index(text: str) -> str:
    """The digest of a normalised text to store beside it, 64 hex digits."""
    return keyring().index(text)


def blind_indexes(text: str) -> list[str]:
    """The digests to look a text up by (`IN`): while keys are rotated rows stand under either."""
    return keyring().indexes(text)


class EncryptedText(TypeDecorator[str]):
    """A text column that the database only ever sees encrypted."""

    impl = String(512)
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else keyring().encrypt(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else keyring().decrypt(value)


class EncryptedLongText(EncryptedText):
    """The same without a limit: keys and pictures."""

    impl = Text  # type: ignore[assignment]
    cache_ok = True
