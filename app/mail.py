"""E-mail by SMTP, or to the log when no server is set. Called by jobs only: a mail never delays a page.

Delivery is at least once. The Message-ID is made from the mail's key, so that a second copy can be told as one.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import smtplib
import ssl
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate
from urllib.parse import parse_qs, unquote, urlsplit

log = logging.getLogger(__name__)
TIMEOUT_SECONDS = 20.0


class MailError(Exception):
    """The mail was not accepted. `permanent`: sending it again will not help."""

    def __init__(self, message: str, *, permanent: bool = False) -> None:
        super().__init__(message)
        self.permanent = permanent


@dataclass(frozen=True)
class Server:
    """Where mails go. `tls`: from the first byte (smtps); otherwise STARTTLS is used when the server offers it."""

    host: str
    port: int
    user: str
    password: str
    tls: bool
    sender: str
    sender_name: str


def server_of(url: str, *, sender_name: str) -> Server:
    """Read MAIL_URL: `smtp[s]://user:password@host:port?from=address`. ValueError says what is wrong with it."""
    parts = urlsplit(url)
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        raise ValueError("MAIL_URL must look like smtp://user:password@host:port?from=address")
    tls = parts.scheme == "smtps"
    sender = parse_qs(parts.query).get("from", [f"no-reply@{parts.hostname}"])[0]
    return Server(
        host=parts.hostname, port=parts.port or (465 if tls else 25), user=unquote(parts.username or ""),
        password=unquote(parts.password or ""), tls=tls, sender=sender, sender_name=sender_name,
    )


def tag(address: str, *, secret: str) -> str:
    """Ten hex digits that stand for an address in logs; they cannot be turned back without the secret."""
    return hmac.new(secret.encode(), address.strip().lower().encode(), hashlib.sha256).hexdigest()[:10]


def compose(*, server: Server, to: str, subject: str, text: str, key: str) -> EmailMessage:
    """One plain-text mail to one address. Line breaks never reach a header: MailError for such an address."""
    message = EmailMessage()
    try:
        recipient = Address(addr_spec=to.strip())
        message["From"] = Address(server.sender_name, addr_spec=server.sender)
        message["To"] = recipient
        message["Subject"] = " ".join(subject.split())
    except (ValueError, MessageError, IndexError) as error:  # IndexError: some unfinished addresses
        raise MailError("the e-mail address is not valid", permanent=True) from error
    domain = server.sender.rpartition("@")[2]
    message["Message-ID"] = f"<{hashlib.sha256(f'{key}|{to}'.encode()).hexdigest()[:32]}@{domain}>"
    message["Date"] = formatdate(localtime=False)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    return message


def send(
    *, url: str, sender_name: str, to: str, subject: str, text: str, key: str, secret: str,
    tls_context: Callable[[], ssl.SSLContext] = ssl.create_default_context,
) -> None:
    """Send one mail, or log that it would have been sent when `url` is empty. MailError when it was not accepted."""
    if not url:
        log.info("mail %s to %s: no MAIL_URL is set, nothing was sent", key, tag(to, secret=secret))
        return
    server = server_of(url, sender_name=sender_name)
    message = compose(server=server, to=to, subject=subject, text=text, key=key)
    try:
        with _connect(server, tls_context) as client:
            client.send_message(message)
    except smtplib.SMTPRecipientsRefused as error:
        code = next(iter(error.recipients.values()))[0]
        raise MailError(f"the recipient was refused ({code})", permanent=code >= 500) from error
    except smtplib.SMTPAuthenticationError as error:
        raise MailError(f"the mail server refused the login ({error.smtp_code})") from error
    except smtplib.SMTPResponseException as error:
        raise MailError(f"the mail server answered {error.smtp_code}", permanent=error.smtp_code >= 500) from error
    except smtplib.SMTPNotSupportedError as error:
        raise MailError("the mail server cannot send to this address", permanent=True) from error
    except (OSError, smtplib.SMTPException) as error:
        raise MailError(f"the mail server could not be reached ({type(error).__name__})") from error
    log.info("mail %s to %s was accepted", key, tag(to, secret=secret))


def _connect(server: Server, tls_context: Callable[[], ssl.SSLContext]) -> AbstractContextManager[smtplib.SMTP]:
    client: smtplib.SMTP
    if server.tls:
        client = smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT_SECONDS, context=tls_context())
    else:
        client = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_SECONDS)
    try:
        client.ehlo()
        if not server.tls and client.has_extn("starttls"):
            client.starttls(context=tls_context())
            client.ehlo()
        if server.user:
            client.login(server.user, server.password)
    except BaseException:
        client.close()
        raise
    return client
