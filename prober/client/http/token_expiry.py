"""When the token of a target expires, as far as it says so. Never the token."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any, Final

from prober.client.http.oauth import TokenSource
from prober.config.model import Target

WRITTEN: Final = "token_expiry_timestamp_seconds"
"""The fact about a token that the configuration holds: nobody renews it but whoever wrote it there."""
FETCHED: Final = "fetched_token_expiry_timestamp_seconds"
"""The fact about a token by client credentials, which the prober fetches anew."""
RENEWALS: Final[Mapping[str, str]] = {"none": WRITTEN, "automatic": FETCHED}
"""By who renews the token, as metrics name it."""

_END_OF_TIME: Final = 253_402_300_800.0
"""The year 10000: what lies behind it is no time."""


def token_expiry(target: Target, tokens: TokenSource | None) -> Mapping[str, float]:
    """What is known of it, by fact."""
    found = {
        WRITTEN: next((_claimed(value.reveal()) for name, value in target.headers.items() if _authorizes(name)), None),
        FETCHED: tokens.expires_at if tokens is not None else None,
    }
    return {fact: expiry for fact, expiry in found.items() if expiry is not None}


def _authorizes(name: str) -> bool:
    return name.lower() == "authorization"


def _claimed(header: str) -> float | None:
    """`exp` (RFC 7519 section 4.1.4) of a bearer token that is a JSON Web Token; None for every other."""
    scheme, _, token = header.partition(" ")
    parts = token.strip().split(".")
    if scheme.lower() != "bearer" or len(parts) != 3:
        return None
    try:
        claims: Any = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, RecursionError):
        return None
    expiry = claims.get("exp") if isinstance(claims, dict) else None
    if isinstance(expiry, bool) or not isinstance(expiry, int | float):
        return None
    return float(expiry) if 0 < expiry < _END_OF_TIME else None
