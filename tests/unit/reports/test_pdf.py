from __future__ import annotations

import hashlib
import http.server
import io
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from jinja2 import DictLoader, UndefinedError
from jinja2.exceptions import SecurityError
from pypdf import PdfReader

from app.reports import pdf as pdf_module
from app.reports import worker
from app.reports.errors import RenderError, RenderTimeoutError
from app.reports.fonts import DEFAULT_FONT_DIR, PROJECT_ROOT
from app.reports.pdf import RenderPool, render_pdf, template_environment
from tests.unit.reports.reading import page, text_lines

CREATED = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)

# Cells that make the table layout run for minutes.
ENDLESS = '<table><tr><td colspan="100000" rowspan="2000">x</td></tr></table>'


def request(html: str) -> bytes:
    return json.dumps(
        {"html": html, "title": "测试", "created": CREATED.isoformat(), "font_dir": str(DEFAULT_FONT_DIR)}
    ).encode()


@pytest.fixture
def pool() -> Iterator[RenderPool]:
    pool = RenderPool(1)
    yield pool
    pool.close()


@pytest.fixture
def listener() -> Iterator[tuple[int, list[str]]]:
    """A web server on this machine that notes every request."""
    seen: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port, seen
    server.shutdown()
    server.server_close()
    thread.join()


def test_metadata_and_text_of_a_document() -> None:
    pdf = render_pdf(page("<p>职称申报</p>"), title="评审表", created=CREATED)
    reader = PdfReader(io.BytesIO(pdf))
    assert text_lines(pdf) == ["职称申报"]
    assert reader.metadata is not None
    assert reader.metadata.title == "评审表"
    assert reader.metadata.creation_date == CREATED
    assert reader.trailer["/Root"]["/Lang"] == "zh-CN"


def test_the_same_document_gives_the_same_bytes_in_any_process() -> None:
    html = page("<p>同<b>一</b>份䶮</p>")
    here = render_pdf(html, title="t", created=CREATED, in_process=True)
    assert render_pdf(html, title="t", created=CREATED, in_process=True) == here
    assert render_pdf(html, title="t", created=CREATED) == here
    code = (
        "import sys, hashlib, datetime; from app.reports.pdf import render_pdf;"
        "moment = datetime.datetime.fromisoformat(sys.argv[1]);"
        "html = sys.stdin.buffer.read().decode();"
        "print(hashlib.sha256(render_pdf(html, title='t', created=moment, in_process=True)).hexdigest())"
    )
    for seed in ("1", "2"):
        result = subprocess.run(
            [sys.executable, "-c", code, CREATED.isoformat()],
            input=html.encode(),
            capture_output=True,
            check=True,
            cwd=PROJECT_ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
        )
        assert result.stdout.decode().strip() == hashlib.sha256(here).hexdigest()


def test_the_clock_of_this_process_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    render_pdf(page("<p>一</p>"), title="t", created=CREATED, in_process=True)
    assert "SOURCE_DATE_EPOCH" not in os.environ


REMOTE = [
    '<img src="http://127.0.0.1:{port}/a">',
    '<img src="http://localhost:{port}/a">',
    '<img src="http://2130706433:{port}/a">',
    '<div style="background-image:url(http://127.0.0.1:{port}/b)">x</div>',
    '<link rel="stylesheet" href="http://127.0.0.1:{port}/c.css">',
    '<style>@import url("http://127.0.0.1:{port}/d.css");</style>',
    '<style>@font-face{{font-family:z;src:url(http://127.0.0.1:{port}/e.ttf)}}</style><p style="font-family:z">x</p>',
    "<style>@page{{background-image:url(http://127.0.0.1:{port}/f.pdf)}}</style>",
]


@pytest.mark.parametrize("markup", REMOTE)
def test_nothing_is_fetched_from_the_network(markup: str, listener: tuple[int, list[str]]) -> None:
    port, seen = listener
    with pytest.raises(RenderError):
        render_pdf(page("<p>x</p>" + markup.format(port=port)), title="t", in_process=True)
    assert seen == []


@pytest.mark.parametrize(
    "markup",
    [
        '<img src="{path}">',
        '<img src="file://{path}">',
        '<img src="../../../../../../../../../..{path}">',
        '<div style="background-image:url({path})">x</div>',
        '<link rel="stylesheet" href="{path}">',
        "<style>@page{{background-image:url({path})}}</style>",
        '<img src="templates/pdf/certificate.css">',
    ],
)
def test_no_file_of_this_machine_is_read(markup: str, tmp_path: Path, portrait: bytes) -> None:
    secret = tmp_path / "secret.jpg"
    secret.write_bytes(portrait)
    with pytest.raises(RenderError):
        render_pdf(page("<p>x</p>" + markup.format(path=secret)), title="t", in_process=True)


def test_insertion_of_other_pdf_files_reads_nothing(tmp_path: Path) -> None:
    secret = tmp_path / "secret.pdf"
    secret.write_bytes(render_pdf(page("<p>机密</p>"), title="t", in_process=True))
    try:
        pdf = render_pdf(page(f'<p>x</p><pdf:insertpdf src="{secret}"/>'), title="t", in_process=True)
    except RenderError:
        return
    assert "机密" not in "".join(text_lines(pdf))


@pytest.mark.parametrize(
    ("markup", "reason"),
    [
        ('<img src="">', "src attribute"),
        ('<img src="data:image/png;base64,AAAA">', "有缺陷"),
        ('<p style="font-family:nowhere">x</p>', "有缺陷"),
        ("<p>\U0002a6a5</p>", r"𪚥（U\+2A6A5）"),
        ("<p>&#x2a6a5;</p>", "U\\+2A6A5"),
    ],
)
def test_a_document_with_a_fault_is_not_handed_out(markup: str, reason: str) -> None:
    with pytest.raises(RenderError, match=reason):
        render_pdf(page(markup), title="t")


@pytest.mark.parametrize(
    "markup",
    ["<p>a\x00\x08\x0b\ufffe b</p>", "<table><tr><td><b>a<p>b<table><td>", "</td></tr></table></body>x"],
)
def test_broken_markup_and_control_characters_do_no_harm(markup: str) -> None:
    assert render_pdf(page(markup), title="t", in_process=True).startswith(b"%PDF-")


def test_expressions_in_attributes_are_not_evaluated(tmp_path: Path) -> None:
    mark = tmp_path / "evaluated"
    code = f"__import__('os').system('touch {mark}')"
    for markup in (f'<font color="{code}">x</font>', f'<p style="color:toColor({code})">x</p>'):
        try:
            render_pdf(page(markup), title="t", in_process=True)
        except RenderError:
            continue
    assert not mark.exists()


def test_time_limit_kills_the_process_and_the_next_document_gets_a_new_one(pool: RenderPool) -> None:
    first = pool.render(request(page("<p>一</p>")), 30)
    started = time.monotonic()
    with pytest.raises(RenderTimeoutError, match="超过 1 秒"):
        pool.render(request(page(ENDLESS)), 1.0)
    assert time.monotonic() - started < 5
    assert pool.render(request(page("<p>一</p>")), 30) == first


def test_waiting_for_a_free_process_is_bounded_too(pool: RenderPool) -> None:
    pool.render(request(page("<p>一</p>")), 30)
    with ThreadPoolExecutor(1) as threads:
        busy = threads.submit(pool.render, request(page(ENDLESS)), 3.0)
        time.sleep(0.5)
        with pytest.raises(RenderTimeoutError, match="稍后重试"):
            pool.render(request(page("<p>一</p>")), 0.2)
        assert isinstance(busy.exception(), RenderTimeoutError)


def test_a_crashed_process_is_replaced(pool: RenderPool) -> None:
    pool.render(request(page("<p>一</p>")), 30)
    (renderer,) = pool._idle
    renderer._process.kill()
    renderer._process.wait()
    assert pool.render(request(page("<p>二</p>")), 30).startswith(b"%PDF-")
    assert pool._idle[0] is not renderer


def test_a_process_is_replaced_after_its_share_of_documents(
    pool: RenderPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf_module, "DOCUMENTS_PER_WORKER", 2)
    pool.render(request(page("<p>一</p>")), 30)
    (renderer,) = pool._idle
    pool.render(request(page("<p>一</p>")), 30)
    assert pool._idle == []
    assert not renderer.alive


def test_threads_share_the_processes_and_get_their_own_documents() -> None:
    with ThreadPoolExecutor(6) as threads:
        texts = [f"第{number}份" for number in range(12)]
        pdfs = threads.map(lambda text: render_pdf(page(f"<p>{text}</p>"), title=text), texts)
        assert [text_lines(pdf) for pdf in pdfs] == [[text] for text in texts]


def test_an_error_in_the_process_comes_back_as_the_same_error(pool: RenderPool) -> None:
    with pytest.raises(RenderError, match="U\\+2A6A5"):
        pool.render(request(page("<p>\U0002a6a5</p>")), 30)
    assert len(pool._idle) == 1


def test_the_renderer_is_given_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SECRET_KEY", "DATABASE_URL", "STORAGE_URL", "CERTIFICATE_KEY"):
        monkeypatch.setenv(name, "secret")
    assert "secret" not in pdf_module._worker_environment().values()


def test_the_renderer_may_not_take_all_memory() -> None:
    code = (
        "import resource; from app.reports import worker; worker.limit_memory();"
        "print(resource.getrlimit(resource.RLIMIT_AS)[0])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, cwd=PROJECT_ROOT, text=True
    )
    assert 0 < int(result.stdout) <= worker.MEMORY_LIMIT_BYTES


def test_a_forked_process_neither_uses_nor_ends_the_renderers_of_its_parent() -> None:
    render_pdf(page("<p>一</p>"), title="t")
    (renderer,) = pdf_module._pool()._idle[:1]
    code = os.fork()
    if code == 0:
        pdf_module.close_renderers()
        os._exit(0 if os.getpid() not in pdf_module._pool_of_process else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(code, 0)[1]) == 0
    assert renderer.alive


def test_a_server_that_renders_elsewhere_does_not_load_the_typesetter() -> None:
    code = (
        "import sys, app.reports.certificate, app.reports.signing;"
        "print([name for name in ('xhtml2pdf', 'reportlab', 'fontTools') if name in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, cwd=PROJECT_ROOT, text=True
    )
    assert result.stdout.strip() == "[]"


def test_templates_escape_and_refuse_unknown_variables() -> None:
    environment = template_environment().overlay(loader=DictLoader({"a.html": "{{ value }}"}))
    assert environment.get_template("a.html").render(value='<b>&"') == "&lt;b&gt;&amp;&#34;"
    with pytest.raises(UndefinedError):
        environment.get_template("a.html").render()


def test_templates_are_sandboxed() -> None:
    environment = template_environment()
    with pytest.raises(SecurityError):
        environment.from_string("{{ ''.__class__.__mro__[1].__subclasses__() }}").render()
    with pytest.raises(SecurityError):
        environment.from_string("{{ [].append(1) }}").render()
    assert environment.from_string("{{ value }}").render(value="{{ 7*7 }}") == "{{ 7*7 }}"
