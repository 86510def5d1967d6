"""The daemon, which says on SIGUSR1 how much it holds: python -m tests.daemon.countable daemon …

The numbers go as JSON to the file that COUNT_INTO names, whole or not at all: asyncio tasks, and the blocks of memory
that Python has handed out once garbage is collected. COUNT_KEPT_RUNS is how many of the last runs of each probe and
verdict are kept in memory, where fewer than usual shall do.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

INTO: Final = "COUNT_INTO"
KEPT_RUNS: Final = "COUNT_KEPT_RUNS"


def _count(_number: int, _frame: Any) -> None:
    try:
        tasks = len(asyncio.all_tasks())
    except RuntimeError:  # the loop does not run yet, or any more
        return
    gc.collect()
    file = Path(os.environ[INTO])
    new = file.with_suffix(".new")
    new.write_text(json.dumps({"tasks": tasks, "blocks": sys.getallocatedblocks()}))
    new.rename(file)


def _keep_fewer_runs(number: int) -> None:
    from prober.recent import runs

    fewer = {verdict: runs.Bounds(of_a_probe=number, bytes=bounds.bytes) for verdict, bounds in runs.BOUNDS.items()}
    patch.object(runs.RecentRuns.__init__, "__defaults__", (fewer,)).start()


if __name__ == "__main__":
    signal.signal(signal.SIGUSR1, _count)
    if kept := os.environ.get(KEPT_RUNS):
        _keep_fewer_runs(int(kept))
    from prober.cli import main

    main()
