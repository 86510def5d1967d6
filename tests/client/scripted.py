"""A stdio server that follows a script: python scripted.py SCRIPT

SCRIPT is a JSON object: method to a list of acts, one for each time that the method comes (the last stays). An act is
an object: `sleep` seconds first, then `lines` of output (`{id}` stands for the id of the request), then `exit` with a
status. Methods that are not in it get no answer. Standard library only, so that it starts fast.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

DISCOVERED = {
    "supportedVersions": ["2026-07-28"],
    "capabilities": {"tools": {}},
    "resultType": "complete",
    "ttlMs": 0,
    "cacheScope": "private",
}
INITIALIZED = {
    "protocolVersion": "2025-11-25",
    "capabilities": {"tools": {}},
    "serverInfo": {"name": "scripted", "version": "1"},
}
CALLED = {"content": [], "structuredContent": {"message": "hi", "length": 2}}

Act = dict[str, Any]


def command(script: dict[str, list[Act]]) -> tuple[str, ...]:
    """The command of a target that follows `script`."""
    return (sys.executable, "-I", "-S", str(Path(__file__)), json.dumps(script))


def answer(result: dict[str, Any], **act: Any) -> Act:
    return {"lines": ['{"jsonrpc":"2.0","id":{id},"result":' + json.dumps(result) + "}"], **act}


def error(code: int, **act: Any) -> Act:
    return {"lines": ['{"jsonrpc":"2.0","id":{id},"error":{"code":' + str(code) + ',"message":"no"}}'], **act}


def main(script: dict[str, list[Act]], messages: Iterable[str]) -> None:
    for line in messages:
        message = json.loads(line)
        acts = script.get(message.get("method", ""), [])
        act = (acts.pop(0) if len(acts) > 1 else acts[0]) if acts else {}
        time.sleep(act.get("sleep", 0))
        for said in act.get("lines", ()):
            print(said.replace("{id}", json.dumps(message.get("id"))), flush=True)
        if "exit" in act:
            os._exit(act["exit"])


if __name__ == "__main__":
    main(json.loads(sys.argv[1]), sys.stdin)
