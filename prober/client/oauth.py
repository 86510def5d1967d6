"""OAuth 2 client credentials: one token per target, kept until shortly before it expires.

The request is Authlib's; it goes over the run's own connections and under its limits, so its time and its failures are
seen like any other. A token endpoint that gives no token is `token_failed`.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

from prober.client.single_flight import SingleFlight
from prober.config.model import ClientCredentials
from prober.json_values import cap
from prober.outcome import Evidence, Failure, Reason

EARLY: Final = 30.0
"""Seconds before its expiry at which a token is no longer used."""

_JSON: Final = "application/json"
_FORM: Final = "application/x-www-form-urlencoded"
_LIFETIME: Final = 300.0
"""Assumed where the endpoint does not say how long its token lives, or nothing that makes sense."""
_LONGEST: Final = 366 * 24 * 3600.0

_TOKEN: Final = re.compile(r"[\x21-\x7e]{1,16384}")
"""More than RFC 6750 section 2.1 allows, but nothing that could leave its header."""


class TokenSource:
    """The access token of one target, shared by its probes."""

    def __init__(self, credentials: ClientCredentials):
        self._credentials = credentials
        self._token: SingleFlight[str] = SingleFlight()
        self._good_until = 0.0

    def forget(self, token: str) -> None:
        """The target no longer takes this one, whatever its lifetime: the next who asks fetches another."""
        if self._token.value == token:
            self._token.forget()

    async def get(self, fetch: Callable[[], Awaitable[str]]) -> str:
        """The token at hand, or what `fetch` makes of `request` and `take`."""
        if time.monotonic() >= self._good_until:
            self._token.forget()
        return await self._token.get(fetch)

    def request(self) -> tuple[str, dict[str, str], bytes]:
        """The request for a token: URL, headers, body."""
        from authlib.oauth2.auth import ClientAuth
        from authlib.oauth2.rfc6749.parameters import prepare_token_request

        wanted = self._credentials
        asked = {"scope": wanted.scope, "audience": wanted.audience}
        body = prepare_token_request("client_credentials", **{name: value for name, value in asked.items() if value})
        client = ClientAuth(wanted.client_id, wanted.client_secret.reveal(), "client_secret_basic")
        url, headers, body = client.prepare(  # type: ignore[no-untyped-call] # has stubs without types
            "POST", wanted.token_url, {"Content-Type": _FORM, "Accept": _JSON}, body
        )
        return url, headers, body.encode()

    def take(self, status: int, body: bytes) -> str:
        """The token in an answer of the endpoint; its lifetime counts from now. Raises Failure with `token_failed`."""
        try:
            answer = json.loads(body)
        except (ValueError, RecursionError):
            raise _refused(f"HTTP {status} with an answer that is not JSON", status) from None
        if not isinstance(answer, dict) or status >= 400 or "error" in answer:
            error = answer.get("error") if isinstance(answer, dict) else None
            raise _refused(f"HTTP {status}" + (f", {cap(str(error), 100)}" if error else ""), status)
        token = answer.get("access_token")
        if not isinstance(token, str) or not _TOKEN.fullmatch(token):
            raise _refused("its answer holds no access token that could be sent", status)
        self._good_until = time.monotonic() + _lifetime(answer.get("expires_in")) - EARLY
        return token


def _lifetime(told: Any) -> float:
    """Seconds. Some endpoints write the number as a text."""
    try:
        seconds = float(told)
    except (TypeError, ValueError, OverflowError):
        return _LIFETIME
    return seconds if 0 <= seconds <= _LONGEST else _LIFETIME


def _refused(why: str, status: int | None = None) -> Failure:
    return Failure(
        Reason.TOKEN_FAILED, f"the token endpoint gave no token: {why}", evidence=Evidence(http_status=status)
    )
