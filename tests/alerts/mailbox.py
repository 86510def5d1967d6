"""A double of a mail server: SMTP with STARTTLS and a password, as a submission port speaks it. It keeps every mail."""

from __future__ import annotations

import base64
import email
import email.policy
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import IO, Final, cast

_GREETING: Final = b"220 mailbox ESMTP\r\n"


@dataclass(frozen=True, kw_only=True)
class Mail:
    """A mail that was taken in."""

    sender: str
    recipient: str
    login: tuple[str, str] | None
    """User and password of whoever sent it."""
    encrypted: bool
    message: EmailMessage

    @property
    def text(self) -> str:
        """Its plain text."""
        body = self.message.get_body(("plain", "html"))
        assert body is not None
        return str(body.get_content())


@dataclass(frozen=True, kw_only=True)
class Mailbox:
    """All mails so far, the earliest first."""

    address: str
    mails: list[Mail] = field(default_factory=list)


@contextmanager
def mailbox(context: ssl.SSLContext) -> Iterator[Mailbox]:
    """A mail server on loopback, whose certificate is that of `context`, while the block runs."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            _Conversation(self.request, context, box).go_on()

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        box = Mailbox(address=f"localhost:{server.server_address[1]}")
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield box
        finally:
            server.shutdown()
            thread.join()


class _Conversation:
    def __init__(self, connection: ssl.SSLSocket, context: ssl.SSLContext, box: Mailbox) -> None:
        self._connection = connection
        self._context = context
        self._box = box
        self._file = cast("IO[bytes]", connection.makefile("rwb"))
        self._encrypted = False
        self._login: tuple[str, str] | None = None
        self._sender = self._recipient = ""

    def go_on(self) -> None:
        try:
            self._talk()
        finally:
            self._file.close()
            self._connection.close()

    def _talk(self) -> None:
        self._say(_GREETING)
        while line := self._file.readline():
            word, _, rest = line.decode().strip().partition(" ")
            answer = self._answer(word.upper(), rest)
            self._say(answer)
            if word.upper() == "STARTTLS":
                self._file.close()
                self._connection = self._context.wrap_socket(self._connection, server_side=True)
                self._file = cast("IO[bytes]", self._connection.makefile("rwb"))
                self._encrypted = True
            if word.upper() == "QUIT":
                return

    def _answer(self, word: str, rest: str) -> bytes:
        if word == "EHLO":
            return b"250-mailbox\r\n250 AUTH PLAIN\r\n" if self._encrypted else b"250-mailbox\r\n250 STARTTLS\r\n"
        if word == "AUTH":
            _, user, password = base64.b64decode(rest.removeprefix("PLAIN ")).decode().split("\0")
            self._login = (user, password)
            return b"235 welcome\r\n"
        if word == "MAIL":
            self._sender = _address(rest)
        elif word == "RCPT":
            self._recipient = _address(rest)
        elif word == "DATA":
            self._take_in()
        return b"221 bye\r\n" if word == "QUIT" else b"220 go\r\n" if word == "STARTTLS" else b"250 yes\r\n"

    def _take_in(self) -> None:
        self._say(b"354 go\r\n")
        lines = []
        while (line := self._file.readline()).rstrip(b"\r\n") != b".":
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        self._box.mails.append(
            Mail(
                sender=self._sender,
                recipient=self._recipient,
                login=self._login,
                encrypted=self._encrypted,
                message=email.message_from_bytes(b"".join(lines), policy=email.policy.default),
            )
        )

    def _say(self, words: bytes) -> None:
        self._file.write(words)
        self._file.flush()


def _address(text: str) -> str:
    return text[text.index("<") + 1 : text.index(">")]
