"""The daemon with a clock that can be set: python -m tests.daemon.shifted daemon …

SIGUSR2 sets it by the seconds that stand in the file SHIFT_CLOCK_BY. All that asks Python for the time of day is
shifted; nothing that counts by the steady clock is, and no other process.
"""

from __future__ import annotations

import datetime as module
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any, Final

BY: Final = "SHIFT_CLOCK_BY"
_shift = 0.0
_time = time.time
_datetime = module.datetime


class _Shifted(_datetime):
    """`datetime`, for those that import it from here on."""

    @classmethod
    def now(cls, tz: Any = None) -> Any:
        return cls.fromtimestamp(_time() + _shift, tz)


def _set(_number: int, _frame: Any) -> None:
    global _shift
    _shift = float(Path(os.environ[BY]).read_text())


if __name__ == "__main__":
    assert not any(name.split(".")[0] == "prober" for name in sys.modules)
    module.datetime = _Shifted  # type: ignore[misc]
    time.time = lambda: _time() + _shift
    signal.signal(signal.SIGUSR2, _set)
    from prober.cli import main

    main()
