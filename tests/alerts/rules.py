"""The rules and their promtool tests, read for the tests here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).parents[2]
ALERTS: Final = ROOT / "alerts"

RULES: Final = sorted((ALERTS / "rules").glob("*.yml"))
TESTS: Final = sorted((ALERTS / "tests").glob("*.test.yml"))


def _rules() -> Iterator[dict[str, Any]]:
    for file in RULES:
        for group in yaml.safe_load(file.read_text())["groups"]:
            yield from group["rules"]


ALERTING: Final = {rule["alert"]: rule for rule in _rules() if "alert" in rule}
RECORDED: Final = {rule["record"]: rule for rule in _rules() if "record" in rule}
EXPRESSIONS: Final = {**{name: rule["expr"] for name, rule in (ALERTING | RECORDED).items()}}


def cases() -> Iterator[dict[str, Any]]:
    """Every case of the promtool tests."""
    for file in TESTS:
        yield from yaml.safe_load(file.read_text())["tests"]
