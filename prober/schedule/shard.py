"""Which part of all probes a process runs: arithmetic on names, so that a restart moves nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final, Self

from prober.config.model import Config, Probe

_SHARD: Final = re.compile(r"([0-9]{1,4})/([0-9]{1,4})")


def stable_hash(*names: str) -> int:
    """The same 64 bits in every process and on every machine, unlike `hash`."""
    return int.from_bytes(blake2b("\0".join(names).encode(), digest_size=8).digest(), "big")


@dataclass(frozen=True, kw_only=True, slots=True)
class Shard:
    """One of `count` parts of all probes; `index` 1 is the first."""

    index: int
    count: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """`2/5` is the second of five. Raises ValueError."""
        match = _SHARD.fullmatch(text)
        if match is None or not 1 <= int(match[1]) <= int(match[2]):
            raise ValueError("expected a shard such as 2/5, the second of five")
        return cls(index=int(match[1]), count=int(match[2]))

    def holds(self, probe: str) -> bool:
        """Whether the probe of that name is in this part."""
        return stable_hash(probe) % self.count == self.index - 1


def share_of(config: Config, shard: Shard | None) -> tuple[dict[str, Probe], tuple[Probe, ...]]:
    """The probes that a shard runs, by name in the order of the configuration, and those it would, were they enabled.

    Without a shard it is all of them.
    """
    held = [probe for name, probe in config.probes.items() if shard is None or shard.holds(name)]
    return {probe.name: probe for probe in held if probe.enabled}, tuple(probe for probe in held if not probe.enabled)
