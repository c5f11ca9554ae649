"""From the setting CLAMD_URL to a virus scanner: uploads are streamed to clamd (INSTREAM) before they are stored.

Fails closed: while clamd is away, or does not say OK, nothing is taken in.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Callable
from urllib.parse import unquote, urlsplit

from app.errors import DomainError

log = logging.getLogger(__name__)
TIMEOUT = 30.0  # seconds, for one step of the exchange
PORT = 3310


class ScannerUnavailable(DomainError):
    """The virus scanner cannot be asked at the moment."""

    status = 503

    def __init__(self, reason: str) -> None:
        super().__init__("病毒检查暂时无法进行，文件没有保存，请稍后再上传。", reason=reason)


def scanner_from_url(url: str, *, timeout: float = TIMEOUT) -> Callable[[bytes], str | None]:
    """`tcp://host:3310` or `unix:///run/clamav/clamd.ctl`; ValueError says what is wrong with others.

    What it gives names what was found in the bytes, or says None.
    """
    parts = urlsplit(url)
    host, port, path = parts.hostname, parts.port or PORT, unquote(parts.path)
    if not (parts.scheme == "tcp" and host and path in ("", "/")) and not (parts.scheme == "unix" and not host and path):
        raise ValueError("CLAMD_URL must be tcp://host:3310 or unix:///path/of/the/socket")
    from clamav_client import clamd  # an optional extra: only where it is used

    def scan(data: bytes) -> str | None:
        # one connection a scan: the client keeps its socket on itself, and uploads come in many threads
        client = clamd.ClamdNetworkSocket(host, port, timeout) if host else clamd.ClamdUnixSocket(path, timeout)  # type: ignore[arg-type]
        try:
            said = client.instream(io.BytesIO(data))
        except (OSError, clamd.ClamdError) as error:
            log.error("clamd could not be asked: %s", error)
            raise ScannerUnavailable(str(error)) from error
        status, found = said.get("stream", ("", None))
        if status == "FOUND":
            return str(found)
        if status != "OK":
            log.error("clamd gave no answer: %s", said)
            raise ScannerUnavailable(str(said))
        return None

    return scan
