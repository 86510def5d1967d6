"""Whether a tool changes nothing, by what its server declares and the target says."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from prober.config.model import Target


def is_read_only(name: str, listing: Mapping[str, Any], target: Target) -> bool:
    """Whether the tool changes nothing: the server declares it, or says nothing and the target names it as a reader."""
    if (listing.get("annotations") or {}).get("readOnlyHint") is True:
        return True
    return not is_writer(listing) and any(fnmatchcase(name, pattern) for pattern in target.read_only_tools)


def is_writer(listing: Mapping[str, Any]) -> bool:
    """Whether the server declares that the tool changes something; a hint that is no boolean counts as such."""
    annotations = listing.get("annotations") or {}
    hint = annotations.get("readOnlyHint")
    return annotations.get("destructiveHint") is True if hint is None else hint is not True


def hint_of(listing: Mapping[str, Any]) -> str:
    """What the server declares, as a message says it."""
    hint = (listing.get("annotations") or {}).get("readOnlyHint")
    return "nothing" if hint is None else str(hint).lower()
