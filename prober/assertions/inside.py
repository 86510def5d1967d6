"""References that stay inside their document: what `#/…` means there, and whether that is all there is to know.

Following references as the drafts say takes a library that is slow to import. Most schemas use none of what makes that
hard: they name no part of themselves, and point at `#/$defs/…` at most.
"""

from __future__ import annotations

from typing import Final

from prober.json_values import Json

_NAMES: Final = ("$id", "id", "$anchor", "$dynamicAnchor", "$recursiveAnchor", "$dynamicRef", "$recursiveRef")
"""Keywords that give a schema a name, or make a reference mean another one at another time."""


def names_nothing(document: Json) -> bool:
    """Whether `#/…` in a document can only mean the place of that path.

    False where something in it looks as if it had a name or a draft of its own, be it mere data.
    """
    waiting = [document]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            if any(isinstance(node.get(name), str | bool) for name in _NAMES):
                return False
            if "$schema" in node and node is not document:
                return False
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)
    return True


def inside(document: Json, reference: str) -> Json:
    """The place that `#` or `#/…` means, if it is there and no letter of its path is escaped; else None."""
    if reference == "#":
        return document
    if not reference.startswith("#/") or "%" in reference or "~" in reference:
        return None
    place = document
    for name in reference[2:].split("/"):
        if not isinstance(place, dict) or name not in place:
            return None
        place = place[name]
    return place
