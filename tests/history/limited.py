"""A process whose files may not grow beyond a limit, which is lifted later: a disk quota without a disk."""

from __future__ import annotations

import asyncio
import resource
import sys
from datetime import UTC, datetime
from pathlib import Path

from prober.history import HistoryStore
from tests.history.making import result
from tests.waiting import until


async def main(path: Path) -> None:
    told: list[str | None] = []
    history = HistoryStore.open(path, on_trouble=told.append)
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
    noted = 0

    def note() -> bool:
        nonlocal noted
        for _ in range(20):
            history.record(result(datetime.now(UTC), probe=f"probe-{noted % 7}"))
            noted += 1
        return bool(told)

    await until(note)
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    await until(lambda: len(told) == 2)
    await history.close()
    history = HistoryStore.open(path)
    print(told, noted - len(await history.results(limit=10_000)), history.dropped)
    await history.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
