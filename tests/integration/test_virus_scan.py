"""Uploads under CLAMD_URL: refused when something is found, refused while the scanner is away; the protocol is clamd's."""

from __future__ import annotations

import io
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

import models as m
from app.demo.evidence import evidence_pdf
from app.errors import Invalid
from app.extensions import db
from app.rules.upload import UploadPolicy, inspect
from app.services import stored_file
from app.storage.virus_scan import ScannerUnavailable, scanner_from_url
from tests.conftest import Login
from tests.factories import application as make
from tests.factories import person as people

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
PDF = UploadPolicy(("pdf",), 10, 1)
GOOD = evidence_pdf("聘书", ("样张",), "学校")


@contextmanager
def clamd(answer: str = "", *, path: str = "") -> Iterator[str]:
    """A clamd that finds EICAR in what is streamed to it, or says `answer`; its address."""
    server = socket.socket(socket.AF_UNIX if path else socket.AF_INET)
    server.bind(path or ("127.0.0.1", 0))
    server.listen()

    def serve() -> None:
        while True:
            try:
                talk, _peer = server.accept()
            except OSError:
                return
            with talk, talk.makefile("rb") as lines:
                assert lines.readline() == b"nINSTREAM\n"
                data = b""
                while size := struct.unpack("!L", lines.read(4))[0]:
                    data += lines.read(size)
                found = "stream: Eicar-Signature FOUND" if EICAR in data else "stream: OK"
                talk.sendall(f"{answer or found}\n".encode())

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"unix://{path}" if path else f"tcp://127.0.0.1:{server.getsockname()[1]}"
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()


def test_what_is_clean_is_taken_and_eicar_is_refused_with_a_sentence(tmp_path: Path) -> None:
    for place in ("", str(tmp_path / "clamd.ctl")):
        with clamd(path=place) as url:
            scan = scanner_from_url(url)
            assert inspect(GOOD, "聘书.pdf", PDF, scan).extension == "pdf"
            with pytest.raises(Invalid, match="没有通过病毒检查，没有保存") as refused:
                inspect(GOOD + EICAR, "聘书.pdf", PDF, scan)
            assert refused.value.details == {"found": "Eicar-Signature"}


@pytest.mark.parametrize("answer", ["INSTREAM size limit exceeded. ERROR", "stream: Can't allocate memory ERROR", "nonsense", "\n"])
def test_anything_but_ok_takes_nothing_in(answer: str) -> None:
    with clamd(answer) as url, pytest.raises(ScannerUnavailable, match="请稍后再上传"):
        inspect(GOOD, "聘书.pdf", PDF, scanner_from_url(url))


def test_while_the_scanner_is_away_nothing_is_taken_in(tmp_path: Path) -> None:
    with clamd() as url:
        pass
    for away in (url, f"unix://{tmp_path}/none.ctl"):
        with pytest.raises(ScannerUnavailable) as refused:
            inspect(GOOD, "聘书.pdf", PDF, scanner_from_url(away, timeout=2))
        assert refused.value.status == 503


@pytest.mark.parametrize("url", ["clamd", "http://127.0.0.1:3310", "tcp://", "unix://", "tcp://host/path", "unix://host/path"])
def test_an_address_that_is_none_stops_the_start(url: str) -> None:
    with pytest.raises(ValueError, match="CLAMD_URL must be"):
        scanner_from_url(url)


def test_the_page_says_so_and_nothing_is_stored(app: Flask, client: FlaskClient, login: Login, monkeypatch: pytest.MonkeyPatch) -> None:
    people.unit("convener1", kind="convener")
    unit = db.session.execute(select(m.Organization.__table__.c.id)).scalar_one()
    plan = make.plan(unit, state="draft")
    with clamd() as url:
        monkeypatch.setattr(stored_file, "_scanners", [scanner_from_url(url, timeout=2)])
        own = login(client, "convener1")
        for data, sentence in ((GOOD + EICAR, "没有通过病毒检查"), (GOOD, "")):
            answer = own.post(f"/files/plan/{plan}/documents", data={"files": (io.BytesIO(data), "评审通知.pdf")}, headers={"Accept": "application/json"})
            assert sentence in str(answer.get_json())
    answer = own.post(f"/files/plan/{plan}/documents", data={"files": (io.BytesIO(GOOD), "第二份.pdf")}, headers={"Accept": "application/json"})
    assert "病毒检查暂时无法进行" in str(answer.get_json())
    assert db.session.execute(select(m.StoredFile.__table__.c.name)).scalars().all() == ["评审通知.pdf"]
