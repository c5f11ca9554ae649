"""Both stores keep the same promises; S3 is tried against a real HTTP server that speaks it."""

from __future__ import annotations

import datetime as dt
import io
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from app.storage import ObjectMissing, Store, StoreUnavailable, new_key, store_from_url
from app.storage.local import LocalStore
from app.storage.s3 import S3Store


@pytest.fixture(scope="module")
def s3_address() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(s3_address: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    name = f"bucket-{uuid.uuid4().hex[:8]}"
    boto3.client("s3", endpoint_url=s3_address, region_name="us-east-1").create_bucket(Bucket=name)
    return name


@pytest.fixture(params=["local", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "local":
        return store_from_url(f"file://{tmp_path}/files")
    address, bucket = request.getfixturevalue("s3_address"), request.getfixturevalue("bucket")
    return store_from_url(f"s3://{bucket}/zhicheng/files?endpoint_url={address}&region=us-east-1")


def read(store: Store, key: str, start: int = 0, end: int | None = None) -> bytes:
    stream = store.open(key, start, end)
    try:
        return stream.read()
    finally:
        stream.close()


def test_what_was_put_is_read_back_whole_and_in_parts(store: Store) -> None:
    key, data = new_key(), bytes(range(256)) * 1000
    store.put(key, data, "application/pdf")
    assert read(store, key) == data
    assert read(store, key, 10) == data[10:]
    assert read(store, key, 10, 20) == data[10:20]
    assert read(store, key, 20, 20) == b""
    assert read(store, key, len(data) - 1, len(data)) == data[-1:]


def test_a_part_is_read_in_pieces(store: Store) -> None:
    key = new_key()
    store.put(key, b"0123456789", "text/plain")
    stream = store.open(key, 2, 8)
    assert [stream.read(4), stream.read(4), stream.read(4)] == [b"2345", b"67", b""]
    stream.close()


def test_a_stream_is_stored_like_bytes(store: Store) -> None:
    key = new_key()
    store.put(key, io.BytesIO(b"stream"), "image/png")
    assert read(store, key) == b"stream"


def test_a_large_stream_is_stored_whole_and_to_s3_in_parts(store: Store) -> None:
    key, size = new_key(), 20 * 2**20 + 7
    store.put(key, io.BytesIO(b"zip" * (size // 3) + b"end"[:size % 3]), "application/zip")
    stat = store.stat(key)
    assert stat
    assert stat.size == size
    assert read(store, key, size - 3) == (b"zip" * 3 + b"end"[:size % 3])[-3:]
    if isinstance(store, S3Store):
        parts = store._client.head_object(Bucket=store.bucket, Key=store._name(key), PartNumber=1)
        assert parts["PartsCount"] == 3  # of 8 MB


def test_stat_tells_size_and_time(store: Store) -> None:
    key = new_key()
    assert store.stat(key) is None
    store.put(key, b"12345", "image/png")
    stat = store.stat(key)
    assert stat is not None
    assert stat.size == 5
    assert abs(dt.datetime.now(dt.UTC) - stat.modified_at) < dt.timedelta(minutes=1)


def test_delete_is_idempotent_and_a_missing_object_is_said_so(store: Store) -> None:
    key = new_key()
    store.put(key, b"x", "image/png")
    store.delete(key)
    store.delete(key)
    assert store.stat(key) is None
    with pytest.raises(ObjectMissing, match="没有找到"):
        store.open(key)


def test_keys_lists_every_object_once(store: Store) -> None:
    keys = {new_key() for _ in range(7)}
    for key in keys:
        store.put(key, b"x", "image/png")
    assert sorted(store.keys()) == sorted(keys)


@pytest.mark.parametrize("key", [
    "", "short", "../../../etc/passwd", "a/../../../../etc/passwd", "0123456789abcdef/x", "0123456789abcdef\x00",
    "..0123456789abcdef", ".0123456789abcdef", "-0123456789abcdef", "0123456789abcdef\n", "C:\\0123456789abcdef", "a" * 65,
    "０１２３４５６７８９abcdef",
])
def test_a_key_that_could_be_a_path_is_refused(store: Store, key: str) -> None:
    for action in (
        lambda: store.put(key, b"x", "image/png"), lambda: store.open(key), lambda: store.stat(key),
        lambda: store.delete(key),
    ):
        with pytest.raises(ValueError, match="not a storage key"):
            action()


def test_s3_keys_stay_under_their_prefix(bucket: str, s3_address: str) -> None:
    one = store_from_url(f"s3://{bucket}/one?endpoint_url={s3_address}&region=us-east-1")
    two = store_from_url(f"s3://{bucket}/two?endpoint_url={s3_address}&region=us-east-1")
    key = new_key()
    one.put(key, b"x", "image/png")
    assert list(one.keys()) == [key]
    assert list(two.keys()) == []


def test_an_unreachable_store_fails_closed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    gone = store_from_url("s3://nowhere/x?endpoint_url=http://127.0.0.1:9&region=us-east-1")
    with pytest.raises(StoreUnavailable, match="稍后再试"):
        gone.put(new_key(), b"x", "image/png")
    blocked = tmp_path / "a-file"
    blocked.write_text("in the way")
    with pytest.raises(StoreUnavailable, match="稍后再试"):
        LocalStore(blocked / "files").put(new_key(), b"x", "image/png")


class Broken(io.BytesIO):
    def read(self, size: int | None = -1, /) -> bytes:
        raise OSError("the client went away")


def test_an_interrupted_local_write_leaves_no_object_and_no_rest(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    with pytest.raises(StoreUnavailable):
        store.put(new_key(), Broken(), "image/png")
    assert list(store.keys()) == []
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_rests_of_killed_writers_are_swept_but_not_those_of_running_ones(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    key = new_key()
    store.put(key, b"x", "image/png")
    rest = tmp_path / key[:2] / key[2:4] / f".{key}.00000000.part"
    rest.write_bytes(b"half")
    assert store.sweep(dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)) == 0
    assert store.sweep(dt.datetime.now(dt.UTC) + dt.timedelta(seconds=5)) == 1
    assert list(store.keys()) == [key]
    assert not rest.exists()


def test_local_objects_are_private_and_links_are_not_followed(tmp_path: Path) -> None:
    store, key = LocalStore(tmp_path / "files"), new_key()
    store.put(key, b"x", "image/png")
    path = tmp_path / "files" / key[:2] / key[2:4] / key
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0
    secret = tmp_path / "secret"
    secret.write_text("secret")
    path.unlink()
    path.symlink_to(secret)
    with pytest.raises(StoreUnavailable):
        store.open(key)


def test_concurrent_writers_of_one_key_never_show_half_an_object(tmp_path: Path) -> None:
    store, key, data = LocalStore(tmp_path), new_key(), b"z" * 300_000
    store.put(key, data, "image/png")
    seen: set[int] = set()

    def write() -> None:
        for _ in range(10):
            store.put(key, data, "image/png")

    writers = [threading.Thread(target=write) for _ in range(3)]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        seen.add(len(read(store, key)))
    assert seen <= {len(data)}


@pytest.mark.parametrize("url", [
    "", "ftp://x/y", "file://host/path", "file://", "s3:///x", "/var/files", "s3://bucket?endpoint=http://x",
])
def test_a_wrong_storage_url_is_refused_at_once(url: str) -> None:
    with pytest.raises(ValueError, match="STORAGE_URL"):
        store_from_url(url)
