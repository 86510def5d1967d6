"""The API of MCP registries, v0.1: servers page by page, and later only those that changed.

    GET {registry}/v0.1/servers?version=latest&limit=100&cursor=…&updated_since=…
    {"servers": [{"server": {"name", "remotes": [{"type", "url"}]}, "_meta": {…}}], "metadata": {"nextCursor"}}

Only remotes are taken: packages would be programs of strangers on this machine. A remote whose URL has a `{variable}`
is left out.
Source: the registry's OpenAPI document of v0.1 (frozen since 2025-10-24).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from prober.config.fields.secret import Secret
from prober.config.sources import TargetSource
from prober.config.targets import TransportName
from prober.json_values import cap
from prober.sources.fetching import fetch_json
from prober.sources.found import Found, SourceError

_PAGE: Final = 100
_MOST_PAGES: Final = 2_000
_MOST_REMOTES: Final = 20
"""Of one server; it has one or two."""
_OFFICIAL: Final = "io.modelcontextprotocol.registry/official"
_SHOWN: Final = 60
"""Characters of a word of the registry in a problem."""
_TRANSPORTS: Final[Mapping[str, TransportName]] = {"streamable-http": "http", "sse": "sse"}

Entry = dict[str, Any]
Entries = dict[str, Entry]
"""What is kept of each server, by its name: its remotes, and when it changed."""


async def refreshed(source: TargetSource, known: Entries) -> Entries:
    """The servers of a registry: all of them, or those known with what has changed since. Raises SourceError."""
    assert source.registry is not None
    since = max((entry["updated"] for entry in known.values() if entry["updated"]), default="")
    entries, cursor = dict(known), ""
    for _ in range(_MOST_PAGES):
        query = {"version": "latest", "limit": str(_PAGE)}
        query |= {"updated_since": since, "include_deleted": "true"} if since else {}
        query |= {"cursor": cursor} if cursor else {}
        url = f"{source.registry.reveal().rstrip('/')}/v0.1/servers?{urlencode(query)}"
        document = await fetch_json(Secret(url), headers=source.headers, contact=source.contact)
        cursor = _take_page(document, entries)
        if not cursor:
            return entries
    raise SourceError(f"the registry has no end: {_MOST_PAGES:,} pages of {_PAGE}")


def _take_page(document: Any, entries: Entries) -> str:
    """Take a page in; returns the cursor of the next one, empty where there is none."""
    servers = document.get("servers") if isinstance(document, dict) else None
    if not isinstance(servers, list):
        raise SourceError("the registry answers no list of servers")
    for each in servers:
        server = each.get("server") if isinstance(each, dict) else None
        if not isinstance(server, dict) or not isinstance(server.get("name"), str):
            continue
        meta = each.get("_meta")
        official = meta.get(_OFFICIAL) if isinstance(meta, dict) else None
        official = official if isinstance(official, dict) else {}
        if official.get("status") in ("deleted", "deprecated") or official.get("isLatest") is False:
            entries.pop(server["name"], None)
            continue
        remotes = server.get("remotes")
        entries[server["name"]] = {
            "updated": _text(official.get("updatedAt")) or _text(official.get("publishedAt")),
            "remotes": [
                {key: _text(remote.get(key)) for key in ("type", "url")}
                for remote in (remotes[: _MOST_REMOTES + 1] if isinstance(remotes, list) else [])
                if isinstance(remote, dict)
            ],
        }
    metadata = document.get("metadata")
    cursor = metadata.get("nextCursor") if isinstance(metadata, dict) else None
    return cursor if isinstance(cursor, str) else ""


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def take_entries(entries: Entries, found: Found) -> None:
    """Take the remotes of all servers in."""
    for name, entry in sorted(entries.items()):
        if len(entry["remotes"]) > _MOST_REMOTES:
            found.leave_out(name, f"it has more than {_MOST_REMOTES} remotes, of which those are taken")
        for remote in entry["remotes"][:_MOST_REMOTES]:
            transport = _TRANSPORTS.get(remote["type"])
            if transport is None:
                found.leave_out(name, f"its transport {cap(remote['type'], _SHOWN)!r} cannot be probed")
            elif "{" in remote["url"]:
                found.leave_out(name, "its URL has variables")
            else:
                headers = found.source.credentials.get(name)
                found.add(remote["url"], name=name, transport=transport, headers=headers)
