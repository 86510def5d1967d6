"""Recording rules for a past that Prometheus did not live through, by promtool.

promtool evaluates a rule of the past by the samples that are there. So rules that read what others record come later,
level by level, and between two levels Prometheus has to be started anew to see what was written.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

from tests.alerts.expressions import read
from tests.alerts.rules import RECORDED, RULES
from tests.programs import program

from .reading import NAMES, asked, dashboard, questions

_BOUND: Final = 900.0


def asked_for() -> set[str]:
    """Names that the dashboards read."""
    exprs = (asked(expr) for name in NAMES for _, expr in questions(dashboard(name)))
    return {metric for expr in exprs for metric in read(expr).metrics} & RECORDED.keys()


def _with_their_parts(waiting: set[str]) -> set[str]:
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        found.add(name)
        waiting |= (read(RECORDED[name]["expr"]).metrics.keys() & RECORDED.keys()) - found
    return found


def levels(names: set[str]) -> Iterator[list[dict[str, Any]]]:
    """Groups of the rules of these names and of what they are made of; each level reads what those before record."""
    groups = [group for path in RULES for group in yaml.safe_load(path.read_text("utf-8"))["groups"]]
    left = _with_their_parts(set(names))
    while left:
        now = {name for name in left if not read(RECORDED[name]["expr"]).metrics.keys() & left}
        chosen = [
            {**group, "rules": [rule for rule in group["rules"] if rule.get("record") in now]} for group in groups
        ]
        yield [group for group in chosen if group["rules"]]
        left -= now


def record(groups: list[dict[str, Any]], *, url: str, begin: float, end: float, data: Path) -> None:
    """Write the blocks of one level."""
    rules = data.parent / "rules.json"
    rules.write_text(json.dumps({"groups": groups}), encoding="utf-8")
    times = (f"--start={begin:.0f}", f"--end={end:.0f}", f"--eval-interval={groups[0]['interval']}")
    command = [program("promtool"), "tsdb", "create-blocks-from", "rules", *times, f"--url={url}"]
    subprocess.run([*command, f"--output-dir={data}", str(rules)], check=True, capture_output=True, timeout=_BOUND)
