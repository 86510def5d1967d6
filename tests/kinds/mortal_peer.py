"""A stdio server that can be told to die: python -m tests.kinds.mortal_peer RECORD

Its tools, none of them read-only: `make` and `drop` answer with what they were given, `die` ends the process with
status 7, `hang` never answers. Every process and every call is noted in the file RECORD, a JSON object a line.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any, Final

from tests.peers.protocol import Message, reply

TOOLS: Final = ("make", "drop", "die", "hang")
LIFETIME: Final = 60.0
"""Seconds after which a process that hangs ends all the same."""


def main(record: Path) -> None:
    _note(record, pid=os.getpid())
    for line in sys.stdin.buffer:
        message: Message = json.loads(line)
        answer = reply(message, "modern")
        if message.get("method") == "tools/list" and answer is not None:
            answer["result"]["tools"] = [{"name": name, "inputSchema": {"type": "object"}} for name in TOOLS]
        elif message.get("method") == "tools/call":
            answer = {"jsonrpc": "2.0", "id": message["id"], "result": _call(record, message["params"])}
        if answer is not None:
            print(json.dumps(answer), flush=True)


def _call(record: Path, params: dict[str, Any]) -> Message:
    _note(record, tool=params["name"], arguments=params["arguments"])
    if params["name"] == "die":
        os._exit(7)
    if params["name"] == "hang":
        time.sleep(LIFETIME)
    return {"resultType": "complete", "content": [], "structuredContent": params["arguments"]}


def _note(record: Path, **facts: Any) -> None:
    with record.open("a") as file:
        file.write(json.dumps(facts) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
