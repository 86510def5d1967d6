"""Checks of the list of tools as a whole, and of how the server is reached."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from prober.json_values import render
from prober.lint.hit import Hit
from prober.lint.offer import Offer


def unique_names(offer: Offer) -> Iterator[Hit]:
    """No two tools have one name."""
    for name, count in Counter(tool.name for tool in offer.tools).items():
        if count > 1:
            yield Hit(seen=f"{render(name, 100)} {count} times", expected="each name once")


def tool_count(offer: Offer, *, most: int) -> Iterator[Hit]:
    """The server lists at most so many tools."""
    if len(offer.tools) > most:
        yield Hit(seen=f"{len(offer.tools):,} tools", expected=f"at most {most}")


def list_tokens(offer: Offer, *, most: int) -> Iterator[Hit]:
    """The list takes at most so many tokens."""
    if offer.weight.tokens > most:
        yield Hit(seen=f"about {offer.weight.tokens:,} tokens (bytes / 4)", expected=f"at most {most:,}")


def required_tools(offer: Offer, *, names: Sequence[str]) -> Iterator[Hit]:
    """The server lists tools of these names."""
    there = {tool.name for tool in offer.tools}
    if missing := [name for name in names if name not in there]:
        yield Hit(seen=f"no {' and no '.join(missing)}", expected=" and ".join(names))


def transport(offer: Offer, *, refused: Sequence[str]) -> Iterator[Hit]:
    """The server is not reached in one of these ways."""
    if offer.transport in refused:
        yield Hit(seen=offer.transport or "", expected="http")
