"""The child process itself: python -m tests.peers.stdio_peer ERA RECORD [STEP FAULT]

A well-behaved MCP server on standard input and output, except at STEP. It writes what it sees to the file RECORD, a
JSON object a line: `pid` when it starts, `received` for each message, `ended` when standard input has ended.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import cast

from tests.peers.protocol import STEP_OF, Era, Message, reply
from tests.peers.stdio_acts import Act, StdioCall, well


def main(era: Era, record: Path, step: str = "", fault: str = "") -> None:
    act = _act(fault)
    StdioCall(request={}, good=None, record=record).note(pid=os.getpid())
    for line in sys.stdin.buffer:
        message: Message = json.loads(line)
        call = StdioCall(request=message, good=reply(message, era), record=record)
        call.note(received=message)
        (act if STEP_OF.get(message.get("method", "")) == step else well)(call)
    call = StdioCall(request={}, good=None, record=record)
    call.note(ended=True)
    if step == "close":
        act(call)


def _act(fault: str) -> Act:
    if not fault:
        return well
    from tests.peers.stdio_faults import FAULTS

    return FAULTS[fault].act


if __name__ == "__main__":
    era, record, *rest = sys.argv[1:]
    main(cast(Era, era), Path(record), *rest)
