"""Faults through the whole chain: reference server, daemon, Prometheus, Alertmanager, webhook; fired and resolved."""

from __future__ import annotations

import io
import json
from datetime import datetime
from pathlib import Path
from typing import Final

import pytest

from prober.drill import ECHOES, EXPECTED, Finding, Report, write_table
from prober.drill.findings import ObservedChange
from prober.reference.faults.catalog import FAULTS
from tests.drill.command import Done, drill
from tests.programs import program

SECONDS: Final = 1500.0
"""Two minutes on two cores that have nothing else to do; a drill takes its time where the machine is busy."""


@pytest.mark.external
@pytest.mark.clock
@pytest.mark.parametrize(
    "faults",
    [pytest.param(("http-503",), id="one"), pytest.param(tuple(EXPECTED), id="all", marks=pytest.mark.alone)],
)
async def test_faults_come_out_at_the_webhook_and_are_over_there_when_they_are(
    faults: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("prometheus", "prometheus-alertmanager"):
        program(name)
    words = [word for fault in faults for word in ("--fault", fault)]
    async with drill(*words, "--output", "json", folder=tmp_path, seconds=SECONDS) as drilling:
        done = await drilling.ended()
    with capsys.disabled():
        print("\n" + (table(done) if done.out else done.err))
    assert done.code == 0, done.out + done.err
    assert done.faults.keys() == set(faults)
    told = []
    for name, fault in done.faults.items():
        expected = EXPECTED[name]
        assert fault["reason"] == FAULTS[name].reason
        assert fault["metric"]["family"] == expected.metric.family
        assert (fault["alert"]["alertname"], fault["alert"]["target"]) == (expected.alert, fault["target"])
        assert "reason" not in fault["alert"], "an outage is one alert, whatever its reasons"
        # The route for its severity, and the one that every alert takes. Each is a group of its own: where an earlier
        # alert on the target is told there still, this one may be over before its turn.
        severity_receiver = "page" if fault["alert"]["severity"] == "critical" else "chat"
        assert set() < set(fault["receivers"]) <= {severity_receiver, "hook"}
        told.append(severity_receiver in fault["receivers"])
        assert 0 < fault["probe_seconds"] <= fault["alert_seconds"]
        assert fault["resolved_seconds"] > 0
        assert (fault["wrong"], fault["troubles"]) == ([], [])
        assert {echo.split()[0] for echo in fault["echoes"]} <= ECHOES
    assert sum(told) >= 0.9 * len(told)


def table(done: Done) -> str:
    """What the command shows to people."""
    document = json.loads(done.out)
    findings = []
    for fault in document["faults"]:
        known = {key: value for key, value in fault.items() if key not in ("as_expected", "troubles", "metric")}
        sequences = {key: tuple(value) for key, value in known.items() if isinstance(value, list)}
        metric = ObservedChange(**fault["metric"]) if fault["metric"] else None
        findings.append(Finding(**{**known, **sequences}, metric=metric))
    report = Report(
        started_at=datetime.fromisoformat(document["started_at"]),
        seconds=document["duration_seconds"],
        speed=document["speed"],
        chain=None,
        findings=tuple(findings),
        own=tuple(document["own_alerts"]),
    )
    stream = io.StringIO()
    write_table(report, stream)
    return stream.getvalue()
