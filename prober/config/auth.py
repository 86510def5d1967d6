"""`auth` of a target: credentials; which headers and header values are allowed."""

from __future__ import annotations

import re
from typing import Final

from prober.config.fields.field_types import Text
from prober.config.fields.mapping_schema import ExactlyOne, MappingSchema, key, keys_of, mapping_of, settings
from prober.config.fields.secret import Secret
from prober.config.fields.urls import URL
from prober.config.fields.wrapping import Converted

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


def bearer_complaint(token: str) -> str | None:
    if token.lower().startswith("bearer "):
        return "write the token alone, without the word Bearer"
    return header_complaint(token) or ("a token must not hold spaces" if " " in token else None)


@settings
class ClientCredentials:
    """OAuth 2 client credentials grant (RFC 6749 section 4.4)."""

    token_url: str = key(URL, "The token endpoint.", repr=False)
    client_id: str = key(Text(), "The name this client is known by.", repr=False)
    client_secret: Secret = key(Converted(Text(), Secret), "Its password: ${VARIABLE} or ${file:PATH}.")
    scope: str | None = key(Text(), "Scopes to ask for, separated by spaces.", default=None, repr=False)
    audience: str | None = key(Text(), "The audience parameter that some endpoints want.", default=None, repr=False)


@settings
class _Auth:
    """The keys under `auth`, of which exactly one is written."""

    bearer: Secret | None = key(
        Converted(Text(complaint=bearer_complaint), Secret),
        "A token to send as `Authorization: Bearer …`.",
        default=None,
    )
    client_credentials: ClientCredentials | None = key(
        mapping_of(ClientCredentials), "Fetch a token by the OAuth 2 client credentials grant.", default=None
    )


AUTH: Final[MappingSchema[Secret | ClientCredentials]] = MappingSchema(
    keys=keys_of(_Auth),
    rules=(ExactlyOne("bearer", "client_credentials"),),
    build=lambda values: values.get("bearer") or values.get("client_credentials"),
)
