"""Plays one conversation as a real process: python -m tests.fuzz.child ERA TURNS SECRETS, the last two as JSON."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from typing import Final, cast

from tests.fuzz.choices import Choices
from tests.fuzz.pipe_turns import written
from tests.peers.protocol import Era

LIFETIME: Final = 30.0
"""Seconds after which a process that hangs ends all the same, should nobody have ended it."""


def main(era: Era, turns: Iterator[list[int]], secrets: list[str]) -> None:
    stubborn = False
    for line in sys.stdin.buffer:
        c = Choices(next(turns, ()), secrets=secrets)
        done = written(c, json.loads(line), era)
        stubborn = c.one_in(40)
        if stubborn:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        os.write(2, done.error)
        sys.stdout.buffer.write(done.output)
        sys.stdout.buffer.flush()
        match done.then:
            case "exit":
                if done.status < 0:
                    os.kill(os.getpid(), -done.status)
                os._exit(done.status)
            case "close output":
                os.close(1)
            case "close input":
                os.close(0)
                time.sleep(LIFETIME)
            case "hang":
                time.sleep(LIFETIME)
    if stubborn:
        time.sleep(LIFETIME)


if __name__ == "__main__":
    main(cast("Era", sys.argv[1]), iter(json.loads(sys.argv[2])), json.loads(sys.argv[3]))
