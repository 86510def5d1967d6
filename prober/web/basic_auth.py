"""Basic auth (RFC 7617) with bcrypt hashes.

A check takes 50 ms of CPU or more on purpose, and neither scrapes nor guesses may take that time from the probes. A
password that was right once is recognised by a keyed digest, which only this process has; every other password is
checked in a thread, one at a time. An unknown user and every wrong password cost as much time as the most costly hash,
so that response times do not reveal names.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from base64 import b64decode
from collections.abc import Mapping
from typing import Final

import bcrypt

_MAX_WAITING: Final = 32
_MAX_PASSWORD: Final = 72
"""Bytes of a password that bcrypt reads; a longer password is wrong."""


class TooManyAttemptsError(Exception):
    """Too many passwords are waiting for their check."""


class Users:
    """The users of one web configuration. Used in one event loop."""

    def __init__(self, hashes: Mapping[str, str]) -> None:
        self._hashes = {name: text.encode() for name, text in hashes.items()}
        self._cost = max(map(_cost, self._hashes.values()), default=10)
        self._key = secrets.token_bytes(32)
        self._verified: dict[str, bytes] = {}
        self._one_check = asyncio.Lock()
        self._waiting = 0

    def __bool__(self) -> bool:
        """Whether there are users: without users, no password is needed."""
        return bool(self._hashes)

    async def admit(self, authorization: str | None) -> bool:
        """Whether an `Authorization` header names a user and the right password. Raises `TooManyAttemptsError`."""
        credentials = _credentials(authorization or "")
        if credentials is None:
            return False
        name, password = credentials
        digest = hashlib.blake2b(password, key=self._key).digest()
        if self._is_verified(name, digest):
            return True
        if self._waiting >= _MAX_WAITING:
            raise TooManyAttemptsError
        self._waiting += 1
        try:
            async with self._one_check:
                return self._is_verified(name, digest) or await self._check(name, password, digest)
        finally:
            self._waiting -= 1

    def _is_verified(self, name: str, digest: bytes) -> bool:
        return hmac.compare_digest(self._verified.get(name, b""), digest)

    async def _check(self, name: str, password: bytes, digest: bytes) -> bool:
        possible = len(password) <= _MAX_PASSWORD and b"\0" not in password
        hashed = self._hashes.get(name) if possible else None
        right = await asyncio.to_thread(self._is_right, password if possible else b"", hashed)
        if right:
            self._verified[name] = digest
        return right

    def _is_right(self, password: bytes, hashed: bytes | None) -> bool:
        """Unless the password is right, it takes as long as the most costly hash: each cost is twice the one before."""
        if hashed is None:
            bcrypt.checkpw(password, _nobody_s(self._cost))
            return False
        if bcrypt.checkpw(password, hashed):
            return True
        for cost in range(_cost(hashed), self._cost):
            bcrypt.checkpw(password, _nobody_s(cost))
        return False


def _cost(hashed: bytes) -> int:
    return int(hashed[4:6])


def _nobody_s(cost: int) -> bytes:
    return f"$2b${cost:02}${'.' * 53}".encode()


def _credentials(authorization: str) -> tuple[str, bytes] | None:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, colon, password = b64decode(encoded.strip(), validate=True).partition(b":")
        return (name.decode(), password) if colon else None
    except ValueError:  # no base64, a character beyond ASCII, a name that is not UTF-8
        return None
