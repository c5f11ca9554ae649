"""A small real SMTP server, to see what the application says to one."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage


@dataclass
class Mailbox:
    """What a small SMTP server took in. `refuse`: its answer to every recipient instead of 250."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    refuse: str = ""


@contextmanager
def smtp_server() -> Iterator[Mailbox]:
    """A server on a free port while the block runs."""
    box = Mailbox()

    class Conversation(socketserver.StreamRequestHandler):
        def say(self, line: str) -> None:
            self.wfile.write(f"{line}\r\n".encode())

        def handle(self) -> None:
            self.say("220 test")
            while line := self.rfile.readline():
                command = line.split(b":")[0].split()[0].upper()
                if command == b"QUIT":
                    self.say("221 bye")
                    return
                if command == b"RCPT":
                    box.recipients.append(line.decode().strip())
                    self.say(box.refuse or "250 ok")
                elif command == b"DATA":
                    self.say("354 go on")
                    lines = iter(self.rfile.readline, b".\r\n")
                    raw = b"".join(line[1:] if line.startswith(b".") else line for line in lines)
                    box.mails.append(message_from_bytes(raw, policy=policy.default))
                    self.say("250 taken")
                else:
                    self.say("250 ok")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Conversation) as server:
        box.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield box
        server.shutdown()
        thread.join()
