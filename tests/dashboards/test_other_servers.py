"""Servers of others, with the metrics of `mcp_state`: the shipped rules and the state dashboard find them, unedited."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from mcp_state_tests.serving import SERVERS, Example, running

from tests.examples import typescript
from tests.web.prometheus import prometheus

from .reading import FOLDER, dashboard, questions
from .test_questions import selectors

pytestmark = [pytest.mark.external, pytest.mark.slow]  # slow: Prometheus has to scrape and evaluate more than once

CALLERS = 8
RULES = ("recording.yml", "state.yml")


def hurried(folder: Path) -> list[str]:
    """The shipped rules, evaluated every second instead of every 30; alerts fire when they have held for two."""
    files = []
    for name in RULES:
        rules = yaml.safe_load((FOLDER.parent / "alerts" / "rules" / name).read_text(encoding="utf-8"))
        for group in rules["groups"]:
            group["interval"] = "1s"
            for rule in group["rules"]:
                rule |= {"for": "2s"} if "for" in rule else {}
        files.append(folder / name)
        files[-1].write_text(json.dumps(rules), encoding="utf-8")
    return [str(file) for file in files]


async def collide(example: Example) -> None:
    """Eight callers that change one list at once, and that buy it one after the other."""
    for tool, arguments in (("add_item", {"item": "x"}), ("buy", {})):
        await asyncio.gather(
            *(asyncio.to_thread(example.call, tool, list_name="a", **arguments) for _ in range(CALLERS))
        )


@contextmanager
def started(name: str, folder: Path) -> Iterator[Example]:
    """One of the examples in Python, or the one in TypeScript."""
    folder.mkdir()
    with typescript.running(folder) if name == "typescript" else running(name, folder) as example:
        yield example


@pytest.mark.parametrize("name", [*SERVERS, "typescript"])
async def test_the_rules_and_the_dashboard_of_shared_state_find_a_server_of_others(name: str, tmp_path: Path) -> None:
    with started(name, tmp_path / "server") as example:
        config = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": hurried(tmp_path),
            "scrape_configs": [
                {"job_name": "lists", "static_configs": [{"targets": [example.url.removeprefix("http://")]}]}
            ],
        }
        async with prometheus(config, tmp_path / "prometheus") as seen:
            await seen.until("mcp_state_store_safe", lambda found: found != {}, "job")
            for _ in range(5):
                await collide(example)
            labels = {"job": "lists", "store": "sqlite", "tool": "add_item"}
            ratio = frozenset(labels.items())
            recorded = "job_store_tool:mcp_state_write_conflicts:ratio5m"
            await seen.until(recorded, lambda found: found.get(ratio, 0) > 0.05, *labels)
            await seen.until("job_store_tool:mcp_state_lock_wait_seconds:p99_10m", lambda found: found != {}, "tool")
            alert = 'ALERTS{alertname="McpStateConflictRatioHigh", alertstate="firing"}'
            await seen.until(alert, lambda found: ratio in found, *labels)
            exported = {sample.partition(" ")[0] for sample, _ in example.samples()} | {"up"}
            asked = [
                (place, expr)
                for place, expr in questions(dashboard("state"))
                if {metric for metric, _ in selectors(expr)} <= exported
            ]
            assert len(asked) > 15
            empty = [place for place, expr in asked if not any(map(is_answer, await answers(seen, expr)))]
        assert empty == []


async def answers(seen: Any, expr: str) -> list[float]:
    """The values that a question of a panel comes to."""
    return [float(each["value"][1]) for each in (await seen.ask("query", query=expr))["result"]]


def is_answer(value: float) -> bool:
    """Whether a panel shows a number."""
    return not math.isnan(value)
