"""What can be seen of a daemon from outside: its metrics, statuses, and the processes below it."""

from __future__ import annotations

import json
import urllib.error
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

from prometheus_client.parser import text_string_to_metric_families

from tests.daemon.process import Running
from tests.waiting import block_until

PATIENCE: Final = 30.0
"""Seconds in which something must come to be true, on a machine that is busy."""

T = TypeVar("T")


def until(look: Callable[[], T | None], message: str = "") -> T:
    """The first answer that is something."""
    return block_until(look, message, seconds=PATIENCE)


class Page:
    """One reading of `/metrics`."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]

    def value(self, name: str, **labels: str) -> float | None:
        """Of the one sample that has these labels; None where there is none."""
        found = self.values(name, **labels)
        assert len(found) <= 1, found
        return found[0] if found else None

    def values(self, name: str, **labels: str) -> list[float]:
        """Of every sample that has these labels, among others."""
        return [
            sample.value for sample in self.samples if sample.name == name and labels.items() <= sample.labels.items()
        ]

    def with_label(self, label: str, value: str) -> set[str]:
        """Names of the samples that have this label."""
        return {sample.name for sample in self.samples if sample.labels.get(label) == value}


def metrics(running: Running) -> Page:
    return Page(running.get("metrics"))


def api(running: Running, path: str) -> Any:
    return json.loads(running.get(f"api/v1/{path}"))


def standing(running: Running, probe: str) -> dict[str, Any]:
    """What the API says of a probe."""
    probes = [each for target in api(running, "targets")["targets"] for each in target["probes"]]
    found: dict[str, Any]
    [found] = [each for each in probes if each["probe"] == probe]
    return found


def runs(running: Running, probe: str) -> float:
    """How often a probe has run, by its counters."""
    return sum(metrics(running).values("mcp_probe_runs_total", probe=probe))


def status(running: Running, path: str, *, method: str = "GET") -> tuple[int, str]:
    """The status of an answer and its text."""
    try:
        return 200, running.post(path) if method == "POST" else running.get(path)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def logged(running: Running, event: str) -> list[dict[str, Any]]:
    """Events of that name in the log so far."""
    lines = [json.loads(line) for line in list(running.log) if line.startswith("{")]
    return [line for line in lines if line["event"] == event]


def descendants(pid: int) -> set[int]:
    """Children of a process, theirs, and so on."""
    found: set[int] = set()
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = [int(child) for child in task.read_text().split()]
        except OSError:  # ended meanwhile
            continue
        for child in children:
            found |= {child} | descendants(child)
    return found


def alive(pid: int) -> bool:
    """Whether a process runs; one that is dead and not buried does not."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return False
    return fields[0] not in ("Z", "X")
