"""A configuration of every kind and transport, and runs of its probes."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from prober.config.fields.secret import Secret
from prober.config.model import Checks, Config, Latency, Probe, Target, TargetSource
from prober.kinds.call import CallSettings
from prober.loader import load
from prober.metrics.workers import WorkerFigures
from prober.outcome import Outcome, Phase, Reason, ServerInfo, Verdict
from prober.scheduled_run import ScheduledRun
from prober.sources.watcher import SourceState

STARTED_AT: Final = datetime(2026, 11, 22, 7, 28, 0, 250000, tzinfo=UTC)
STARTED: Final = 1795332480.25
MODERN: Final = ServerInfo(era="modern", protocol_version="2026-07-28", name="reference", version="1.4.0")
PHASES: Final = {Phase.CONNECT: 0.00125, Phase.SEND: 0.000125, Phase.WAIT: 0.0035, Phase.RECEIVE: 0.00025}

CLIENTS: Final = {
    "tools": 7.0,
    "tools_bytes": 4001.0,
    "client_usable_openai": 0.0,
    "client_usable_cursor": 1.0,
    "client_findings_error": 2.0,
    "client_findings_warning": 0.0,
}

SLOW: Final = {
    "latency_seconds": 2.5,
    "warm_latency_seconds": 0.25,
    "warm_latency_seconds_warn": 0.5,
    "warm_latency_seconds_fail": 1.0,
}
SESSION: Final = {
    "session_connections_known": 3.0,
    "session_connections_lost": 1.0,
    "session_addresses_well": 2.0,
    "session_addresses_failed": 0.0,
    "rules_broken": 2.0,
}
AUTH: Final = {"auth_registration_dcr": 1.0, "auth_registration_cimd": 0.0}
ISOLATION: Final = {"isolation_calls": 41.0, "isolation_crossed": 4.0}
TRUTH: Final = {"metrics_moved": 5.0, "metrics_not_moved": 1.0}

STREAM: Final = {"stream_open_seconds": 60.0, "stream_silence_seconds": 15.25}
DOCUMENT: Final[Mapping[str, Any]] = {
    "targets": {
        "web": {
            "url": "https://mcp.example/mcp",
            "budget": "120/h",
            "labels": {"team": "search"},
            "maintenance": [{"cron": "0 3 * * *", "duration": "1h"}],
        },
        "old": {"url": "http://127.0.0.1:9/sse", "transport": "sse", "objective": 99.9},
        "local": {"command": ["server"], "allow_writes": True, "reuse": "15m"},
        "idle": {"url": "http://127.0.0.1:9/mcp"},
    },
    "probes": {
        "hello": {"target": "web", "kind": "handshake"},
        "offer": {"target": "web", "kind": "catalog", "interval": "10m"},
        "users": {"target": "web", "kind": "clients", "interval": "10m"},
        "visit": {"target": "web", "kind": "session", "addresses": "all", "interval": "10m"},
        "search": {
            "target": "web",
            "kind": "call",
            "tool": "search",
            "latency": {"warn": "500ms", "fail": "2s"},
            "warm": True,
            "warm_latency": {"warn": "500ms", "fail": "1s"},
        },
        "strangers": {"target": "web", "kind": "auth", "interval": "10m"},
        "apart": {
            "target": "web",
            "kind": "isolation",
            "tool": "echo",
            "arguments": {"text": "{nonce}"},
            "interval": "10m",
        },
        "motd": {"target": "old", "kind": "read", "uri": "file:///motd"},
        "greet": {"target": "old", "kind": "prompt", "prompt": "greet", "cron": "*/5 * * * *"},
        "calm": {"target": "old", "kind": "stream", "hold": "60s", "timeout": "70s", "interval": "10m"},
        "story": {
            "target": "local",
            "kind": "scenario",
            "allow_writes": True,
            "steps": [{"name": "one", "tool": "begin"}],
        },
        "truth": {
            "target": "local",
            "kind": "metrics",
            "allow_writes": True,
            "metrics_url": "http://127.0.0.1:9/metrics",
            "write": {"tool": "add", "times": 3},
        },
        "steps-survive-races": {
            "target": "local",
            "kind": "race",
            "model": "counter",
            "allow_writes": True,
            "increment": {"tool": "add", "arguments": {"id": "{scratch}"}, "value": "$.count"},
            "read": {"tool": "get", "arguments": {"id": "{scratch}"}, "value": "$.count"},
        },
    },
}


def configured(document: Mapping[str, Any] = DOCUMENT) -> Config:
    """The document as the daemon would read it from a file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "probes.yaml"
        path.write_text(json.dumps(document), encoding="utf-8")
        return load([path], environ={})


def without(*probes: str, **targets: Mapping[str, Any]) -> Config:
    """The configuration without some probes, and with some targets changed."""
    return configured(
        {
            "targets": {**DOCUMENT["targets"], **targets},
            "probes": {name: probe for name, probe in DOCUMENT["probes"].items() if name not in probes},
        }
    )


def ran(probe: Probe, *, at: float = 0.0, took: float = 0.25, lag: float = 0.002, **rest: Any) -> ScheduledRun:
    """A run that began `at` seconds after STARTED_AT; it passed, unless a reason is given."""
    reason: Reason | None = rest.get("reason")
    begun = STARTED_AT + timedelta(seconds=at)
    outcome = Outcome(
        **{
            "target": probe.target,
            "probe": probe.name,
            "kind": probe.kind,
            "verdict": reason.verdict if reason else Verdict.PASS,
            "started_at": begun,
            "duration_seconds": took,
            **rest,
        }
    )
    return ScheduledRun(outcome=outcome, due=begun, start_lag_seconds=lag)


SOURCES: Final = {
    "registry": SourceState(
        source=TargetSource(name="registry", registry=Secret("https://registry.example")),
        targets={"a": Target(name="a"), "b": Target(name="b")},
        left_out=3,
        looked_at=STARTED_AT,
    ),
    "files": SourceState(source=TargetSource(name="files", file="/etc/targets.json"), trouble="no such file"),
    "new": SourceState(source=TargetSource(name="new", file="/etc/new.json")),
}
"""Sources that work, fail, and have not been looked at yet."""

WORKERS: Final = (
    WorkerFigures(worker=1, up=True, ended=0, probes=3, cpu_seconds=1.5, memory=40_000_000),
    WorkerFigures(worker=2, up=False, ended=2, probes=4, cpu_seconds=2.25, memory=None),
)
"""One that works, and one that is being replaced."""


def eventful(config: Config) -> list[ScheduledRun]:
    """Runs that fill every family, with numbers large, small, whole and none."""
    probes = config.probes
    expiry = {"certificate_expiry_timestamp_seconds": 1798761600.0, "token_expiry_timestamp_seconds": 1796083200.0}
    changes = {"contract_changes_breaking": 0.0, "contract_changes_additive": 2.0, "contract_changes_cosmetic": 1.0}
    race = {"race_operations": 200.0, "race_overlap": 8.0, "race_violations_lost_update": 3.0}
    return [
        ran(probes["strangers"], facts=AUTH),
        ran(probes["apart"], facts=ISOLATION, reason=Reason.ANSWER_CROSSED),
        ran(probes["truth"], facts=TRUTH, reason=Reason.METRICS_UNTRUE),
        ran(probes["hello"], server=MODERN, facts=expiry, phases=PHASES),
        ran(probes["hello"], at=60, took=0.0000125, reason=Reason.CONNECT_REFUSED),
        ran(probes["offer"], server=MODERN, facts={"tools": 7.0, **changes}, phases=PHASES),
        ran(probes["users"], server=MODERN, facts=CLIENTS, phases=PHASES),
        ran(probes["visit"], server=MODERN, facts=SESSION, phases=PHASES),
        ran(probes["calm"], took=60.5, facts=STREAM, phases=PHASES),
        ran(probes["search"], took=3.0, facts=SLOW, reason=Reason.TOO_SLOW, phases=PHASES),
        ran(probes["motd"], took=31.5, facts={"start_seconds": 2.25, "close_seconds": 0.0625}, reason=Reason.TIMEOUT),
        ran(probes["greet"], reason=Reason.UNDECIDED, facts={"latency_seconds": 1e-05}),
        ran(probes["story"], took=0.0, reason=Reason.NOT_RUN),
        ran(probes["steps-survive-races"], took=12.0, facts=race, reason=Reason.LOST_UPDATE),
    ]


def crowd(count: int) -> Config:
    """So many probes, ten to a target, with names of usual length."""
    targets = [f"target-{number:04}" for number in range(-(-count // 10))]
    checks = Checks(latency=Latency(warn=0.5, fail=2.0))
    probes = [
        Probe(
            name=f"probe-of-usual-name-{number:05}",
            target=targets[number // 10],
            kind="call",
            settings=CallSettings(tool="search", checks=checks),
        )
        for number in range(count)
    ]
    return Config(
        targets={name: Target(name=name, url=f"http://127.0.0.1:9/{name}") for name in targets},
        probes={probe.name: probe for probe in probes},
    )
