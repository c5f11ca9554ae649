"""A database of its own for tests that need several real connections or processes: nothing is rolled back for them."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.database import Databases, PostgresDatabases, databases


@contextmanager
def own_database(store: Databases | None = None) -> Iterator[str]:
    """The URL of an empty database of the kind TEST_DATABASE names, on the server of `store` if given; gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="zhicheng-") as folder:
        store = store or databases(Path(folder), Path(folder), "own")
        if not isinstance(store, PostgresDatabases):
            yield f"sqlite:///{Path(folder) / 'own.db'}"
            return
        name = f"own_{secrets.token_hex(4)}"
        store.server.psql(f"CREATE DATABASE {name}")
        try:
            yield store.server.get_uri(database=name).replace("postgresql://", "postgresql+psycopg://", 1)
        finally:
            store.server.psql(f"DROP DATABASE {name} WITH (FORCE)")
