"""Run all comparisons, print them, exit with 1 when a goal is missed."""

from __future__ import annotations

import asyncio
import sys

from tests.bench import fresh_probe, kept_process, whole_process


def main() -> int:
    met = [asyncio.run(fresh_probe.compare()), asyncio.run(kept_process.compare()), whole_process.compare()]
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
