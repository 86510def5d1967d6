"""`make fuzz`: hostile conversations by the thousand. python -m tests.fuzz [--count 1000000] [--seed 1] [--jobs 2]

Every conversation follows from its seed: `--seed 4711 --count 1 --show` plays one of them again, and prints it.
"""

from __future__ import annotations

import argparse
import gc
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tests.fuzz.campaign import Result, campaign, carry_out_all, run
from tests.fuzz.conversation import drawn

GARBAGE: Final = 50_000
"""Objects between two collections, as in the prober's own commands: a tenth of the time of a conversation."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--count", type=int, default=1_000_000, help="how many conversations")
    parser.add_argument("--seed", type=int, default=1, help="the first seed; the others follow it one by one")
    parser.add_argument("--seconds", type=float, default=7200, help="begin no conversation after so long")
    parser.add_argument("--jobs", type=int, default=2, help="processes that share the seeds")
    parser.add_argument("--show", action="store_true", help="print the conversations and what came of them")
    asked = parser.parse_args()
    if asked.show:
        return run(lambda: _show(range(asked.seed, asked.seed + asked.count)))
    if asked.jobs > 1:
        return _shared(asked)
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE)
    with TemporaryDirectory() as folder:
        result = run(
            lambda: carry_out_all(
                range(asked.seed, asked.seed + asked.count),
                drawn,
                Path(folder),
                seconds=asked.seconds,
                on_progress=lambda result: print(f"  {progress(result)}", flush=True),
                on_complaint=lambda complaint: print(f"  {complaint}", flush=True),
            )
        )
    print(summary(result, first=asked.seed), flush=True)
    return 1 if result.complaints or result.runs < min(asked.count, 1) else 0


def progress(result: Result) -> str:
    """Where a campaign stands, on one line."""
    memory = f", {result.memory[-1][1] / 1e6:.0f} MB" if result.memory else ""
    rate = result.runs / max(result.seconds, 1e-9)
    return (
        f"{result.runs:,} conversations in {result.seconds:,.0f} s ({rate:.0f}/s){memory},"
        f" {len(result.complaints)} complaints"
    )


def summary(result: Result, *, first: int) -> str:
    """What came of a campaign, for people; its complaints were printed as they came."""
    lines = [
        f"seeds {first} to {first + result.runs - 1}: {progress(result)}",
        "  over " + ", ".join(f"{name} {count:,}" for name, count in result.transports.most_common()),
        "  ended with " + ", ".join(f"{name} {count:,}" for name, count in result.reasons.most_common()),
        f"  the longest step of a run that was carried out again: {result.longest_step * 1000:.0f} ms",
    ]
    return "\n".join(lines)


async def _show(seeds: range) -> int:
    with TemporaryDirectory() as folder:
        async with campaign(Path(folder)) as under_way:
            for seed in seeds:
                conversation = drawn(seed)
                print(f"seed {seed}: {conversation}")
                outcome, turns = await under_way.carry_out(conversation, seed=seed)
                for said in turns.said:
                    print(f"  said {said[:3000]!r}")
                print(f"  {outcome}")
    print(*under_way.result.complaints, sep="\n")
    return 1 if under_way.result.complaints else 0


def _shared(asked: argparse.Namespace) -> int:
    """The seeds shared among processes, for each has one processor."""
    share = -(-asked.count // asked.jobs)
    children = []
    began = time.monotonic()
    for number in range(asked.jobs):
        count = min(share, asked.count - number * share)
        first = str(asked.seed + number * share)
        words = ["--count", str(count), "--seed", first, "--seconds", str(asked.seconds), "--jobs", "1"]
        children.append(subprocess.Popen([sys.executable, "-m", "tests.fuzz", *words]))
    statuses = [child.wait() for child in children]
    print(f"{time.monotonic() - began:,.0f} s; {'there are complaints, see above' if any(statuses) else 'all is well'}")
    return 1 if any(statuses) else 0


if __name__ == "__main__":
    sys.exit(main())
