"""From the setting STORAGE_URL to a store."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from flask import current_app

from app.storage.local import LocalStore
from app.storage.store import Store


def configured_store() -> Store:
    """The store of the running application."""
    return store_from_url(current_app.config["STORAGE_URL"])


@lru_cache(maxsize=8)
def store_from_url(url: str) -> Store:
    """`file:///path` or `s3://bucket/prefix?endpoint_url=…&region=…`; ValueError says what is wrong with others."""
    parts = urlsplit(url)
    if parts.scheme == "file" and not parts.netloc and parts.path:
        return LocalStore(Path(unquote(parts.path)))
    if parts.scheme == "s3" and parts.hostname:
        from app.storage.s3 import S3Store  # boto3 takes 0.3 s to import: only where it is used

        options = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
        unknown = options.keys() - {"endpoint_url", "region"}
        if unknown:
            raise ValueError(f"STORAGE_URL: unknown option {', '.join(sorted(unknown))}")
        return S3Store(
            parts.hostname, unquote(parts.path), endpoint_url=options.get("endpoint_url"), region=options.get("region")
        )
    raise ValueError("STORAGE_URL must be file:///path or s3://bucket/prefix?endpoint_url=…&region=…")
