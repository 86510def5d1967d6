"""`sources`: where targets come from that are not written in a file, and the settings that all of them have."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from prober.config.auth import header_complaint, header_reserved
from prober.config.document.cursor import Cursor
from prober.config.fields.field_types import Boolean, FieldType, Integer, ListOf, MapOf, Text
from prober.config.fields.file_fields import ExistingFile
from prober.config.fields.labels import LABELS
from prober.config.fields.mapping_schema import ExactlyOne, NotWith, OnlyWith, Values, key, mapping_of, settings
from prober.config.fields.schedule_fields import Budget, RateField
from prober.config.fields.secret import Secret, masked_secrets
from prober.config.fields.secrets_of_urls import query_values
from prober.config.fields.unit_fields import Duration
from prober.config.fields.urls import URL
from prober.config.fields.wrapping import Converted, Expanding
from prober.config.targets import TARGET_SETTINGS, Target

_HEADERS: Final = MapOf(
    value=Converted(Text(may_be_empty=True, complaint=header_complaint), Secret),
    names="^[A-Za-z0-9!#$%&'*+.^_`|~-]+$",
    names_wanted="the name of a header",
    reserved=header_reserved,
)
WAYS: Final = ("file", "http", "client_config", "registry")
REFRESH: Final[Mapping[str, float]] = {"file": 5.0, "http": 60.0, "client_config": 5.0, "registry": 3600.0}
"""Seconds between two looks, by the way. A file that has not changed is not read."""


def _contact_complaint(text: str) -> str | None:
    plain = text.isascii() and text.isprintable() and not set(text) & set(" ()\\")
    return None if plain else "must hold ASCII characters only, and no spaces, parentheses or backslashes"


class _Pattern(Text):
    """A path or pattern, relative to the YAML file."""

    def read(self, cursor: Cursor) -> str:
        return str(cursor.scope.folder / super().read(cursor))


@settings
class TargetSource:
    """Targets by one of four ways; `file`, `http` and `registry` give URLs only, never commands."""

    name: str
    file: str | None = key(
        _Pattern(wanted="a path, or a pattern such as targets/*.json"),
        "Files in the format of Prometheus' file_sd, JSON or YAML, by path or pattern; watched.",
        default=None,
    )
    http: Secret | None = key(
        Converted(URL, Secret), "Address that answers in the format of Prometheus' http_sd.", default=None
    )
    client_config: Path | None = key(
        ExistingFile(), "The file of an MCP client, such as .mcp.json; watched.", default=None
    )
    registry: Secret | None = key(
        Converted(URL, Secret),
        "Address of an MCP registry, v0.1 of its API, such as https://registry.modelcontextprotocol.io.",
        default=None,
    )
    refresh: float | None = key(
        Duration(),
        "How often it is looked at. Default: 1h for a registry, 1m for http, 5s for files, which are read when they"
        " changed.",
        default=None,
    )
    headers: Mapping[str, Secret] = key(_HEADERS, "Headers of the requests to the source itself.", default_factory=dict)
    credentials: Mapping[str, Mapping[str, Secret]] = key(
        MapOf(value=_HEADERS),
        "Of a registry: headers for a server, by its name there. Nothing else is sent to a server that it lists.",
        default_factory=dict,
    )
    commands: bool = key(
        Boolean(), "Whether servers of a client's file that are commands are started too.", default=False
    )
    allow_private: bool = key(
        Boolean(),
        "Of a registry: whether its servers may have addresses that are not public. Strangers write there.",
        default=False,
    )
    opt_out: tuple[str, ...] = key(
        ListOf(item=Text(), wanted="a list of hosts or names"),
        "Hosts, and names of targets, that are never probed, by name or by a pattern such as *.example.com.",
        default=(),
    )
    most: int = key(Integer(least=1, most=1_000_000), "Targets that it may give at most.", default=100_000)
    requests_per_host: Budget | None = key(
        RateField(),
        "How many requests the daemon may send to one host, over all targets of the source, e.g. 60/h. Its probes take"
        " turns then; those whose turn has not come are not run.",
        default=None,
    )
    contact: str = key(
        Text(wanted="an address", complaint=_contact_complaint),
        "Where to complain about the probes, such as https://example.com/probes or a mail address: sent to every target"
        " and to the source itself, in User-Agent.",
        default="",
    )
    labels: Mapping[str, str] = key(LABELS, "Labels of all its targets.", default_factory=dict)
    target: Target = key(TARGET_SETTINGS, "Settings of all its targets.", default=Target(name=""))
    secrets: tuple[Secret, ...] = ()
    """What must be masked wherever this source is spoken of. None is empty."""

    @property
    def way(self) -> str:
        """One of `WAYS`."""
        return next(way for way in WAYS if getattr(self, way) is not None)

    @property
    def every(self) -> float:
        """Seconds between two looks."""
        return self.refresh if self.refresh is not None else REFRESH[self.way]


def _check_credentials(values: Values) -> None:
    """What all servers of a registry are sent must be nothing that opens a door: strangers read it."""
    if not values.has("registry"):
        return
    target = values.get("target")
    if target is not None:
        for name in ("headers", "auth"):
            if values.cursor.find("target", name) is not None:
                values.at("target").nearest(name).report(
                    "would be sent to every server that the registry lists; `credentials` gives a server its own"
                )


def _build(values: Values) -> TargetSource:
    arguments = values.of(TargetSource)
    written_out = [
        secret
        for headers in (arguments.get("headers", {}), *arguments.get("credentials", {}).values())
        for secret in headers.values()
    ]
    for way in ("http", "registry"):
        if way in arguments:
            written_out += [Secret(text) for text in query_values(arguments[way].reveal())]
    return TargetSource(
        name=values.cursor.name, secrets=masked_secrets(values.cursor.secrets, written_out), **arguments
    )


SOURCE: Final[FieldType[TargetSource]] = Expanding(
    mapping_of(
        TargetSource,
        rules=(
            ExactlyOne(*WAYS),
            OnlyWith("registry", "credentials"),
            OnlyWith("registry", "allow_private"),
            OnlyWith("client_config", "commands"),
            NotWith("file", ("headers",)),
            NotWith("client_config", ("headers",)),
        ),
        checks=(_check_credentials,),
        build=_build,
    )
)
