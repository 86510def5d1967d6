"""A list of tools as a server gave it, prepared to be looked at: each schema is walked through once for all rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from typing import Any, Final, Literal, NamedTuple

from prober.assertions.json_schema.keywords import subschemas
from prober.json_values import Json, Path
from prober.json_values.size import size_of
from prober.lint.weight import Weight, json_bytes, weight_of

Side = Literal["input", "output"]

MEMBERS: Final[Mapping[Side, str]] = {"input": "inputSchema", "output": "outputSchema"}

MAX_VALUES: Final = 10_000
"""Values in a schema up to which it is looked at: 20 ms at the worst for one look. What servers list has a few
hundred."""


class Node(NamedTuple):
    """A schema inside the schema of a tool, where it is in the tool, and the keyword that holds it."""

    path: Path
    schema: Json
    keyword: str
    """Not to be read off the path: an argument may be called `properties`."""
    outer: int
    """Which of the nodes holds it, by its number among them, which is lower than its own; -1 at the root."""


@dataclass(frozen=True, kw_only=True)
class ListedTool:
    """A tool as it is listed. A schema that is none, or is too large to be looked at, has no nodes."""

    name: str
    listing: Mapping[str, Any]

    def schema(self, side: Side) -> Json:
        """The schema of that side; None where there is none."""
        return self.listing.get(MEMBERS[side])

    def nodes(self, side: Side) -> tuple[Node, ...]:
        """The schema of that side and all schemas inside of it."""
        return self._inputs if side == "input" else self._outputs

    def prepare(self) -> Iterator[None]:
        """Do now, once, what all looks at this tool have in common, in steps: count it, walk through its schemas."""
        for part in ("bytes", "too_large", "_inputs", "_outputs"):
            getattr(self, part)
            yield

    @cached_property
    def bytes(self) -> int:
        """What the whole tool takes as JSON."""
        return json_bytes(self.listing)

    @property
    def description(self) -> str | None:
        text = self.listing.get("description")
        return text if isinstance(text, str) else None

    @cached_property
    def too_large(self) -> bool:
        """Whether a schema of it is so large or so deep that nobody looks at it."""
        schemas = (self.listing.get(member) for member in MEMBERS.values())
        return any(size_of(schema, most=MAX_VALUES) is None for schema in schemas)

    @cached_property
    def _inputs(self) -> tuple[Node, ...]:
        return () if self.too_large else tuple(_walk(self, "input"))

    @cached_property
    def _outputs(self) -> tuple[Node, ...]:
        return () if self.too_large else tuple(_walk(self, "output"))


@dataclass(frozen=True, kw_only=True)
class Offer:
    """The tools of one server, and what else rules look at."""

    tools: tuple[ListedTool, ...]
    server: str = ""
    """What the server calls itself: the name under which most people enter it into a client."""
    transport: str | None = None
    """How the server is reached: `http`, `sse` or `stdio`; None where that is not known."""

    @classmethod
    def of(cls, listings: Iterable[Mapping[str, Any]], *, server: str = "", transport: str | None = None) -> Offer:
        """The offer of a server that lists these tools."""
        tools = tuple(ListedTool(name=_text(listing.get("name")), listing=listing) for listing in listings)
        return cls(tools=tools, server=server, transport=transport)

    @cached_property
    def weight(self) -> Weight:
        """The weight of all tools together."""
        return weight_of((tool.name, tool.bytes, tool.description or "") for tool in self.tools)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _walk(tool: ListedTool, side: Side) -> Iterator[Node]:
    schema = tool.schema(side)
    if not isinstance(schema, dict):
        return
    waiting = [Node((MEMBERS[side],), schema, "", -1)]
    for number in count():
        if not waiting:
            return
        node = waiting.pop()
        yield node
        inner = [Node((*node.path, *each.path), each.schema, each.keyword, number) for each in subschemas(node.schema)]
        waiting.extend(reversed(inner))
