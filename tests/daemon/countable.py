"""The daemon, which says on SIGUSR1 how many asyncio tasks it has: python -m tests.daemon.countable daemon …

The number goes to the file that COUNT_TASKS_INTO names, whole or not at all.
"""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from typing import Any, Final

INTO: Final = "COUNT_TASKS_INTO"


def _count(_number: int, _frame: Any) -> None:
    try:
        tasks = len(asyncio.all_tasks())
    except RuntimeError:  # the loop does not run yet, or any more
        return
    file = Path(os.environ[INTO])
    new = file.with_suffix(".new")
    new.write_text(str(tasks))
    new.rename(file)


if __name__ == "__main__":
    signal.signal(signal.SIGUSR1, _count)
    from prober.cli import main

    main()
