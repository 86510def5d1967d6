"""What a probe kind is to the configuration: its own keys, and the settings that come of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from prober.config.cursor import Cursor
from prober.config.mapping_schema import CrossCheck, Key, Rule, Values
from prober.config.model import Settings


def _the_probe_itself(cursor: Cursor) -> Iterable[Cursor]:
    return (cursor,)


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of probe. Everything here stands beside the keys that all probes have."""

    doc: str
    keys: tuple[Key, ...]
    build: Callable[[Values], Settings]
    rules: tuple[Rule, ...] = ()
    checks: tuple[CrossCheck, ...] = ()
    answers: Callable[[Cursor], Iterable[Cursor]] = _the_probe_itself
    """Where in the probe answers are judged: mappings that may have a `latency`."""
    writes_need_target: bool = False
    """Whether `allow_writes` has to stand on the target as well."""
