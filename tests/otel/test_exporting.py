"""Real exports to a receiver that decodes them; and what a receiver that is down, slow or refuses cannot do to runs."""

from __future__ import annotations

import json
import logging
import signal
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import pytest

from prober.otel.environment import Signals
from prober.otel.exporting import PERIOD, Troubles
from prober.otel.telemetry import GRACE, STOP, Telemetry
from prober.outcome import SpanContext
from tests.cli.command import Done, mcp_prober
from tests.daemon.crowd import crowd
from tests.daemon.process import Running, daemon
from tests.daemon.watching import metrics, until
from tests.kinds.offering import document, gives, offering, tool
from tests.metrics.world import configured as world
from tests.metrics.world import ran
from tests.otel.collector import ERROR, HOLD, Collector, collector, points
from tests.peers.http_peer import HttpPeer
from tests.real.process import free_port

SECRET: Final = "s3cret-t0ken-of-the-operator"
EXPORT_SECRET: Final = "s3cret-of-the-collector"


@pytest.fixture
async def peer() -> AsyncIterator[HttpPeer]:
    async with offering(tool("count", gives({"n": 1, "said": SECRET}))) as peer:
        yield peer


async def run(peer: HttpPeer, folder: Path, **environ: str) -> tuple[Done, float]:
    """One pass of a probe that passes and one that fails, and the seconds that it took."""
    probes = {"kind": "call", "tool": "count"}, {"kind": "call", "tool": "count", "schema": {"type": "array"}}
    configuration = document(peer, *probes, headers={"Authorization": "Bearer ${KEY}"})
    (folder / "probes.yaml").write_text(json.dumps(configuration))
    words = ["--otel"] if "OTEL_EXPORTER_OTLP_ENDPOINT" in environ else []
    began = time.monotonic()
    done = await mcp_prober("run", *words, "probes.yaml", "-v", cwd=folder, env={"KEY": SECRET, **environ})
    return done, time.monotonic() - began


@pytest.mark.slow
async def test_a_pass_arrives_whole_and_without_secrets(peer: HttpPeer, tmp_path: Path) -> None:
    with collector() as collected:
        environ = collected.environ(
            OTEL_EXPORTER_OTLP_COMPRESSION="gzip",
            OTEL_EXPORTER_OTLP_HEADERS=f"x-api-key={EXPORT_SECRET}",
            OTEL_RESOURCE_ATTRIBUTES="deployment.environment.name=test",
            OTEL_SERVICE_NAME="mcp-prober",
        )
        done, _ = await run(peer, tmp_path, **environ)
    assert (done.code, done.err) == (1, "")
    assert {name: collected.resource[name] for name in ("service.name", "deployment.environment.name")} == {
        "service.name": "mcp-prober",
        "deployment.environment.name": "test",
    }
    assert {header["x-api-key"] for header in collected.headers} == {EXPORT_SECRET}
    passed, failed = collected.span("run p0"), collected.span("run p1")
    assert (passed.status, failed.status) == (0, ERROR)
    for run_span in (passed, failed):
        children = [span for span in collected.spans if span.parent_id == run_span.span_id]
        assert "tools/call count" in [span.name for span in children]
        assert all(run_span.begin <= span.begin <= span.end <= run_span.end for span in children)
    results = {dict(key)["probe"]: point.as_int for key, point in runs(collected).items() if point.as_int}
    assert results == {"p0": 1, "p1": 1}
    assert collected.metrics["mcp.target.run_duration"].WhichOneof("data") == "exponential_histogram"
    assert collected.metrics["mcp.target.latency"].WhichOneof("data") == "exponential_histogram"
    assert SECRET.encode() not in collected.raw


def runs(collected: Collector) -> dict[tuple[tuple[str, str], ...], Any]:
    return points(collected.metrics["mcp.probe.runs"])


WRONG: Final = {
    "refuses": (401, "code: 401, reason: Unauthorized"),
    "has another path": (404, "code: 404, reason: Not Found"),
}


@pytest.mark.slow
@pytest.mark.parametrize(("status", "said"), WRONG.values(), ids=WRONG)
async def test_a_receiver_that_refuses_is_reported_in_one_line_and_fails_no_run(
    status: int, said: str, peer: HttpPeer, tmp_path: Path
) -> None:
    with collector(status=status) as collected:
        done, _ = await run(peer, tmp_path, **collected.environ())
    assert done.code == 1
    assert "1 passed, 1 failed" in done.out
    [line] = done.err.splitlines()
    assert line.startswith("OpenTelemetry: ")
    assert f"are not exported to {collected.url}: " in line
    assert said in line


@pytest.mark.slow
async def test_a_receiver_that_is_down_or_hangs_does_not_hold_the_end_of_a_pass(peer: HttpPeer, tmp_path: Path) -> None:
    down, _ = await run(peer, tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{free_port()}")
    assert down.err.endswith(": Connection refused\n")
    with collector(hold=threading.Event()) as collected:
        hanging, took = await run(peer, tmp_path, **collected.environ(OTEL_EXPORTER_OTLP_TIMEOUT="60"))
    assert hanging.err == "OpenTelemetry: not all was exported before the end\n"
    assert took < HOLD, "the end waited for the receiver"
    assert down.code == hanging.code == 1


@pytest.mark.clock
@pytest.mark.parametrize("status", [200, 503])
def test_to_stop_takes_two_seconds_at_most(status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The receiver hangs, or it is down and the exporter pauses between two tries."""
    said = list[str | None]()
    with collector(status=status, hold=threading.Event() if status == 200 else None) as collected:
        for name, value in collected.environ(OTEL_EXPORTER_OTLP_TIMEOUT="20").items():
            monkeypatch.setenv(name, value)
        telemetry = Telemetry.of(Signals(spans=True, metrics=True), location=None, on_trouble=said.append)
        telemetry.record(ran(world().probes["search"], span=telemetry.new_span()))
        until(lambda: collected.requests or None)
        began = time.monotonic()
        telemetry.stop()
        assert time.monotonic() - began < STOP + GRACE + 1
    assert said[0] == "not all was exported before the end"


def configured(folder: Path, port: int) -> Path:
    target = {"url": f"http://127.0.0.1:{port}/ok/5", "protocol": "modern"}
    often = {"interval": "1s", "timeout": "1s"}
    probe = {"target": "well", "kind": "call", "tool": "echo", "arguments": {"message": "hi"}, **often}
    probes = {f"p{number}": probe for number in range(4)} | {"wrong": probe | {"schema": {"type": "array"}}}
    file = folder / "probes.yaml"
    file.write_text(json.dumps({"targets": {"well": target}, "probes": probes}))
    return file


def passes(running: Running) -> float:
    return sum(metrics(running).values("mcp_probe_runs_total", result="pass"))


def troubles(running: Running) -> list[dict[str, Any]]:
    events = [json.loads(line) for line in running.log]
    return [event for event in events if event["event"].startswith("telemetry")]


@pytest.mark.slow
def test_a_daemon_exports_while_it_runs_and_the_rest_when_it_stops(tmp_path: Path) -> None:
    with crowd() as port, collector() as collected:
        environ = collected.environ(OTEL_BSP_SCHEDULE_DELAY="60000")
        with daemon("--otel", "--location", "berlin", configured(tmp_path, port), environ=environ) as running:
            until(lambda: metrics(running).value("mcp_probe_runs_total", probe="wrong", result="wrong_answer"))
            until(lambda: any(point.as_int for point in runs(collected).values()) if collected.metrics else None)
            assert collected.spans == []  # the queue is looked at once a minute
            assert running.stop() == -signal.SIGTERM
        assert troubles(running) == []
        [failing] = [event for line in running.log if (event := json.loads(line))["event"] == "probe_failing"]
    ran = [span for span in collected.spans if span.name.startswith("run ")]
    assert failing["trace_id"] in {span.trace_id for span in ran if span.name == "run wrong"}
    assert {span.attributes["mcp_prober.location"] for span in ran} == {"berlin"}
    [duration] = points(collected.metrics["mcp.target.run_duration"]).values()
    assert duration.count == len(ran) == sum(point.as_int for point in runs(collected).values())


@pytest.mark.slow
def test_a_receiver_that_is_down_is_logged_once_and_its_return_too_and_no_run_waits(tmp_path: Path) -> None:
    environ = {"OTEL_BSP_MAX_QUEUE_SIZE": "20", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "10"}
    with crowd() as port, collector(status=503) as collected:
        with daemon(
            "--otel", configured(tmp_path, port), environ=collected.environ(**environ, OTEL_EXPORTER_OTLP_TIMEOUT="1")
        ) as running:
            until(lambda: troubles(running) or None)
            asked, passed = collected.requests, passes(running)
            until(lambda: (collected.requests > asked + 3 and passes(running) > passed + 8) or None)
            assert [event["event"] for event in troubles(running)] == ["telemetry_trouble"]
            collected.status = 200
            until(lambda: len(troubles(running)) > 1 or None)
            collected.status = 503
            running.stop()
        first, second, *more = troubles(running)
    assert first["event"] == "telemetry_trouble"
    assert f"are not exported to {collected.url}: " in first["message"]
    assert second["event"] == "telemetry_well"
    assert [event["message"] for event in more] in ([], ["not all was exported before the end"])
    assert all(json.loads(line)["level"] for line in running.log), "a line that is none of the daemon's"


def test_a_run_that_cannot_be_made_into_a_span_is_reported_and_raises_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    said = list[str | None]()
    with collector() as collected:
        for name, value in collected.environ(OTEL_METRICS_EXPORTER="none").items():
            monkeypatch.setenv(name, value)
        telemetry = Telemetry.of(Signals(spans=True, metrics=False), location=None, on_trouble=said.append)
        telemetry.record(ran(world().probes["search"], span=SpanContext(trace_id="none", span_id="none")))
        telemetry.stop()
    [trouble] = said
    assert trouble is not None
    assert trouble.startswith(f"spans are not exported to {collected.url}: ValueError: ")


def test_trouble_that_comes_and_goes_is_reported_once_a_minute() -> None:
    now, said = 0.0, list[str | None]()
    reports = Troubles(said.append, clock=lambda: now)
    for second in range(300):
        now = float(second)
        reports.emit(logging.LogRecord("opentelemetry", logging.ERROR, "", 0, "no: %s", (second,), None))
        reports.ended("spans", well=False)
        reports.ended("spans", well=True)
    assert PERIOD == 60
    assert said[:2] == ["spans are not exported to http://localhost:4318: no: 0", None]
    assert len(said) == 2 * 300 // 60
    assert said[-1] is None


def test_all_is_well_only_when_every_signal_is() -> None:
    said = list[str | None]()
    reports = Troubles(said.append, clock=lambda: 0.0)
    reports.ended("spans", well=False)
    reports.ended("metrics", well=False)
    reports.ended("metrics", well=True)
    assert said == ["spans are not exported to http://localhost:4318: no reason is known"]
    reports.ended("spans", well=True)
    assert said[1:] == [None]
