"""Names for targets, probes and files, made of what servers call themselves and their tools."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

LONGEST: Final = 100
"""Characters that the configuration allows a name."""

_LONGEST_PART: Final = 50


def name_of_server(text: str | None) -> str:
    """A name for a target: `mcp-servers/everything` is `everything`, and what has no letter is `server`."""
    words = re.sub(r"[^a-z0-9]+", "-", (text or "").lower()).strip("-")
    kernel = re.sub(r"^(mcp-)?(servers?-)?|-(mcp-)?server$", "", words)
    return (kernel or words)[:_LONGEST_PART].strip("-") or "server"


def names_of_tools(tools: Iterable[str], *, target: str) -> dict[str, str]:
    """For each tool a name that is one of a file, and of a probe when `target` and a hyphen are put before it.

    None comes twice, not even where case does not count; those of the other probes of a target are not given away.
    """
    longest = min(_LONGEST_PART, LONGEST - len(target) - 1)
    taken = {"handshake", "catalog"}
    names = {}
    for tool in tools:
        words = re.sub(r"[^A-Za-z0-9_.-]+", "-", tool).strip(".-")[:longest].rstrip(".-") or "tool"
        name, count = words, 1
        while name.lower() in taken:
            count += 1
            name = words[: longest - len(f"-{count}")] + f"-{count}"
        taken.add(name.lower())
        names[tool] = name
    return names
