"""Mutates rooms and says what their tests did not notice: `python -m tests.mutants [ROOM ...] [--all]`."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Final

from tests.mutants.explained import Explained, read_explained
from tests.mutants.mutations import Mutant, mutants
from tests.mutants.rooms import ROOMS, Room
from tests.mutants.trial import Fate, prepare, try_all

ROOT: Final = Path(__file__).resolve().parents[2]
GOAL: Final = 0.9
"""The share of mutants that the tests of a room have to notice, of those that can be noticed."""


@dataclass(kw_only=True)
class Score:
    """What came of one room."""

    room: str
    fates: list[tuple[Mutant, Fate]] = field(default_factory=list)
    explained: list[Explained] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def survivors(self) -> list[Mutant]:
        alive = (mutant for mutant, fate in self.fates if fate is Fate.SURVIVED)
        return [mutant for mutant in alive if not any(each.explains(mutant) for each in self.explained)]

    @property
    def counts(self) -> Counter[Fate]:
        return Counter(fate for _, fate in self.fates)

    @property
    def killed(self) -> int:
        return self.counts[Fate.KILLED] + self.counts[Fate.TIMEOUT]

    @property
    def share(self) -> float:
        """Killed, of those that were tried and can be."""
        whole = self.killed + len(self.survivors)
        return self.killed / whole if whole else 1.0

    @property
    def met(self) -> bool:
        return self.share >= GOAL and not self.counts[Fate.NOT_RUN]

    def __str__(self) -> str:
        counts, survived = self.counts, len(self.survivors)
        explained = counts[Fate.SURVIVED] - survived
        return (
            f"{self.room:14}{len(self.fates):7}{self.killed:8}{counts[Fate.TIMEOUT]:9}{explained:10}{survived:9}"
            f"{counts[Fate.NOT_RUN]:8}{self.share:9.1%}{self.seconds:8.0f}"
        )


HEAD: Final = "room          mutants  killed  (hung)   explained survived not run   score seconds"


def of_room(room: Room) -> list[Mutant]:
    """All mutants of a room."""
    return [mutant for file in room.files for mutant in mutants(file, ROOT, room.only)]


def sample(whole: list[Mutant], most: int) -> list[Mutant]:
    """As many as `most` of them, the same in every run: those whose names have the lowest hashes."""
    lowest = sorted(whole, key=lambda each: blake2b("\0".join(each.key).encode(), digest_size=8).digest())[:most]
    chosen = set(map(id, lowest))
    return [mutant for mutant in whole if id(mutant) in chosen]


def run(name: str, options: argparse.Namespace, explained: list[Explained], until: float) -> Score | None:
    """Mutate one room and print its survivors. None where its tests fail without any mistake."""
    room, began = ROOMS[name], time.monotonic()
    whole = of_room(room)
    chosen = whole if options.all else sample(whole, options.sample)
    of = f"a sample of {len(chosen)} of {len(whole)} mutants" if len(chosen) < len(whole) else f"{len(whole)} mutants"
    baseline = prepare(room.tests, ROOT)
    if not baseline.passed:
        print(f"{name}: its tests fail as they are: {' '.join(room.tests)}\n{baseline.said}", flush=True)
        return None
    print(f"{name}: {of}, {baseline.seconds:.1f} s each when all tests pass", flush=True)
    ours = [each for each in explained if each.file in room.files]
    score = Score(room=name, explained=ours)
    for mutant, fate in try_all(chosen, room.tests, ROOT, baseline=baseline, jobs=options.jobs, until=until):
        score.fates.append((mutant, fate))
        if mutant in score.survivors:
            print(f"{mutant.file}:{mutant.line} in {mutant.scope}\n  - {mutant.was}\n  + {mutant.now}", flush=True)
    score.seconds = time.monotonic() - began
    return score


def out_of_date(score: Score, whole: list[Mutant]) -> list[str]:
    """Explanations of the room that explain nothing any more."""
    fates = {mutant.key: fate for mutant, fate in score.fates if fate is not Fate.SURVIVED}
    alive = {mutant.key for mutant, fate in score.fates if fate is Fate.SURVIVED}
    known = {mutant.key for mutant in whole}
    found = []
    for each in score.explained:
        key = (each.file, each.scope, each.was, each.now)
        if key not in known:
            found.append(f"{each.file}: nothing is changed from `{each.was}` to `{each.now}` in {each.scope}")
        elif key in fates and key not in alive and fates[key] is not Fate.NOT_RUN:
            found.append(f"{each.file}: `{each.now}` in {each.scope} is explained, and {fates[key].value}")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("rooms", nargs="*", metavar="ROOM", help=f"one of {', '.join(ROOMS)}; all if none is named")
    parser.add_argument("--all", action="store_true", help="every mutant of a room, not a sample of them")
    parser.add_argument("--sample", type=int, default=500, help="mutants of a room that are tried (default: 500)")
    parser.add_argument("--minutes", type=float, default=30, help="when to stop (default: 30)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="mutants at once (default: processors)")
    options = parser.parse_args()
    if unknown := sorted({*options.rooms} - ROOMS.keys()):
        parser.error(f"no such room: {', '.join(unknown)}; there are {', '.join(ROOMS)}")
    until, explained, stale = time.monotonic() + options.minutes * 60, read_explained(), []
    names = options.rooms or list(ROOMS)
    scores = []
    for name in names:
        score = run(name, options, explained, until)
        if score is not None:
            scores.append(score)
            stale += out_of_date(score, of_room(ROOMS[name]))
    print(f"\n{HEAD}", *scores, sep="\n")
    for line in stale:
        print(f"explained.toml is out of date: {line}")
    return 0 if len(scores) == len(names) and all(score.met for score in scores) and not stale else 1


if __name__ == "__main__":
    sys.exit(main())
