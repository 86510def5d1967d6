"""Drills of the real parts without Prometheus, which are quick; and drills that cannot be, or must not go on."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Final

import pytest

from prober.reference.faults.catalog import FAULTS
from tests.cli.command import quickly
from tests.drill.command import drill

SECONDS: Final = 120.0
"""For a drill of two faults, on a machine that is busy."""

WRONG: Final = (
    (("--fault", "http-5033"), "There is no fault 'http-5033'. Did you mean 'http-503'?"),
    (("--fault", "zzz"), "There is no fault 'zzz'. Known: lost-update, torn-read"),
    (("--output", "yaml"), "--output yaml: choose one of table, json"),
    (("--prometheus", "/nowhere/prometheus"), "--prometheus /nowhere/prometheus: no such program"),
    (("--alertmanager", "/nowhere/am"), "--alertmanager /nowhere/am: no such program"),
    (("--speed", "0"), "--speed"),
)


@pytest.mark.parametrize(("words", "told"), WRONG, ids=[" ".join(row[0]) for row in WRONG])
async def test_a_wrong_call_starts_nothing(words: tuple[str, ...], told: str) -> None:
    done = await quickly("drill", *words)
    assert (done.code, done.out) == (2, "")
    assert told in done.err


@pytest.mark.slow
async def test_a_fault_is_seen_by_the_probe_and_moves_a_metric_without_prometheus(tmp_path: Path) -> None:
    words = ("--fault", "http-503", "--fault", "lost-update", "--output", "json")
    async with drill(*words, folder=tmp_path, seconds=SECONDS, PATH="/nowhere") as drilling:
        done = await drilling.ended()
    assert done.code == 0, done.err
    assert "without alerts: Prometheus is not installed; say where it is: --prometheus PATH" in done.err
    assert done.faults.keys() == {"http-503", "lost-update"}
    for name, fault in done.faults.items():
        assert fault["reason"] == fault["expected_reason"] == FAULTS[name].reason
        assert fault["metric"]["after"] > fault["metric"]["before"]
        assert 0 < fault["probe_seconds"] < SECONDS
        assert 0 < fault["resolved_seconds"] < SECONDS
        assert fault["alert"] is fault["alert_seconds"] is fault["expected_alert"] is None


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
async def test_an_interrupted_drill_leaves_no_process_and_no_file(number: signal.Signals, tmp_path: Path) -> None:
    async with drill("--no-alerts", folder=tmp_path, seconds=SECONDS) as drilling:
        await drilling.said("a daemon up")
        drilling.process.send_signal(number)
        done = await drilling.ended()
    assert (done.code, done.out) == (130, "")
    assert done.err.splitlines()[-1] == "interrupted"


@pytest.mark.slow
async def test_a_program_that_does_not_start_is_no_verdict(tmp_path: Path) -> None:
    broken = tmp_path / "prometheus"
    broken.write_text("#!/bin/sh\necho out of order >&2\nexit 1\n")
    broken.chmod(0o700)
    folder = tmp_path / "drill"
    folder.mkdir()
    words = ("--fault", "http-503", "--prometheus", str(broken), "--alertmanager", str(broken))
    async with drill(*words, folder=folder, seconds=SECONDS) as drilling:
        done = await drilling.ended()
    assert (done.code, done.out) == (3, "")
    assert done.err.splitlines()[-2:] == ["alertmanager did not start:", "out of order"]
