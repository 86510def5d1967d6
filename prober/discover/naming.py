"""Turns names of servers and tools into names of targets, probes and files."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

MAX_NAME: Final = 100
"""Characters that the configuration allows a name."""

_MAX_PART: Final = 50

_VERSION: Final = re.compile(r"[\s@_/-]{0,5}\bv?\d{1,9}(?:\.\d{1,9}){1,5}(?:[.+-]\w{1,20}){0,5}\s{0,5}$")
_BY_CHANCE: Final = re.compile(r"-[0-9a-f]{4}$")
"""FastMCP ends the name of a server without a name by four digits that differ at each start."""


def target_name(text: str | None) -> str:
    """The name of a target: `everything` for `mcp-servers/everything 2.0.1`; `server` where there is no usable name.

    A version has no place in it: the target stays the same when the server becomes newer.
    """
    unversioned = _VERSION.sub("", (text or "")[:1000])
    slug = re.sub(r"[^a-z0-9]+", "-", unversioned.lower()).strip("-")
    if slug.startswith("fastmcp-"):
        slug = _BY_CHANCE.sub("", slug)
    short = re.sub(r"^(mcp-)?(servers?-)?|-(mcp-)?server$", "", slug)
    return (short or slug)[:_MAX_PART].strip("-") or "server"


def tool_names(tools: Iterable[str], *, target: str, taken: Iterable[str] = ()) -> dict[str, str]:
    """A name for each tool. It names a file; behind `target` and a hyphen it names a probe.

    No name comes twice, case ignored, and no tool gets the name of the handshake or catalog probe, or one of `taken`.
    """
    longest = min(_MAX_PART, MAX_NAME - len(target) - 1)
    used = {"handshake", "catalog", *(name.lower() for name in taken)}
    names = {}
    for tool in tools:
        slug = re.sub(r"[^A-Za-z0-9_.-]+", "-", tool).strip(".-")[:longest].rstrip(".-") or "tool"
        name, count = slug, 1
        while name.lower() in used:
            count += 1
            name = slug[: longest - len(f"-{count}")] + f"-{count}"
        used.add(name.lower())
        names[tool] = name
    return names
