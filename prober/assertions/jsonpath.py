"""JSONPath (RFC 9535), compiled. The library is imported with the first path, not with this module."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final
from weakref import WeakValueDictionary

from prober.assertions.json_schema.schema_libraries import stumbling
from prober.json_values import Json, Path

if TYPE_CHECKING:
    from jsonpath_rfc9535 import JSONPathQuery

MAX_DEPTH: Final = 2_000
"""Levels that `..` goes down: more than a JSON parser lets through."""


class JsonPathError(ValueError):
    """A text that is no JSONPath, with where it stops being one."""


@dataclass(frozen=True, kw_only=True)
class JsonPath:
    """A path; `text` is how it was written."""

    text: str
    query: JSONPathQuery = field(repr=False, compare=False)

    @classmethod
    def parse(cls, text: str) -> JsonPath:
        """Raises JsonPathError."""
        from jsonpath_rfc9535 import JSONPathEnvironment, JSONPathError

        if (known := _parsed.get(text)) is not None:
            return known
        environment = JSONPathEnvironment()
        environment.max_recursion_depth = MAX_DEPTH
        try:
            path = _parsed[text] = cls(text=text, query=environment.compile(text))
        except (JSONPathError, RecursionError) as error:
            raise JsonPathError(str(error) or "nested too deeply") from None
        return path

    def select(self, value: Json) -> Iterator[tuple[Path, Json]]:
        """The nodes that the path selects, in document order, each with its place."""
        with stumbling():
            for node in self.query.finditer(value):
                yield node.location, node.value

    @cached_property
    def selections(self) -> int | None:
        """How often the path may look at one and the same node at most; None where it also searches for nodes.

        To search is to filter (`?`) or to go down all the way (`..`): the time that takes has no small bound.
        """
        from jsonpath_rfc9535.segments import JSONPathChildSegment
        from jsonpath_rfc9535.selectors import FilterSelector

        count = 1
        for segment in self.query.segments:
            if not isinstance(segment, JSONPathChildSegment):
                return None
            if any(isinstance(selector, FilterSelector) for selector in segment.selectors):
                return None
            count *= len(segment.selectors)
        return count * max(len(self.query.segments), 1)

    @cached_property
    def single(self) -> bool:
        """Whether it goes straight to one node, which takes no longer the more there is beside it."""
        return self.query.singular_query()

    def path(self) -> Path | None:
        """The one place that the path can select, None where it can select several or counts from an end."""
        from jsonpath_rfc9535.selectors import IndexSelector, NameSelector

        if not self.single:
            return None
        place: list[str | int] = []
        for segment in self.query.segments:
            selector = segment.selectors[0]
            if isinstance(selector, NameSelector):
                place.append(selector.name)
            elif isinstance(selector, IndexSelector) and selector.index >= 0:
                place.append(selector.index)
            else:
                return None
        return tuple(place)


_parsed: Final[WeakValueDictionary[str, JsonPath]] = WeakValueDictionary()
"""Paths by their text: thousands of probes may have the same."""
