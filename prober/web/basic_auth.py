"""Basic auth (RFC 7617): who may ask, by bcrypt hashes.

A hash takes 50 ms and more of a processor on purpose, which neither scrapes nor guesses may cost the probes: what was
right once is known again by a keyed digest that lives only in this process, and whatever else is checked in a thread,
one at a time. Who is unknown costs as much time as who is known, so that names cannot be told by the clock.
"""

from __future__ import annotations

import asyncio
import binascii
import hashlib
import hmac
import secrets
from base64 import b64decode
from collections.abc import Mapping
from typing import Final

import bcrypt

_MOST_WAITING: Final = 32
_LONGEST: Final = 72
"""Bytes of a password that bcrypt looks at; a longer one is a wrong one."""


class TooManyAttemptsError(Exception):
    """So many passwords are waiting to be checked that this one is not."""


class Users:
    """The users of one web configuration. Used in one event loop."""

    def __init__(self, hashes: Mapping[str, str]) -> None:
        self._hashes = {name: text.encode() for name, text in hashes.items()}
        cost = max((int(text[4:6]) for text in hashes.values()), default=10)
        self._nobody = f"$2b${cost:02}${'.' * 53}".encode()
        self._key = secrets.token_bytes(32)
        self._known: dict[str, bytes] = {}
        self._turn = asyncio.Lock()
        self._waiting = 0

    def __bool__(self) -> bool:
        """Whether there are any: without users everybody may ask."""
        return bool(self._hashes)

    async def admit(self, authorization: str | None) -> bool:
        """Whether an `Authorization` header names a user and the right password. Raises `TooManyAttemptsError`."""
        credentials = _credentials(authorization or "")
        if credentials is None:
            return False
        name, password = credentials
        digest = hashlib.blake2b(password, key=self._key).digest()
        if self._knows(name, digest):
            return True
        if self._waiting >= _MOST_WAITING:
            raise TooManyAttemptsError
        self._waiting += 1
        try:
            async with self._turn:
                return self._knows(name, digest) or await self._check(name, password, digest)
        finally:
            self._waiting -= 1

    def _knows(self, name: str, digest: bytes) -> bool:
        return hmac.compare_digest(self._known.get(name, b""), digest)

    async def _check(self, name: str, password: bytes, digest: bytes) -> bool:
        possible = len(password) <= _LONGEST and b"\0" not in password
        hashed = self._hashes.get(name, self._nobody)
        right = await asyncio.to_thread(bcrypt.checkpw, password if possible else b"", hashed)
        if not (right and possible and name in self._hashes):
            return False
        self._known[name] = digest
        return True


def _credentials(authorization: str) -> tuple[str, bytes] | None:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, colon, password = b64decode(encoded.strip(), validate=True).partition(b":")
        return (name.decode(), password) if colon else None
    except (binascii.Error, UnicodeDecodeError):
        return None
