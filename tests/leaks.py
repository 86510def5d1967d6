"""What a run may leave behind: nothing. Counted before and after, waited for only as long as the kernel needs."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

_SETTLE_SECONDS = 2.0


@dataclass(frozen=True, kw_only=True)
class Belongings:
    """Tasks, threads, children and open files of this process; resolver threads are kept on purpose and not counted."""

    tasks: int
    threads: int
    children: int
    files: int

    @classmethod
    def now(cls) -> Belongings:
        kept = sum(thread.name.startswith("prober-dns") for thread in threading.enumerate())
        return cls(
            tasks=len(asyncio.all_tasks()),
            threads=threading.active_count() - kept,
            children=len(Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()),
            files=len(list(Path("/proc/self/fd").iterdir())),
        )


@asynccontextmanager
async def nothing_left_behind() -> AsyncIterator[None]:
    """Fails when the block leaves a task, thread, child process or file descriptor."""
    before = Belongings.now()
    yield
    async with asyncio.timeout(_SETTLE_SECONDS):
        while not _fewer(Belongings.now(), before):  # noqa: ASYNC110 - the kernel and the loop tell nobody when they are done
            await asyncio.sleep(0.01)
    assert _fewer(Belongings.now(), before)


def _fewer(after: Belongings, before: Belongings) -> bool:
    return all(getattr(after, name) <= getattr(before, name) for name in ("tasks", "threads", "children", "files"))
