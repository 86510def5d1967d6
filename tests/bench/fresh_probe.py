"""CPU of one fresh HTTP probe, the schema judged, against a bare httpx client and against the SDK's client.

All talk to the same server in another process, each call over a new connection. The target's listing is known, as it
is for every probe of a pass but the first. Counted is the CPU time of this process only.
"""

from __future__ import annotations

import json
import ssl
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from prober.assertions.judge import Judge
from prober.client.envelope import modern_headers, modern_params
from prober.client.target_cache import cache_of
from prober.engine import run_probe
from prober.loader import load
from prober.outcome import Verdict
from tests.bench.timing import Comparison, cpu_rounds
from tests.real.servers import sdk_http

ROUNDS, CALLS = 15, 20
GOALS = (
    Comparison(what="one fresh HTTP probe against bare httpx, CPU", ours="probe", theirs="httpx", at_most=1.5),
    Comparison(what="one fresh HTTP probe against the SDK's Client, CPU", ours="probe", theirs="sdk", at_most=1 / 8),
)
TOOL = "forecast"
ARGUMENTS = {"city": "Lima", "days": 5}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["city", "days"],
    "properties": {
        "city": {"type": "string", "minLength": 1},
        "days": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["day", "sky", "degrees"],
                "properties": {
                    "day": {"type": "integer"},
                    "sky": {"enum": ["clear", "cloudy"]},
                    "degrees": {"type": "number"},
                },
            },
        },
    },
}


async def compare() -> bool:
    with TemporaryDirectory() as folder, sdk_http(Path(folder)) as server:
        url = str(server.target["url"])
        async with Judge() as judge:
            probe = _probe(url, Path(folder), judge)
            medians = await cpu_rounds(
                {"probe": probe, "httpx": _bare(url), "sdk": _sdk(url)}, rounds=ROUNDS, calls=CALLS
            )
    lines = [goal.line(medians, "ms") for goal in GOALS]
    for line, _ in lines:
        print(line)
    return all(met for _, met in lines)


def _probe(url: str, folder: Path, judge: Judge) -> Any:
    document = {
        "targets": {"sdk": {"url": url, "protocol": "modern"}},
        "probes": {
            "forecast": {"target": "sdk", "kind": "call", "tool": TOOL, "arguments": ARGUMENTS, "schema": SCHEMA}
        },
    }
    path = folder / "bench.yaml"
    path.write_text(json.dumps(document))
    config = load([path], environ={})
    target, probe = config.targets["sdk"], config.probes["forecast"]
    target_cache = cache_of(target)

    async def call() -> None:
        outcome = await run_probe(probe, target, target_cache=target_cache, judge=judge)
        assert outcome.verdict is Verdict.PASS, outcome

    return call


def _bare(url: str) -> Any:
    context = ssl.create_default_context()
    params = modern_params({"name": TOOL, "arguments": ARGUMENTS}, "2026-07-28")
    headers = {
        "Accept": "application/json, text/event-stream",
        **modern_headers("tools/call", params, "2026-07-28"),
    }
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}

    async def call() -> None:
        async with httpx.AsyncClient(verify=context) as client:
            answer = await client.post(url, json=message, headers=headers)
            assert answer.json()["result"]["structuredContent"]["city"] == "Lima"

    return call


def _sdk(url: str) -> Any:
    from mcp import Client

    async def call() -> None:
        async with Client(url) as client:
            result = await client.call_tool(TOOL, ARGUMENTS)
            assert not result.is_error

    return call
