"""What somebody without a good token sends: the first request of a client, and tokens that nobody gave out."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from prober.assertions.result_shapes import HANDSHAKE, MODERN, versions
from prober.client import envelope
from prober.client.http.http_response import EVENTS, POSTED
from prober.client.jsonrpc import encode

_HOUR: Final = 3600


@dataclass(frozen=True, kw_only=True)
class Opening:
    """The first request of a client."""

    step: str
    method: str
    headers: Mapping[str, str]
    content: bytes = b""


def openings(transport: str, era: str | None) -> tuple[Opening, ...]:
    """One for each era that the server may speak; `era` is None where nobody knows."""
    if transport == "sse":
        return (Opening(step="open", method="GET", headers={"Accept": EVENTS}),)
    return tuple(opening for of_era, opening in (_MODERN, _HANDSHAKE) if era in (of_era, None))


def _posted(method: str, params: Mapping[str, Any], headers: Mapping[str, str]) -> Opening:
    content = encode({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
    return Opening(step=method, method="POST", headers={**headers, **POSTED}, content=content)


_LATEST: Final = versions(MODERN)[-1]
_MODERN: Final = (
    MODERN,
    _posted(
        "server/discover",
        envelope.modern_params({}, _LATEST),
        envelope.modern_headers("server/discover", {}, _LATEST),
    ),
)
_HANDSHAKE: Final = (
    HANDSHAKE,
    _posted(
        "initialize",
        envelope.initialize_params(versions(HANDSHAKE)[-1]),
        {},
    ),
)


def bogus() -> str:
    """A token that no server knows."""
    return f"mcp-prober-{secrets.token_urlsafe(24)}"


def forged(issuer: str, resource: str, *, expired: bool) -> str:
    """A JSON Web Token whose claims are right, signed with a key that is made here and thrown away."""
    now = int(time.time())
    ends = now - _HOUR if expired else now + _HOUR
    claims = {"iss": issuer, "aud": resource, "sub": "mcp-prober", "iat": now - 2 * _HOUR, "exp": ends}
    signed = f"{_part({'alg': 'HS256', 'typ': 'JWT'})}.{_part(claims)}"
    signature = hmac.new(secrets.token_bytes(32), signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{_base64(signature)}"


def _part(value: Mapping[str, Any]) -> str:
    return _base64(json.dumps(value, separators=(",", ":")).encode())


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
