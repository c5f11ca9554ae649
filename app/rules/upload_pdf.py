"""PDF: read by a parser in a process of its own, which is killed when it takes too long or too much memory."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from app.errors import Invalid

SECONDS = 15
_PROBE = Path(__file__).with_name("pdf_probe.py")
_END = b"%%EOF"
_NAMED_IN_CLEAR = re.compile(rb"/(?:JavaScript|Launch|EmbeddedFile)(?![A-Za-z0-9#])")
_probing = threading.BoundedSemaphore(2)

_SENTENCES = {
    "damaged": "PDF 无法打开，可能没有传完或已损坏，请重新导出后上传。",
    "encrypted": "PDF 设有密码或使用限制，请去掉密码（用“打印为 PDF”另存一份）后重新上传。",
    "empty": "PDF 里没有页面，请重新导出后上传。",
    "active": "PDF 里有脚本、自动运行的动作或附带的文件，请用“打印为 PDF”另存一份后重新上传。",
    "slow": "PDF 过于复杂，检查没有在规定时间内完成，请用“打印为 PDF”另存一份后重新上传。",
}


def check_pdf(data: bytes) -> None:
    """Invalid unless it is a whole, open PDF with pages, and without scripts, launch actions or embedded files."""
    if not data.startswith(b"%PDF-") or _END not in data[-1024:]:
        raise Invalid(_SENTENCES["damaged"])
    # also what the parser may not reach: older revisions, objects behind a second cross-reference table
    if _NAMED_IN_CLEAR.search(data):
        raise Invalid(_SENTENCES["active"])
    verdict = _probe(data)
    if verdict != "fine":
        raise Invalid(_SENTENCES.get(verdict, _SENTENCES["damaged"]))


def _probe(data: bytes) -> str:
    """The one word that pdf_probe prints."""
    with tempfile.TemporaryFile() as source:
        source.write(data)
        source.seek(0)
        with _probing:
            try:
                done = subprocess.run(  # noqa: S603  our own script, no user text on the command line
                    [sys.executable, "-I", str(_PROBE)], stdin=source, capture_output=True, timeout=SECONDS,
                    env={"PATH": os.environ.get("PATH", ""), "SYSTEMROOT": os.environ.get("SYSTEMROOT", "")}, check=False,
                )
            except subprocess.TimeoutExpired:
                return "slow"
    return done.stdout.decode("ascii", "replace").strip() or "damaged"
