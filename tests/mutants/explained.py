"""Mutants that no test can notice, each with the reason: `explained.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.mutants.mutations import Mutant

FILE: Final = Path(__file__).with_name("explained.toml")


@dataclass(frozen=True, kw_only=True)
class Explained:
    """A mutation that changes nothing that can be observed. The first four are those of a Mutant."""

    file: str
    scope: str
    was: str
    now: str
    why: str

    def explains(self, mutant: Mutant) -> bool:
        """Whether it speaks of this mutant."""
        return (self.file, self.scope, self.was, self.now) == mutant.key


def read_explained() -> list[Explained]:
    """All of them."""
    return [Explained(**each) for each in tomllib.loads(FILE.read_text(encoding="utf-8")).get("explained", [])]
