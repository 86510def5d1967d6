"""OAuth 2 client credentials: one token per target, cached until shortly before it expires.

Authlib builds the request. The connections of the run carry it, under the limits of the run, so its time and its
failures are recorded like those of any exchange. A token endpoint that gives no token is `token_failed`.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

from prober.client.single_flight import SingleFlight
from prober.config.model import ClientCredentials, Limits
from prober.json_values import Json, cap
from prober.outcome import Evidence, Failure, Reason

EARLY: Final = 30.0
"""Seconds before its expiry from which a token is no longer used."""

TOKEN_LIMITS: Final = Limits(body=64 * 1024, decompressed=64 * 1024)
"""Bytes of the answer of a token endpoint: more than any token needs, and parsed within a millisecond or two."""

_JSON: Final = "application/json"
_FORM: Final = "application/x-www-form-urlencoded"
_DEFAULT_LIFETIME: Final = 300.0
"""Seconds, for an endpoint that gives no lifetime, or an impossible one."""
_MAX_LIFETIME: Final = 366 * 24 * 3600.0

_TOKEN: Final = re.compile(r"[\x21-\x7e]{1,16384}")
"""More than RFC 6750 section 2.1 allows, but nothing that could end the header."""

_PLAIN_WORDS: Final = re.compile(r"(?:[A-Z]?[a-z]+|[A-Z]+)(?:[ _-](?:[A-Z]?[a-z]+|[A-Z]+))*")
"""Such as `invalid_client`. Whatever else an endpoint calls an error may hold a token that only the endpoint knows."""


class TokenSource:
    """The access token of one target, shared by its probes."""

    def __init__(self, credentials: ClientCredentials):
        self._credentials = credentials
        self._token: SingleFlight[str] = SingleFlight()
        self._good_until = 0.0
        self.expires_at: float | None = None
        """Unix time at which the latest token expires; None where its endpoint does not say."""

    def forget(self, token: str) -> None:
        """Drop a token that the target refused, whatever its lifetime: the next `get` fetches another."""
        if self._token.value == token:
            self._token.forget()

    async def get(self, fetch: Callable[[], Awaitable[str]]) -> str:
        """The cached token, or the result of `fetch`, which uses `request` and `take`."""
        if time.monotonic() >= self._good_until:
            self._token.forget()
        return await self._token.get(fetch)

    def request(self) -> tuple[str, dict[str, str], bytes]:
        """The request for a token: URL, headers, body."""
        from authlib.oauth2.auth import ClientAuth
        from authlib.oauth2.rfc6749.parameters import prepare_token_request

        credentials = self._credentials
        options = {"scope": credentials.scope, "audience": credentials.audience}
        body = prepare_token_request("client_credentials", **{name: value for name, value in options.items() if value})
        client = ClientAuth(credentials.client_id, credentials.client_secret.reveal(), "client_secret_basic")
        url, headers, body = client.prepare(  # type: ignore[no-untyped-call] # has stubs without types
            "POST", credentials.token_url, {"Content-Type": _FORM, "Accept": _JSON}, body
        )
        return url, headers, body.encode()

    def take(self, status: int, body: bytes) -> str:
        """The token in a response; its lifetime counts from now. Raises Failure with `token_failed`."""
        try:
            answer = json.loads(body)
        except (ValueError, RecursionError):
            raise token_failed(f"HTTP {status} with an answer that is not JSON", status) from None
        if not isinstance(answer, dict) or status >= 400 or "error" in answer:
            error = answer.get("error") if isinstance(answer, dict) else None
            raise token_failed(f"HTTP {status}{_said(error)}", status)
        token = answer.get("access_token")
        if not isinstance(token, str) or not _TOKEN.fullmatch(token):
            raise token_failed("its answer holds no access token that could be sent", status)
        lifetime = _lifetime(answer.get("expires_in"))
        self.expires_at = None if lifetime is None else time.time() + lifetime
        self._good_until = time.monotonic() + (_DEFAULT_LIFETIME if lifetime is None else lifetime) - EARLY
        return token


def _said(error: Json) -> str:
    if not error:
        return ""
    if isinstance(error, str) and _PLAIN_WORDS.fullmatch(error):
        return f", {cap(error, 100)}"
    return ", and an error that is not shown: it is more than plain words"


def _lifetime(expires_in: Any) -> float | None:
    """Seconds; None where the endpoint gives none, or an impossible one. Some write the number as a string."""
    try:
        seconds = float(expires_in)
    except (TypeError, ValueError, OverflowError):
        return None
    return seconds if 0 <= seconds <= _MAX_LIFETIME else None


def token_failed(why: str, status: int) -> Failure:
    """The failure of a token endpoint that answered with an HTTP status."""
    return Failure(
        Reason.TOKEN_FAILED, f"the token endpoint gave no token: {why}", evidence=Evidence(http_status=status)
    )
