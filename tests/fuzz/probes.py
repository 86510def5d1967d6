"""The probes that ask: every kind, over three transports and in both eras, with secrets wherever there can be some."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from prober.config.model import Config, Probe, Target
from prober.contract.contract import contract_of, dump_contract
from prober.loader import load
from tests.fuzz.conversation import Conversation
from tests.fuzz.odd_values import SECRETS
from tests.fuzz.pipe_player import PROGRAM
from tests.peers.protocol import ECHO, FORGET, Era

ROOT: Final = Path(__file__).parents[2]
TIMEOUT: Final = 2.0
STARTUP: Final = 2.0
EXIT_GRACE: Final = 0.25
"""Instead of two seconds for each of the ways in which a process is asked to leave."""
SLACK: Final = 1.0
"""Seconds, by the clock of the loop, beyond what was allowed: of others that run at the same time."""

_SAY: Final = {"message": "${SAID}"}
_CALL: Final = {"kind": "call", "tool": "echo", "arguments": _SAY}
_KINDS: Final[Mapping[str, dict[str, Any]]] = {
    "call": _CALL
    | {
        "schema": {"required": ["message"], "properties": {"message": {"type": "string", "maxLength": 99}}},
        "expect": [{"path": "$.length", "type": "integer"}, {"path": "$.message", "contains": "Rk"}],
    },
    "call-text": _CALL
    | {"from": "text", "expect": [{"path": "$.message", "matches": "^R"}], "latency": {"warn": "200ms"}},
    "call-result": _CALL
    | {"from": "result", "expect": [{"path": "$.content[?@.type == 'text'].text", "type": "string"}]},
    "call-schema-of-server": {"kind": "call", "tool": "echo", "arguments": {"message": "a" * 40 + "!"}},
    "catalog": {"kind": "catalog", "lists": ["tools", "resources", "templates", "prompts"], "tools": ["echo"]},
    "catalog-contract": {"kind": "catalog", "contract": "contract.json"},
    "handshake": {"kind": "handshake"},
    "handshake-exit": {"kind": "handshake", "expect_clean_exit": True},
    "read": {"kind": "read", "uri": "peer://facts", "from": "text", "expect": [{"path": "$.stars", "equals": 3}]},
    "prompt": {"kind": "prompt", "prompt": "greet", "arguments": {"name": "${SAID}"}, "from": "result"},
    "scenario": {
        "kind": "scenario",
        "steps": [
            {"tool": "echo", "arguments": _SAY, "capture": {"said": "$.message"}},
            {"tool": "echo", "arguments": {"message": "{said}"}, "expect": [{"path": "$.length", "type": "integer"}]},
        ],
        "cleanup": [{"tool": "echo", "arguments": {"message": "bye"}}],
    },
    "race": {
        "kind": "race",
        "model": "set",
        "allow_writes": True,
        "clients": 2,
        "operations": 6,
        "seconds": "200ms",
        "add": {"tool": "echo", "arguments": {"message": "{op}"}},
        "read": {"tool": "echo", "arguments": _SAY, "value": "$..message"},
    },
}  # fmt: skip

_ERAS: Final[Mapping[str, Era]] = {
    "modern": "modern",
    "handshake": "handshake",
    "auto-modern": "modern",
    "auto-handshake": "handshake",
}


def _targets() -> dict[str, tuple[dict[str, Any], Era, tuple[str, ...]]]:
    """By name: the target, the era that its peer speaks, the secrets that it knows."""
    url = "http://127.0.0.1:9/mcp?key=${QUERY}"
    told: dict[str, tuple[dict[str, Any], Era, tuple[str, ...]]] = {}
    for name, era in _ERAS.items():
        common = {
            "protocol": name.split("-")[0],
            "allow_writes": True,
            "limits": {"body": "1MiB", "decompressed": "1MiB"},
        }
        over_http = {"url": url, "headers": {"X-Key": "${KEY}"}}
        told[f"http-{name}"] = common | over_http, era, ("KEY", "QUERY")
        child = {"command": [PROGRAM], "env": {"KEY": "${KEY}"}, "startup_timeout": f"{STARTUP}s"}
        told[f"stdio-{name}"] = common | child, era, ("KEY",)
        if name == "handshake":
            told["sse"] = common | over_http | {"transport": "sse"}, era, ("KEY", "QUERY")
            told["sse-too"] = told["sse"]  # as many of this transport as of the others
        if name == "modern":
            auth = {"token_url": "http://127.0.0.1:9/t", "client_id": "us", "client_secret": "${CLIENT}"}
            told["http-token"] = (
                common | {"url": url, "auth": {"client_credentials": auth}},
                era,
                ("QUERY", "CLIENT", "TOKEN"),
            )
    return told


@dataclass(frozen=True, kw_only=True)
class Asking:
    """One probe, and whom it asks."""

    probe: Probe
    target: Target
    era: Era
    secrets: tuple[str, ...]

    def of(self, number: int, port: int) -> Target:
        """The target, as the player knows it by this number."""
        target = self.target
        if target.transport == "stdio":
            return replace(target, command=(PROGRAM, str(number)))
        auth = target.auth and replace(target.auth, token_url=f"http://127.0.0.1:{port}/t/{number}")
        query = (target.url or "").partition("?")[2]
        return replace(target, url=f"http://127.0.0.1:{port}/c/{number}?{query}", auth=auth)

    @property
    def most_seconds(self) -> float:
        """What a run may take at most. A process may start and leave outside of the deadline: each of two sessions, the
        second after a first that had to be started anew."""
        processes = 2 * (self.target.startup_timeout + 3 * EXIT_GRACE) if self.target.transport == "stdio" else 0.0
        return self.probe.timeout + processes + SLACK

    def as_process(self, conversation: Conversation) -> Target:
        """The target of a stdio probe whose conversation is played by a process."""
        arguments = [self.era, json.dumps(conversation.turns), json.dumps(self.secrets)]
        return replace(
            self.target, command=(sys.executable, "-m", "tests.fuzz.child", *arguments), cwd=ROOT, startup_timeout=20.0
        )


@dataclass(frozen=True, kw_only=True)
class Askings:
    """All of them, and the configuration that they are of."""

    config: Config
    all: tuple[Asking, ...]

    def of(self, conversation: Conversation) -> Asking:
        return self.all[conversation.probe % len(self.all)]


def askings(folder: Path) -> Askings:
    """Of a configuration that is written to a folder."""
    (folder / "contract.json").write_text(dump_contract(contract_of(tools=[ECHO, FORGET])))
    targets = _targets()
    probes = {
        f"{target}-{kind}": {"target": target, "timeout": f"{TIMEOUT * 1000:.0f}ms", **probe}
        for target in targets
        for kind, probe in _KINDS.items()
    }
    file = folder / "fuzz.yaml"
    file.write_text(json.dumps({"targets": {name: told[0] for name, told in targets.items()}, "probes": probes}))
    config = load([file], environ=SECRETS)
    found = []
    for probe in config.probes.values():
        _, era, secrets = targets[probe.target]
        said = ("SAID",) if any(secret.reveal() == SECRETS["SAID"] for secret in probe.secrets) else ()
        known = tuple(SECRETS[name] for name in (*secrets, *said))
        found.append(Asking(probe=probe, target=config.targets[probe.target], era=era, secrets=known))
    return Askings(config=config, all=tuple(found))
