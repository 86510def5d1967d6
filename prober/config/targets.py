"""`targets`: how to reach each server."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from typing import Any, Final, get_args

from prober.config.cursor import Cursor
from prober.config.field_types import (
    Boolean,
    Choice,
    Converted,
    Expanding,
    FieldType,
    Integer,
    ListOf,
    MapOf,
    Size,
    Text,
)
from prober.config.files import ExistingFile, ExistingFolder
from prober.config.mapping_schema import ExactlyOne, Key, MappingSchema, NotWith, OnlyWith, Values, mapping_of
from prober.config.model import ClientCredentials, Limits, Protocol, Target, Tls
from prober.config.secret import Secret
from prober.config.times import MAINTENANCE, RateField
from prober.config.urls import PROXY_URL, URL, without_query
from prober.config.yaml_document import ListNode, ScalarNode

# fmt: off
OWN_HEADERS: Final = frozenset({
    "accept", "connection", "content-length", "content-type", "last-event-id", "mcp-method", "mcp-name",
    "mcp-protocol-version", "mcp-session-id", "te", "transfer-encoding", "upgrade",
})
# fmt: on
"""Headers that say what the prober does: set by it alone."""

SHORTEST_MASKED: Final = 4
"""Characters of a `${…}` value that is masked: to mask a shorter one would blot out innocent text."""
SHORTEST_MASKED_LITERAL: Final = 8
"""Likewise of a value that is written out: `production` in a header may be a secret, `1` or `prod` is none."""


def _header_reserved(name: str) -> str | None:
    return "this header is set by the prober itself" if name.lower() in OWN_HEADERS else None


def _header_complaint(value: str) -> str | None:
    if re.search(r"[^\t\x20-\x7e]", value):
        return "a header value must be printable ASCII, without line ends"
    if value != value.strip():
        return "a header value must not begin or end with a space"
    return None


def _bearer_complaint(token: str) -> str | None:
    if token.lower().startswith("bearer "):
        return "write the token alone, without the word Bearer"
    return _header_complaint(token) or ("a token must not hold spaces" if " " in token else None)


def _nul_complaint(text: str) -> str | None:
    return "must not hold a NUL character" if "\0" in text else None


class _Command(FieldType[tuple[str, ...]]):
    """A program and its arguments, as a list."""

    _list = ListOf(item=Text(may_be_empty=True, complaint=_nul_complaint), wanted="a list of texts", least=1)

    def read(self, cursor: Cursor) -> tuple[str, ...]:
        if cursor.raw_text() is not None:
            raise cursor.error("expected a list, found a text; write [program, argument, …]")
        words = self._list.read(cursor)
        if not words[0]:
            raise cursor.error("the program must not be empty")
        return words

    def schema(self, builder: Any) -> dict[str, Any]:
        return self._list.schema(builder)


def _check_certificates(values: Values) -> None:
    """Certificates that cannot be used are found here, not by the first run."""
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if (ca_file := values.get("ca_file")) is not None:
        try:
            context.load_verify_locations(cafile=ca_file)
        except (ssl.SSLError, OSError):
            values.at("ca_file").report("holds no certificate in PEM form")
    if (certificate := values.get("client_certificate")) is None:
        return
    if values.has("client_key") and values.get("client_key") is None:
        return
    try:
        # Without a password of its own OpenSSL would ask the terminal for one.
        context.load_cert_chain(certificate, values.get("client_key"), password=lambda: "")
    except (ssl.SSLError, OSError, ValueError):
        values.at("client_certificate").report("not a certificate with its unencrypted key in PEM form")


TLS: Final = mapping_of(
    Tls,
    Key(name="ca_file", of=Tls, value_type=ExistingFile(), doc="Certificates (PEM) to trust instead of the system's."),
    Key(
        name="client_certificate",
        of=Tls,
        value_type=ExistingFile(),
        doc="The certificate (PEM) to show to the server; it may hold the key as well.",
    ),
    Key(
        name="client_key", of=Tls, value_type=ExistingFile(), doc="The key (PEM, not encrypted) of client_certificate."
    ),
    rules=(OnlyWith("client_certificate", "client_key"),),
    checks=(_check_certificates,),
)

CLIENT_CREDENTIALS: Final = mapping_of(
    ClientCredentials,
    Key(name="token_url", of=ClientCredentials, value_type=URL, doc="The token endpoint."),
    Key(name="client_id", of=ClientCredentials, value_type=Text(), doc="The name this client is known by."),
    Key(
        name="client_secret",
        of=ClientCredentials,
        value_type=Converted(Text(), Secret),
        doc="Its password: ${VARIABLE} or ${file:PATH}.",
    ),
    Key(name="scope", of=ClientCredentials, value_type=Text(), doc="Scopes to ask for, separated by spaces."),
    Key(
        name="audience", of=ClientCredentials, value_type=Text(), doc="The audience parameter that some endpoints want."
    ),
)

AUTH: Final[MappingSchema[Secret | ClientCredentials]] = MappingSchema(
    keys=(
        Key(
            name="bearer",
            value_type=Converted(Text(complaint=_bearer_complaint), Secret),
            doc="A token to send as `Authorization: Bearer …`.",
        ),
        Key(
            name="client_credentials",
            value_type=CLIENT_CREDENTIALS,
            doc="Fetch a token by the OAuth 2 client credentials grant.",
        ),
    ),
    rules=(ExactlyOne("bearer", "client_credentials"),),
    build=lambda values: values.get("bearer") or values.get("client_credentials"),
)

LIMITS: Final = mapping_of(
    Limits,
    Key(name="body", of=Limits, value_type=Size(), doc="One HTTP body as it comes over the wire."),
    Key(name="decompressed", of=Limits, value_type=Size(), doc="One HTTP body after decompression."),
    Key(name="event", of=Limits, value_type=Size(), doc="One Server-Sent Event."),
    Key(name="line", of=Limits, value_type=Size(), doc="One line of a stdio server's output."),
)

_SECRET_TEXT: Final = Converted(Text(may_be_empty=True, complaint=_nul_complaint), Secret)


def _check_headers(values: Values) -> None:
    seen: dict[str, str] = {}
    for header in values.get("headers", {}):
        if (twice := seen.setdefault(header.lower(), header)) != header:
            values.at("headers").nearest(header).report(f"the same header as {twice}")
    if "authorization" in seen and values.has("auth"):
        values.at("auth").report("a second Authorization header; headers has one already")


def _check_transport(values: Values) -> None:
    if values.get("transport") == "sse" and values.get("protocol") == "modern":
        values.at("protocol").report("the sse transport ended with the handshake era; it has no modern protocol")
    url, auth = values.get("url"), values.get("auth")
    urls = [url, auth.token_url if isinstance(auth, ClientCredentials) else None]
    secure = any(address is not None and address.lower().startswith("https:") for address in urls)
    if values.has("tls") and url is not None and not secure:
        values.at("tls").report("only together with an https:// URL")


def _build(values: Values) -> Target:
    arguments = values.of(Target)
    auth = values.get("auth")
    if isinstance(auth, Secret):
        arguments["headers"] = {**arguments.get("headers", {}), "Authorization": Secret(f"Bearer {auth.reveal()}")}
    elif auth is not None:
        arguments["auth"] = auth
    if "command" in arguments:
        arguments["transport"] = "stdio"
    written_out = [*arguments.get("headers", {}).values(), *arguments.get("env", {}).values()]
    written_out += [secret for secret in (arguments.get("proxy"),) if secret is not None]
    written_out += [auth.client_secret] if isinstance(auth, ClientCredentials) else []
    return Target(
        name=values.cursor.name,
        address=_address(values),
        secrets=masked(values.cursor.secrets, written_out),
        **arguments,
    )


def _address(values: Values) -> str:
    if values.has("url"):
        return without_query(values.at("url").raw_text() or "")
    node = values.at("command").node
    assert isinstance(node, ListNode)
    return shlex.join(word.text for _, word in node.items if isinstance(word, ScalarNode))


def masked(put_in: Iterable[Secret], written_out: Iterable[Secret] = ()) -> tuple[Secret, ...]:
    """What is to be masked, the longest first, so that no part of one stays when a shorter one is masked before it."""
    texts = {secret.reveal() for secret in put_in if len(secret.reveal()) >= SHORTEST_MASKED}
    for secret in written_out:
        whole = secret.reveal()
        # `Bearer abc…`: a server that echoes the token echoes it alone.
        texts.update(part for part in (whole, whole.partition(" ")[2]) if len(part) >= SHORTEST_MASKED_LITERAL)
    return tuple(Secret(text) for text in sorted(texts, key=lambda text: (-len(text), text)))


TARGET: Final[FieldType[Target]] = Expanding(
    MappingSchema(
        keys=(
            Key(name="url", of=Target, value_type=URL, doc="Address of an HTTP server, e.g. https://example.com/mcp."),
            Key(
                name="transport",
                of=Target,
                value_type=Choice(("http", "sse")),
                doc="`http` is Streamable HTTP, `sse` the legacy HTTP+SSE transport.",
            ),
            Key(
                name="command",
                of=Target,
                value_type=_Command(),
                doc="Program and arguments of a stdio server, as a list.",
            ),
            Key(name="cwd", of=Target, value_type=ExistingFolder(), doc="The folder the command runs in."),
            Key(
                name="env",
                of=Target,
                value_type=MapOf(
                    value=_SECRET_TEXT,
                    names="^[^=\\u0000]+$",
                    names_wanted="the name of an environment variable",
                ),
                doc="Environment variables for the command.",
            ),
            Key(
                name="headers",
                of=Target,
                value_type=MapOf(
                    value=Converted(Text(may_be_empty=True, complaint=_header_complaint), Secret),
                    names="^[A-Za-z0-9!#$%&'*+.^_`|~-]+$",
                    names_wanted="the name of a header",
                    reserved=_header_reserved,
                ),
                doc="Headers to send with every request.",
            ),
            Key(name="auth", value_type=AUTH, doc="How to ask for entry."),
            Key(name="tls", of=Target, value_type=TLS, doc="Whom to trust, and which certificate to show."),
            Key(
                name="proxy",
                of=Target,
                value_type=Converted(PROXY_URL, Secret),
                doc="Address of an HTTP proxy. Proxies from the environment are not used.",
            ),
            Key(
                name="protocol",
                of=Target,
                value_type=Choice(get_args(Protocol)),
                doc="Protocol era: `modern` (2026-07-28 on), `handshake` (up to 2025-11-25), or `auto` to learn it.",
            ),
            Key(name="limits", of=Target, value_type=LIMITS, doc="What one answer may cost, in bytes."),
            Key(
                name="allow_writes",
                of=Target,
                value_type=Boolean(),
                doc="Whether probes that write may do so here; they must say it as well.",
            ),
            Key(
                name="concurrency",
                of=Target,
                value_type=Integer(least=1, most=1000),
                doc="How many of its probes the daemon runs at a time.",
            ),
            Key(
                name="budget",
                of=Target,
                value_type=RateField(),
                doc="How many requests the daemon may send it, e.g. 120/h; beyond that its probes are not run.",
            ),
            Key(
                name="maintenance",
                of=Target,
                value_type=MAINTENANCE,
                doc="When it may be out of order: its probes run, their results are marked.",
            ),
        ),
        rules=(
            ExactlyOne("url", "command"),
            NotWith("command", ("transport", "headers", "auth", "tls", "proxy")),
            NotWith("url", ("cwd", "env")),
        ),
        checks=(_check_headers, _check_transport),
        build=_build,
    )
)
