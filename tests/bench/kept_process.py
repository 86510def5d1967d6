"""A run of a stdio server whose process is kept, against a run that starts it: a Node server and one of the Python SDK.

Counted is the CPU time of the prober and of the server together, and the wall time of the whole run. The one start of
the kept process is in the round of warm-up.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from prober.assertions.judge import Judge
from prober.client.stdio.kept_processes import KeptProcesses
from prober.client.target_cache import cache_of
from prober.engine import run_probe
from prober.loader import load
from prober.outcome import Verdict
from tests.bench.timing import Comparison, whole_rounds
from tests.real.servers import RealServer, everything_stdio, sdk_stdio

ROUNDS: Final = 5
CALLS: Final = {"kept": 50, "fresh": 1}
"""In one round."""
AT_MOST: Final = 0.05
SERVERS: Final[Mapping[str, tuple[str, Callable[[Path], AbstractContextManager[RealServer]], dict[str, Any]]]] = {
    "node": ("server-everything on Node", everything_stdio, {"tool": "echo", "arguments": {"message": "hi"}}),
    "sdk": ("a server on the Python SDK", sdk_stdio, {"tool": "add", "arguments": {"a": 2, "b": 3}}),
}


async def compare() -> bool:
    with TemporaryDirectory() as folder:
        async with Judge() as judge, KeptProcesses() as kept:
            runs: dict[str, Any] = {}
            for name, (_, server, call) in SERVERS.items():
                with server(Path(folder)) as real:
                    for way, more in (("kept", {"reuse": "1h"}), ("fresh", {})):
                        target = {**real.target, **more}
                        runs[f"{way} {name}"] = _run(f"{way}-{name}", target, call, Path(folder), judge, kept)
            calls = {name: CALLS[name.split()[0]] for name in runs}
            cost = await whole_rounds(runs, rounds=ROUNDS, calls=calls)
    all_met = True
    for name, (what, *_) in SERVERS.items():
        goal = Comparison(what=what, ours=f"kept {name}", theirs=f"fresh {name}", at_most=AT_MOST)
        for measure, medians in (("CPU", cost.cpu), ("wall", cost.wall)):
            line, met = replace(goal, what=f"a kept process of {what}, {measure}").line(medians, "ms")
            print(line)
            all_met = all_met and met
    return all_met


def _run(
    name: str, server: Mapping[str, Any], call: Mapping[str, Any], folder: Path, judge: Judge, kept: KeptProcesses
) -> Any:
    probe_of = {"target": name, "kind": "call", "allow_writes": True, **call}
    document = {"targets": {name: {**server, "allow_writes": True}}, "probes": {name: probe_of}}
    path = folder / f"{name}.yaml"
    path.write_text(json.dumps(document))
    config = load([path], environ={})
    target, probe = config.targets[name], config.probes[name]
    target_cache = cache_of(target)
    pool = kept.pool_of(target, target_cache.redact)

    async def run() -> None:
        outcome = await run_probe(probe, target, target_cache=target_cache, judge=judge, kept=pool)
        assert outcome.verdict is Verdict.PASS, outcome

    return run
