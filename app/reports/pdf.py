"""PDF documents: templates rendered with autoescaping, then set by worker processes that can be killed.

xhtml2pdf holds a global lock and a hostile table can keep it busy for minutes, so each document is set in another
process with a time limit. `render_pdf` may be called from any thread of a server or of a job worker.
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO, cast

from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from app.reports import errors
from app.reports.fonts import DEFAULT_FONT_DIR, PROJECT_ROOT
from app.reports.worker import READY, read_message, write_message

TEMPLATE_DIR = PROJECT_ROOT / "templates" / "pdf"

DEFAULT_TIMEOUT_SECONDS = 30.0
# Loading the libraries takes a second, on a machine under heavy load many; it does not count as the document's time.
START_TIMEOUT_SECONDS = 120.0
# A new process is started after this many documents, so that a leak in a library cannot add up.
DOCUMENTS_PER_WORKER = 500
DEFAULT_WORKERS = min(2, os.cpu_count() or 1)


@cache
def template_environment() -> ImmutableSandboxedEnvironment:
    """The Jinja environment of templates/pdf: everything is escaped, an unknown variable is an error."""
    return ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(TEMPLATE_DIR),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render_template(name: str, context: Mapping[str, Any]) -> str:
    """The HTML of `templates/pdf/<name>`."""
    return template_environment().get_template(name).render(**context)


def render_pdf(
    html: str,
    *,
    title: str,
    created: datetime | None = None,
    timeout: float = DEFAULT_TIMEOUT_SECONDS,
    in_process: bool = False,
    font_dir: Path = DEFAULT_FONT_DIR,
    lenient: bool = False,
) -> bytes:
    """Set `html` as a PDF with `title` and the creation time `created` (now if None; naive means UTC) in its metadata.

    `lenient`: characters that no face has become 〓 in the text, though never those of the title (a name, say).
    `timeout` is in seconds; `in_process` renders here, without the time limit (for tests and scripts).
    Raises RenderTimeoutError when the time is over, RenderError when anything in the document is faulty.
    """
    moment = created or datetime.now(UTC)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    if in_process:
        from app.reports.rendering import render_document

        return render_document(html, title=title, created=moment, font_dir=font_dir, lenient=lenient)
    request = {"html": html, "title": title, "created": moment.isoformat(), "font_dir": str(font_dir),
               "lenient": lenient}
    return _pool().render(json.dumps(request).encode(), timeout)


class RenderPool:
    """At most `size` renderer processes, started when first needed and replaced after a kill or a crash."""

    def __init__(self, size: int) -> None:
        self._free = threading.Semaphore(size)
        self._idle: list[_Renderer] = []
        self._lock = threading.Lock()
        self._closed = False

    def render(self, request: bytes, timeout: float) -> bytes:
        """Answer one worker request (see app.reports.worker); waiting for a free process counts as time."""
        if not self._free.acquire(timeout=timeout):
            raise errors.RenderTimeoutError("文档生成任务较多，请稍后重试。")
        try:
            with self._lock:
                renderer = self._idle.pop() if self._idle else None
            if renderer is None or not renderer.alive:
                renderer = _Renderer()
            reply = renderer.ask(request, timeout)
            with self._lock:
                keep = not self._closed and renderer.documents < DOCUMENTS_PER_WORKER
                if keep:
                    self._idle.append(renderer)
            if not keep:
                renderer.close()
        finally:
            self._free.release()
        return _unpack(reply)

    def close(self) -> None:
        """End all idle processes; busy ones end after their document."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for renderer in idle:
            renderer.close()


class _Renderer:
    """One worker process. Used by one thread at a time."""

    def __init__(self) -> None:
        self.documents = 0
        self._ready = False
        self._process = subprocess.Popen(
            [sys.executable, "-m", "app.reports.worker"],
            cwd=PROJECT_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=_worker_environment(),
        )
        self._requests = cast(BinaryIO, self._process.stdin)
        self._replies = cast(BinaryIO, self._process.stdout)

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, request: bytes, timeout: float) -> bytes:
        """Send one request; after `timeout` seconds the process is killed and RenderTimeoutError raised."""
        if not self._ready:
            self._ready = self._exchange(None, START_TIMEOUT_SECONDS) == READY
        self.documents += 1
        return self._exchange(request, timeout)

    def _exchange(self, request: bytes | None, timeout: float) -> bytes:
        expired = threading.Event()

        def expire() -> None:
            expired.set()
            self._process.kill()

        timer = threading.Timer(timeout, expire)
        timer.daemon = True
        timer.start()
        reply = None
        try:
            if request is not None:
                write_message(self._requests, request)
            reply = read_message(self._replies)
        except BrokenPipeError:
            pass
        finally:
            timer.cancel()
            if reply is None or expired.is_set():
                self.close()
        if reply is not None:
            return reply
        if expired.is_set():
            raise errors.RenderTimeoutError(f"文档生成超过 {timeout:g} 秒，已停止。请减少内容后重试。")
        raise errors.RenderError("文档生成进程意外退出，请稍后重试；如反复出现请联系管理员。")

    def close(self) -> None:
        self._process.kill()
        for stream in (self._requests, self._replies):
            with suppress(BrokenPipeError):
                stream.close()
        self._process.wait()


def _worker_environment() -> dict[str, str]:
    # The renderer needs no secret of the application: it gets neither the database address nor the keys.
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TEMP", "SYSTEMROOT", "VIRTUAL_ENV", "PYTHONHASHSEED")
    return {name: os.environ[name] for name in kept if name in os.environ} | {"PYTHONUNBUFFERED": "1"}


def _unpack(reply: bytes) -> bytes:
    if reply[:1] == b"P":
        return reply[1:]
    fault = json.loads(reply[1:])
    kind = getattr(errors, fault["kind"], errors.RenderError)
    raise kind(fault["message"])


_pool_of_process: dict[int, RenderPool] = {}
_pool_lock = threading.Lock()


def _pool() -> RenderPool:
    # Keyed by process: a forked server must not share its parent's pipes, nor end its parent's renderers at exit.
    with _pool_lock:
        pool = _pool_of_process.get(os.getpid())
        if pool is None:
            pool = _pool_of_process[os.getpid()] = RenderPool(DEFAULT_WORKERS)
        return pool


@atexit.register
def close_renderers() -> None:
    """End the renderer processes of this process; the next document starts new ones."""
    with _pool_lock:
        pool = _pool_of_process.pop(os.getpid(), None)
    if pool is not None:
        pool.close()
