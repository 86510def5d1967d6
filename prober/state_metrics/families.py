"""The families that a server with shared state exports, as `mcp_state/families.json` has them.

The file belongs to the package `mcp_state` because servers in other languages keep to it as well. It is read as data:
the package itself is not imported.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

PREFIXES: Final = ("mcp_state_", "mcp_tool_")
"""Of names that belong to these families alone."""


@dataclass(frozen=True, kw_only=True)
class Family:
    """One family: its form, when it is counted, and what is made of it."""

    name: str
    """With `_total`, for a counter."""
    type: str
    help: str
    labels: tuple[str, ...]
    counted: str
    required: bool
    """Whether every server has it; the others belong to a pattern that a server may lack."""
    buckets: tuple[float, ...]
    """Without +Inf; empty for what is no histogram."""
    panels: tuple[str, ...]
    """Of the dashboard of state."""
    alerts: tuple[str, ...]

    @property
    def samples(self) -> tuple[str, ...]:
        """The names of its samples."""
        if self.type != "histogram":
            return (self.name,)
        return tuple(f"{self.name}_{part}" for part in ("bucket", "count", "sum"))


@dataclass(frozen=True, kw_only=True)
class Families:
    """All of them, and the values of labels that have a closed list of values."""

    version: str
    by_name: Mapping[str, Family]
    values: Mapping[str, tuple[str, ...]]

    def __iter__(self) -> Iterator[Family]:
        return iter(self.by_name.values())


def path_of_file() -> Path:
    """Where `families.json` is."""
    spec = find_spec("mcp_state")
    assert spec is not None, "mcp-shared-state is installed along with mcp-prober"
    assert spec.submodule_search_locations is not None
    return Path(spec.submodule_search_locations[0]) / "families.json"


@cache
def families() -> Families:
    """The file, read once."""
    document = json.loads(path_of_file().read_bytes())
    return Families(
        version=document["version"],
        by_name=MappingProxyType({each["name"]: _family(each) for each in document["families"]}),
        values={name: tuple(label["values"]) for name, label in document["labels"].items() if "values" in label},
    )


def _family(entry: Mapping[str, Any]) -> Family:
    return Family(
        **{name: entry[name] for name in ("name", "type", "help", "counted", "required")},
        labels=tuple(entry["labels"]),
        buckets=tuple(map(float, entry.get("buckets", ()))),
        panels=tuple(entry["used_by"]["panels"]),
        alerts=tuple(entry["used_by"]["alerts"]),
    )
