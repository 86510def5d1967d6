"""Which format a file has: by what is in it first, and by its name where several clients write the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, Final, Literal

from prober.client_configs.document import Document, Steps
from prober.client_configs.formats import FORMATS, UNKNOWN, Format
from prober.config.document.diagnostics import ConfigError

Special = Literal["server.json", "manifest.json"]

SUFFIXES: Final = (".json", ".jsonc", ".toml")
PROBE_SUFFIXES: Final = (".yaml", ".yml")


class NoServersError(ConfigError):
    """The file has settings of a client, and lists no servers."""


def format_of(document: Document) -> Format | Special:
    """Raises NoServersError where the file lists no servers in any known way, ConfigError where it has no keys."""
    root = document.value
    if not isinstance(root, dict):
        raise ConfigError([document.mistake((), "expected names with their values at the top of the file")])
    if (special := _special(root)) is not None:
        return special
    candidates = [each for each in FORMATS if any(True for _ in lists(each, root))]
    if not candidates:
        raise NoServersError([document.mistake((), _nothing(root))])
    return max(candidates, key=lambda each: (_resemblance(document.file, each), each is UNKNOWN))


def lists(format_: Format, root: Mapping[str, Any]) -> Iterator[tuple[Steps, Any]]:
    """The mappings of names to servers in a file."""
    for way in format_.servers:
        found = list(_follow((), root, way))
        yield from found
        if found and format_.servers[0] == ("mcp", "servers"):
            return  # the newer way; the older one would find a server named `servers`


def _follow(steps: Steps, value: Any, way: tuple[str, ...]) -> Iterator[tuple[Steps, Any]]:
    if not way:
        yield steps, value
    elif isinstance(value, dict):
        for key in value if way[0] == "*" else [way[0]] if way[0] in value else []:
            yield from _follow((*steps, key), value[key], way[1:])


def folder_of(file: Path, format_: Format) -> Path:
    """The folder of the project that the file belongs to."""
    absolute = file.absolute()
    depths = [
        place.count("/")
        for place in format_.files
        if place.startswith("./") and absolute.as_posix().endswith(place.removeprefix("."))
    ]
    return absolute.parents[max(depths, default=1) - 1]


def _special(root: Mapping[str, Any]) -> Special | None:
    if "server" in root and ({"manifest_version", "dxt_version"} & root.keys()):
        return "manifest.json"
    server = root.get("server", root)
    if isinstance(server, dict) and "name" in server and ({"packages", "remotes"} & server.keys()):
        return "server.json"
    return None


def _resemblance(file: Path, format_: Format) -> int:
    """How many parts of the path, from its end, are those of a place of the format."""
    parts = file.absolute().parts[::-1]
    best = 0
    for place in format_.files:
        wanted = PurePosixPath(place.removeprefix("./")).parts[::-1]
        same = 0
        for one, other in zip(parts, wanted, strict=False):
            if one != other:
                break
            same += 1
        best = max(best, same)
    return best


def _nothing(root: Mapping[str, Any]) -> str:
    if {"targets", "probes"} & root.keys():
        return "this is a probe file: `mcp-prober run` takes it"
    known = "mcpServers, servers, context_servers, mcp, mcp_servers, packages or remotes"
    return f"lists no MCP servers: none of {known} at its top"
