"""A loaded configuration written out again: every key with its value, and no secret."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from prober.config.fields.mapping_schema import keys_of
from prober.config.in_force import Section, entry, names
from prober.config.model import Config, Probe, Target
from prober.kinds import all_kinds
from prober.loader import load

ROOT = Path(__file__).parents[2]
SHIPPED = sorted((ROOT / "probes").glob("*.yaml"))
SECRET = "s3cr3t-of-the-tenant"
DOCUMENT: dict[str, Any] = {
    "targets": {
        "web": {
            "url": "https://web.example/${TENANT}/mcp?key=another-secret",
            "headers": {"X-Tenant": "${TENANT}", "X-Plain": "written-out-in-the-file"},
            "auth": {"bearer": "${TENANT}"},
            "proxy": "http://ada:${TENANT}@proxy.example:3128",
            "limits": {"body": "1MiB"},
            "budget": "120/h",
            "maintenance": [{"cron": "0 3 * * *", "duration": "90m"}],
            "objective": 99.9,
        },
        "own": {"command": ["server", "--key", "${TENANT}"], "env": {"KEY": "${TENANT}"}, "reuse": "15m"},
    },
    "defaults": {"interval": "90s"},
    "probes": {
        "call": {
            "target": "web",
            "kind": "call",
            "tool": "find",
            "arguments": {"who": "${TENANT}", "n": 3},
            "schema": {"type": "object"},
            "expect": [{"path": "$.a", "equals": 3}],
            "latency": {"warn": "500ms"},
        },
        "hello": {"target": "own", "kind": "handshake", "interval": "1h", "timeout": "2s"},
    },
    "notify": {"urls": ["slack://${TENANT}"], "after": 5},
}


@pytest.fixture
def config(tmp_path: Path) -> Config:
    file = tmp_path / "probes.yaml"
    file.write_text(json.dumps(DOCUMENT))
    return load([file], environ={"TENANT": SECRET})


def shown(config: Config, section: Section, name: str) -> dict[str, Any]:
    return entry(config, all_kinds(), section, name).document


def test_values_are_written_as_a_file_would_write_them(config: Config) -> None:
    web = shown(config, "targets", "web")
    assert (web["budget"], web["objective"], web["startup_timeout"]) == ("120/h", 99.9, "30s")
    assert web["maintenance"] == [{"cron": "0 3 * * *", "duration": "1h30m"}]
    call = shown(config, "probes", "call")
    assert call["schema"] == {"type": "object"}
    assert call["expect"] == [{"path": "$.a", "equals": 3}]
    assert call["latency"] == {"warn": "500ms"}
    assert shown(config, "targets", "own")["command"] == "server --key '${TENANT}'"


def test_what_defaults_became_is_there_and_marked(config: Config) -> None:
    marked = {each.key: each.is_default for each in entry(config, all_kinds(), "probes", "call").values}
    assert (marked["interval"], marked["timeout"], marked["from"]) == (False, True, True)
    assert shown(config, "probes", "call")["interval"] == "1m30s", "of the section `defaults`"
    assert shown(config, "probes", "call")["timeout"] == "10s"
    assert shown(config, "targets", "web")["limits"] == {
        **{"body": "1MiB", "decompressed": "2MiB", "event": "1MiB", "line": "2MiB"}
    }


def test_what_is_not_there_is_left_out(config: Config) -> None:
    assert "cron" not in shown(config, "probes", "call")
    assert not {"cwd", "command", "env"} & shown(config, "targets", "web").keys()


def test_no_secret_is_shown_wherever_it_stands(config: Config) -> None:
    pieces = {(section, name): shown(config, section, name) for section, name in names(config)}
    text = json.dumps([*pieces.values()])
    assert SECRET not in text
    assert "another-secret" not in text
    assert "written-out-in-the-file" not in text
    assert pieces["targets", "web"]["url"] == "https://web.example/${TENANT}/mcp?…"
    assert pieces["targets", "web"]["headers"] == dict.fromkeys(("X-Tenant", "X-Plain", "Authorization"), "***")
    assert pieces["targets", "own"]["env"] == {"KEY": "***"}
    assert pieces["probes", "call"]["arguments"] == {"who": "***", "n": 3}
    assert pieces["notify", ""] == {"urls": ["***"], "after": 5}


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.name)
def test_every_shipped_probe_is_written_out_with_every_key_that_its_file_has(file: Path) -> None:
    import yaml

    config = load([file], environ={})
    written = yaml.safe_load(file.read_text())
    kinds = all_kinds()
    for section in ("targets", "probes"):
        for name, said in written[section].items():
            document = json.loads(json.dumps(entry(config, kinds, section, name).document, allow_nan=False))
            assert {key for key, value in said.items() if value not in ([], {}, None)} <= document.keys()


def test_keys_that_are_shown_are_keys_of_the_language(config: Config) -> None:
    known = {each.name for each in keys_of(Target)}
    assert shown(config, "targets", "web").keys() <= known
    kind = {each.name for each in all_kinds()["call"].settings.keys}
    assert shown(config, "probes", "call").keys() <= {each.name for each in keys_of(Probe)} | kind
