"""`auth` of a target: how to ask for entry, and what a header may hold."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from prober.config.field_types import Converted, Text
from prober.config.mapping_schema import ExactlyOne, MappingSchema, key, keys_of, mapping_of
from prober.config.secret import Secret
from prober.config.urls import URL

# fmt: off
OWN_HEADERS: Final = frozenset({
    "accept", "connection", "content-length", "content-type", "last-event-id", "mcp-method", "mcp-name",
    "mcp-protocol-version", "mcp-session-id", "te", "transfer-encoding", "upgrade",
})
# fmt: on
"""Headers that only the prober sets."""


def header_reserved(name: str) -> str | None:
    return "this header is set by the prober itself" if name.lower() in OWN_HEADERS else None


def header_complaint(value: str) -> str | None:
    if re.search(r"[^\t\x20-\x7e]", value):
        return "a header value must be printable ASCII, without line ends"
    if value != value.strip():
        return "a header value must not begin or end with a space"
    return None


def _bearer_complaint(token: str) -> str | None:
    if token.lower().startswith("bearer "):
        return "write the token alone, without the word Bearer"
    return header_complaint(token) or ("a token must not hold spaces" if " " in token else None)


@dataclass(frozen=True, kw_only=True)
class ClientCredentials:
    """OAuth 2 client credentials grant (RFC 6749 section 4.4)."""

    token_url: str = field(repr=False, metadata=key(URL, "The token endpoint."))
    client_id: str = field(repr=False, metadata=key(Text(), "The name this client is known by."))
    client_secret: Secret = field(metadata=key(Converted(Text(), Secret), "Its password: ${VARIABLE} or ${file:PATH}."))
    scope: str | None = field(default=None, repr=False, metadata=key(Text(), "Scopes to ask for, separated by spaces."))
    audience: str | None = field(
        default=None, repr=False, metadata=key(Text(), "The audience parameter that some endpoints want.")
    )


@dataclass(frozen=True, kw_only=True)
class _Auth:
    """The keys under `auth`, of which exactly one is written."""

    bearer: Secret | None = field(
        default=None,
        metadata=key(
            Converted(Text(complaint=_bearer_complaint), Secret), "A token to send as `Authorization: Bearer …`."
        ),
    )
    client_credentials: ClientCredentials | None = field(
        default=None,
        metadata=key(mapping_of(ClientCredentials), "Fetch a token by the OAuth 2 client credentials grant."),
    )


AUTH: Final[MappingSchema[Secret | ClientCredentials]] = MappingSchema(
    keys=keys_of(_Auth),
    rules=(ExactlyOne("bearer", "client_credentials"),),
    build=lambda values: values.get("bearer") or values.get("client_credentials"),
)
