"""The trial's table is that of its servers, and what it takes for a proof is one: tried with a real server."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

import pytest

from prober.lint.rules import rules
from tests.real.install import program
from tests.trial.clients import BY_HAND, one_of_each_package
from tests.trial.clients import RESULTS as CLIENTS
from tests.trial.proof import prove
from tests.trial.servers import Started, table
from tests.trial.table import RESULTS

TIME: Final = Started(environment={}, command=(program("mcp-server-time"), "--local-timezone", "UTC"))


@pytest.mark.parametrize("name", ["results.md", "results-busy.md"])
def test_every_server_of_the_table_was_tried_and_no_red_result_is_unproven(name: str) -> None:
    text = RESULTS.with_name(name).read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([\w-]+) \((\S+)\) \|", text, re.MULTILINE)
    assert rows == [(server.name, server.package) for server in table().values()]
    assert "a false alarm" not in text
    assert ", 0 of them unproven" in " ".join(text.split())


def test_each_package_was_linted_and_each_finding_has_a_rule_with_its_source() -> None:
    text = CLIENTS.read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([\w-]+) \((\S+)\) \|", text, re.MULTILINE)
    lost = re.findall(r"^- ([\w-]+): ", text.partition("## Not looked at")[2], re.MULTILINE)
    packages = one_of_each_package(list(table().values()))
    assert sorted([name for name, _ in rows] + lost) == sorted(server.name for server in packages)
    assert len(lost) <= 2
    told = re.findall(r"^- `(\w+)`: .* \[Source\]\((\S+)\)", text, re.MULTILINE)
    assert told
    assert {*told} <= {(rule.id, rule.source) for rule in rules().rules}


def test_what_was_verified_by_hand_is_in_the_table_of_findings() -> None:
    text = CLIENTS.read_text(encoding="utf-8").partition("## Verified by hand")[0]
    for server, rule, _ in BY_HAND:
        assert f"\n  - {server}: " in text.partition(f"\n- `{rule}`: ")[2].partition("\n- ")[0], (server, rule)


def test_the_servers_are_many_of_every_transport_language_and_registry() -> None:
    servers = table().values()
    assert len({server.package for server in servers}) >= 40
    assert {server.transport for server in servers} == {"stdio", "HTTP", "SSE"}
    assert {server.sdk.split(",")[0].split()[0] for server in servers} == {"TypeScript", "Python", "Go", "Rust"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Probes of mcp-server-time: a call that is right, one that the tool refuses, a schema that does not fit."""
    probes = tmp_path / "probes"
    probes.mkdir()
    call = {"target": "server", "kind": "call", "tool": "get_current_time", "from": "text"}
    document = {
        "targets": {"server": {"command": list(TIME.command)}},
        "probes": {
            "right": {**call, "arguments": {"timezone": "UTC"}, "schema": "object.json"},
            "refused": {**call, "arguments": {"timezone": "Nowhere/None"}, "schema": "object.json"},
            "unfit": {**call, "arguments": {"timezone": "UTC"}, "schema": "array.json"},
        },
    }
    (probes / "server.yaml").write_text(json.dumps(document))
    for name in ("object", "array"):
        (probes / f"{name}.json").write_text(json.dumps({"type": name}))
    return tmp_path


def red(probe: str, reason: str) -> dict[str, Any]:
    return {"probe": probe, "reason": reason, "message": "as the prober said", "verdict": "fail"}


@pytest.mark.external
@pytest.mark.parametrize(
    ("probe", "reason", "shown"),
    [
        ("refused", "tool_error", "isError"),
        ("unfit", "schema_mismatch", "is not of type 'array'"),
        ("right", "tool_error", None),
        ("right", "schema_mismatch", None),
        ("right", "timeout", None),
        ("refused", "schema_mismatch", None),
    ],
)
def test_a_red_result_is_proved_by_what_the_server_says_and_by_nothing_else(
    probe: str, reason: str, shown: str | None, folder: Path
) -> None:
    proof = prove(TIME, folder, "first run", red(probe, reason)).proof
    assert proof == "" if shown is None else shown in proof
