"""`targets`: how to reach each server."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal, get_args

from prober.config.auth import AUTH, ClientCredentials, header_complaint, header_reserved
from prober.config.document.cursor import Cursor
from prober.config.document.nodes import ListNode, ScalarNode
from prober.config.fields.field_types import Boolean, Choice, FieldType, Integer, ListOf, MapOf, Text
from prober.config.fields.file_fields import ExistingFolder
from prober.config.fields.labels import LABELS
from prober.config.fields.mapping_schema import (
    ExactlyOne,
    MappingSchema,
    NotWith,
    Values,
    key,
    keys_of,
    mapping_of,
    settings,
)
from prober.config.fields.schedule_fields import MAINTENANCE, Budget, RateField, Window
from prober.config.fields.secret import Secret, masked_secrets
from prober.config.fields.secrets_of_urls import basic, host_secrets, login_secrets, query_values
from prober.config.fields.tags import TAGS
from prober.config.fields.unit_fields import Duration, Percent, Size
from prober.config.fields.urls import PROXY_URL, URL, without_query
from prober.config.fields.wrapping import Converted, Expanding
from prober.config.tls import TLS, Tls

TransportName = Literal["http", "sse", "stdio"]
Protocol = Literal["auto", "modern", "handshake"]


def _nul_complaint(text: str) -> str | None:
    return "must not hold a NUL character" if "\0" in text else None


class _Command(FieldType[tuple[str, ...]]):
    """A program and its arguments, as a list."""

    _list = ListOf(item=Text(may_be_empty=True, complaint=_nul_complaint), wanted="a list of texts", least=1)

    def words(self) -> str:
        return "a list of texts"

    def read(self, cursor: Cursor) -> tuple[str, ...]:
        if cursor.raw_text() is not None:
            raise cursor.error("expected a list, found a text; write [program, argument, …]")
        words = self._list.read(cursor)
        if not words[0]:
            raise cursor.error("the program must not be empty")
        return words

    def schema(self, builder: Any) -> dict[str, Any]:
        return self._list.schema(builder)


@settings
class Limits:
    """What one answer may cost us, in bytes. A server that sends more is `too_large`.

    The defaults keep the parsing of one answer below 50 ms on a slow core; agents choke on far less.
    """

    body: int = key(Size(), "One HTTP body as it comes over the wire.", default=2 * 1024 * 1024)
    decompressed: int = key(Size(), "One HTTP body after decompression.", default=2 * 1024 * 1024)
    event: int = key(Size(), "One Server-Sent Event.", default=1024 * 1024)
    line: int = key(Size(), "One line of a stdio server's output.", default=2 * 1024 * 1024)


_SECRET_TEXT: Final = Converted(Text(may_be_empty=True, complaint=_nul_complaint), Secret)


@settings
class Target:
    """One MCP server. `url` is set for `http` and `sse`, `command` for `stdio`."""

    name: str
    address: str = ""
    """`url` or `command` to show to people: as written, each `${…}` left as it is, without a URL's query."""
    url: str | None = key(URL, "Address of an HTTP server, e.g. https://example.com/mcp.", default=None, repr=False)
    transport: TransportName = key(
        Choice(("http", "sse")), "`http` is Streamable HTTP, `sse` the legacy HTTP+SSE transport.", default="http"
    )
    command: tuple[str, ...] = key(
        _Command(), "Program and arguments of a stdio server, as a list.", default=(), repr=False
    )
    cwd: Path | None = key(ExistingFolder(), "The folder the command runs in.", default=None, repr=False)
    """None is where the prober runs."""
    env: Mapping[str, Secret] = key(
        MapOf(value=_SECRET_TEXT, names="^[^=\\u0000]+$", names_wanted="the name of an environment variable"),
        "Environment variables for the command.",
        default_factory=dict,
    )
    startup_timeout: float = key(
        Duration(),
        "How long the command may take until its first answer; a probe's timeout begins only then.",
        default=30.0,
    )
    reuse: float | None = key(
        Duration(),
        "How long the process of the command serves further runs, e.g. 15m; if not given, each run starts its own.",
        default=None,
    )
    headers: Mapping[str, Secret] = key(
        MapOf(
            value=Converted(Text(may_be_empty=True, complaint=header_complaint), Secret),
            names="^[A-Za-z0-9!#$%&'*+.^_`|~-]+$",
            names_wanted="the name of a header",
            reserved=header_reserved,
        ),
        "Headers to send with every request.",
        default_factory=dict,
    )
    auth: ClientCredentials | None = key(AUTH, "How to ask for entry.", default=None)
    """A bearer token is one of the headers."""
    tls: Tls = key(TLS, "Whom to trust, and which certificate to show.", default=Tls())
    proxy: Secret | None = key(
        Converted(PROXY_URL, Secret),
        "Address of an HTTP proxy. Proxies from the environment are not used.",
        default=None,
    )
    protocol: Protocol = key(
        Choice(get_args(Protocol)),
        "Protocol era: `modern` (2026-07-28 on), `handshake` (up to 2025-11-25), or `auto` to learn it.",
        default="auto",
    )
    limits: Limits = key(mapping_of(Limits), "What one answer may cost, in bytes.", default=Limits())
    allow_writes: bool = key(
        Boolean(), "Whether probes that write may do so here; they must say it as well.", default=False
    )
    read_only_tools: tuple[str, ...] = key(
        ListOf(item=Text(), wanted="a list of names"),
        "Tools that only read although they do not say so, by name or by a pattern such as get_*. A tool that says that"
        " it writes is not believed to read.",
        default=(),
    )
    concurrency: int = key(
        Integer(least=1, most=1000),
        "How many of its probes run at a time, of an HTTP server in the daemon only; 1 on stdio if not given.",
        default=2,
    )
    budget: Budget | None = key(
        RateField(),
        "How many requests the daemon may send it, e.g. 120/h; beyond that its probes are not run.",
        default=None,
    )
    objective: float = key(
        Percent(),
        "Its objective: how many percent of its runs shall pass. Alerts and dashboards read it from the metrics.",
        default=99.5,
    )
    maintenance: tuple[Window, ...] = key(
        MAINTENANCE, "When it may be out of order: its probes run, their results are marked.", default=()
    )
    tags: tuple[str, ...] = key(TAGS, "Words by which `run --tag` chooses its probes.", default=())
    labels: Mapping[str, str] = key(
        LABELS, "Labels of it in metrics, service discovery, API and notifications, e.g. team.", default_factory=dict
    )
    enabled: bool = key(
        Boolean(), "Whether its probes are run. If not, all of them are shown as disabled.", default=True
    )
    source: str | None = None
    """The name of the source that gave it; None where it is written in a file."""
    of_registry: bool = False
    """Whether a registry lists it: a stranger's server, of which nothing may be expected but what it grants to all."""
    host_budget: Budget | None = None
    """How many requests its host may be sent, over all targets of its source."""
    contact: str = ""
    """Where to complain about its probes, for the header User-Agent."""
    public_only: bool = False
    """Whether it may be reached at public addresses only, because strangers wrote its URL."""
    secrets: tuple[Secret, ...] = ()
    """What must be masked wherever this target's traffic is shown: every value that a `${…}` stood for, and the values
    of headers, environment, proxy and client secret. None is empty."""


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
    return _built(values, name=values.cursor.name, address=_address(values))


def _build_settings(values: Values) -> Target:
    return _built(values, name="", address="")


def _built(values: Values, *, name: str, address: str) -> Target:
    arguments = values.of(Target)
    auth = values.get("auth")
    if isinstance(auth, Secret):
        arguments["headers"] = {**arguments.get("headers", {}), "Authorization": Secret(f"Bearer {auth.reveal()}")}
        del arguments["auth"]
    if "command" in arguments:
        arguments["transport"] = "stdio"
        arguments.setdefault("concurrency", 1)  # processes of one server that start at once slow each other down
    expanded = values.cursor.secrets
    secrets = masked_secrets(expanded, _written_out(arguments, auth, expanded))
    return Target(name=name, address=address, secrets=secrets, **arguments)


def _written_out(arguments: Mapping[str, Any], auth: Any, expanded: Sequence[Secret]) -> list[Secret]:
    """What is secret though no `${…}` says so, and how that which is comes back."""
    url, proxy = arguments.get("url") or "", arguments.get("proxy")
    found = [*arguments.get("headers", {}).values(), *arguments.get("env", {}).values()]
    found += [Secret(text) for text in query_values(url)] + host_secrets(url, expanded)
    if proxy is not None:
        found += [proxy, *login_secrets(proxy.reveal())]
    if isinstance(auth, ClientCredentials):
        found += [auth.client_secret, basic(auth.client_id, auth.client_secret.reveal())]
    return found


def _address(values: Values) -> str:
    if values.has("url"):
        return without_query(values.at("url").raw_text() or "")
    node = values.at("command").node
    assert isinstance(node, ListNode)
    return shlex.join(word.text for _, word in node.items if isinstance(word, ScalarNode))


TARGET: Final[FieldType[Target]] = Expanding(
    mapping_of(
        Target,
        rules=(
            ExactlyOne("url", "command"),
            NotWith("command", ("transport", "headers", "auth", "tls", "proxy")),
            NotWith("url", ("cwd", "env", "startup_timeout", "reuse")),
        ),
        checks=(_check_headers, _check_transport),
        build=_build,
    )
)

_OF_ONE: Final = frozenset({"url", "command", "cwd", "env", "startup_timeout", "reuse", "allow_writes"})
"""Keys that belong to one server. Writes want a target that a person has named."""
TARGET_SETTINGS: Final[FieldType[Target]] = Expanding(
    MappingSchema(
        keys=tuple(each for each in keys_of(Target) if each.name not in _OF_ONE),
        checks=(_check_headers,),
        build=_build_settings,
    )
)
"""What holds for all targets of a source: a target without name and address."""

CREDENTIALS: Final[FieldType[Target]] = Expanding(
    MappingSchema(
        keys=tuple(each for each in keys_of(Target) if each.name in ("headers", "auth")),
        checks=(_check_headers,),
        build=_build_settings,
    )
)
"""Credentials that take the place of those of a target: headers and auth, and nothing else of it."""
