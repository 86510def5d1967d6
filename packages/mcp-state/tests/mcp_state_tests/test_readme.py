"""The README agrees with the code: families and their labels, parts, and the example."""

from __future__ import annotations

import importlib
import re
from dataclasses import fields
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry

import mcp_state
from mcp_state import StateMetrics, ToolTraits

from .serving import EXAMPLES

README: Final = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def rows(title: str) -> list[list[str]]:
    """The cells of a section's table, without its head."""
    section = README.partition(f"## {title}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[1:]]


def test_the_families_of_the_table_are_those_of_the_package_with_their_labels() -> None:
    registry = CollectorRegistry()
    everything = {trait.name: True for trait in fields(ToolTraits)}
    StateMetrics(registry, store="sqlite", tools={"t": ToolTraits(**everything)})
    families = {
        family.name + ("_total" if family.type == "counter" else ""): {*family.samples[0].labels} - {"le"}
        for family in registry.collect()
    }
    table: dict[str, set[str]] = {}
    for names, labels, _ in rows("Metrics"):
        for name in re.findall(r"`(\w+)`", names):
            table[name] = set(re.findall(r"`(\w+)`", labels))
    assert table == families


def test_every_part_of_the_table_is_there() -> None:
    named = [name for part, *_ in rows("The parts") for name in re.findall(r"`([\w.]+)`", part)]
    assert len(named) > 10
    for name in named:
        module, _, attribute = f"mcp_state.{name}".rpartition(".")
        try:
            found = importlib.import_module(f"mcp_state.{name}")
        except ModuleNotFoundError:
            found = getattr(importlib.import_module(module), attribute)
        assert found.__doc__
    assert {"optimistic", "counted", "holding", "acquire", "EventLog", "ReadThroughCache"} <= {*named}
    assert {*named} & {*mcp_state.__all__}


def test_the_code_of_the_readme_is_that_of_the_example() -> None:
    [code] = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    example = (EXAMPLES / "sdk_server.py").read_text(encoding="utf-8")
    tool = code[code.index("    async def attempt()") :]
    assert tool in example
    for line in code.partition("\n\n\n")[0].splitlines():
        if line.startswith("from"):
            names = re.findall(r"\w+", line.partition(" import ")[2])
            assert all(name in example for name in names)
