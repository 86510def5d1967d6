"""A process that writes history until it is killed: a line for every result, its number and the monotonic time."""

from __future__ import annotations

import asyncio
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from prober.history import HistoryStore
from tests.history.making import result


async def main(path: Path) -> None:
    history = HistoryStore.open(path)
    for number in range(1_000_000):
        history.record(result(datetime.now(UTC), probe=f"probe-{number % 50}", seconds=number / 10_000))
        print(number, time.monotonic(), flush=True)
        await asyncio.sleep(0.0005)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
