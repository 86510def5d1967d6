"""Nodes that a path selects, wanted as values: what a scenario captures, and what a race reads from an answer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from prober.assertions.checks import Instance
from prober.assertions.expectations import SelectionError
from prober.assertions.json_schema.pattern_cost import BUDGET
from prober.assertions.jsonpath import JsonPath
from prober.json_values import Json, render

_NODE: Final = 3e-6
"""Seconds to select a node, at most."""

MOST_SELECTED: Final = 2 * 1024 * 1024
"""Characters of JSON that may be selected: as much as an answer may have. (`$..*` gives a leaf once per level.)"""


@dataclass(frozen=True, kw_only=True, eq=False)
class Selection:
    """A path, and the value that it leads into. `most` is how many nodes are wanted, None is all of them."""

    path: JsonPath
    instance: Instance
    most: int | None = None

    @property
    def cheap(self) -> bool:
        """Whether it takes a few milliseconds at most, whatever is in the value."""
        if self.path.single:
            return True
        size, selections = self.instance.size, self.path.selections
        return size is not None and selections is not None and size.nodes * selections * _NODE <= BUDGET


def select(selection: Selection) -> list[Json]:
    """The nodes, in document order. May take any time, see `Selection.cheap`."""
    return [node for _, node in islice(selection.path.select(selection.instance.value), selection.most)]


def one_of(nodes: Sequence[Json], selection: Selection) -> Json:
    """The one node that was to be selected.

    Raises:
        SelectionError: there is none, or more than one.
    """
    if len(nodes) == 1:
        return nodes[0]
    seen = render(selection.instance.value)
    if not nodes:
        raise SelectionError(f"{selection.path.text} selects nothing in {seen}")
    raise SelectionError(f"{selection.path.text} selects more than one node of {seen}")


def written(nodes: Sequence[Json], *, most: int = MOST_SELECTED) -> str | None:
    """The nodes as the text of a JSON array; None where it would be longer than `most`."""
    pieces: list[str] = []
    length = 2
    for node in nodes:
        pieces.append(json.dumps(node))
        length += len(pieces[-1]) + 2
        if length > most:
            return None
    return f"[{', '.join(pieces)}]"
