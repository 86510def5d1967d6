"""Turns names of servers and tools into names of targets, probes and files."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

MAX_NAME: Final = 100
"""Characters that the configuration allows a name."""

_MAX_PART: Final = 50


def target_name(text: str | None) -> str:
    """The name of a target: `everything` for `mcp-servers/everything`; `server` where the server has no usable name."""
    slug = re.sub(r"[^a-z0-9]+", "-", (text or "").lower()).strip("-")
    short = re.sub(r"^(mcp-)?(servers?-)?|-(mcp-)?server$", "", slug)
    return (short or slug)[:_MAX_PART].strip("-") or "server"


def tool_names(tools: Iterable[str], *, target: str) -> dict[str, str]:
    """A name for each tool. It names a file; behind `target` and a hyphen it names a probe.

    No name comes twice, case ignored, and no tool gets the name of the handshake or catalog probe.
    """
    longest = min(_MAX_PART, MAX_NAME - len(target) - 1)
    taken = {"handshake", "catalog"}
    names = {}
    for tool in tools:
        slug = re.sub(r"[^A-Za-z0-9_.-]+", "-", tool).strip(".-")[:longest].rstrip(".-") or "tool"
        name, count = slug, 1
        while name.lower() in taken:
            count += 1
            name = slug[: longest - len(f"-{count}")] + f"-{count}"
        taken.add(name.lower())
        names[tool] = name
    return names
