"""Checks of what stands beside the schemas of a tool: its name, its description, its hints."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from prober.json_values import cap, render
from prober.lint.hit import Hit
from prober.lint.offer import ListedTool, Offer

_SHOWN = 100


def name(_offer: Offer, tool: ListedTool, *, pattern: str) -> Iterator[Hit]:
    """The name has to match a pattern as a whole."""
    if re.fullmatch(pattern, tool.name) is None:
        yield Hit(path=("name",), seen=render(tool.name, _SHOWN), expected=pattern)


def name_length(_offer: Offer, tool: ListedTool, *, most: int) -> Iterator[Hit]:
    """The name may have so many characters."""
    if len(tool.name) > most:
        yield Hit(path=("name",), seen=f"{len(tool.name)} characters", expected=f"at most {most}")


def joined_name_length(offer: Offer, tool: ListedTool, *, most: int) -> Iterator[Hit]:
    """The name of the server and the name of the tool may have so many characters together."""
    length = len(offer.server) + len(tool.name)
    if offer.server and length > most:
        seen = f"{length} characters with the server's name {cap(offer.server, 40)!r}"
        yield Hit(path=("name",), seen=seen, expected=f"at most {most}")


def description_length(_offer: Offer, tool: ListedTool, *, most: int) -> Iterator[Hit]:
    """The description may have so many characters."""
    if len(tool.description or "") > most:
        seen = f"{len(tool.description or ''):,} characters"
        yield Hit(path=("description",), seen=seen, expected=f"at most {most:,}")


def empty_description(_offer: Offer, tool: ListedTool) -> Iterator[Hit]:
    """A description that is there may not be empty."""
    if tool.description is not None and not tool.description.strip():
        yield Hit(path=("description",), seen=render(tool.description, _SHOWN), expected="a text, or no description")


def hint(_offer: Offer, tool: ListedTool, *, hint: str) -> Iterator[Hit]:
    """The tool says something about itself in an annotation."""
    annotations: Any = tool.listing.get("annotations")
    if not isinstance(annotations, dict) or not isinstance(annotations.get(hint), bool):
        yield Hit(path=("annotations",), seen="nothing", expected=f"{hint}: true or false")
