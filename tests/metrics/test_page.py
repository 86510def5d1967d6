"""The page is what prometheus_client would write of the same families, in both formats, whatever servers say."""

from __future__ import annotations

from typing import Final

import pytest
from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

from prober.client.stdio.kept_processes import Cause, Ended
from prober.config.model import Config
from prober.metrics import Metrics
from prober.metrics.exposition import CONTENT_TYPES
from prober.metrics.records import NO_STREAK
from prober.outcome import Reason, ServerInfo, Symptom
from tests.metrics.library import library_registry
from tests.metrics.reading import OPENMETRICS, metrics_of, page, parsed, series, value, values
from tests.metrics.world import MODERN, STARTED, configured, crowd, eventful, ran
from tests.programs import check_metrics

HOSTILE: Final = ServerInfo(
    era="modern",
    protocol_version='2026"} 1\nmcp_probe_success{target="web"} 1',
    name='a "quoted" \\ name\r\nmcp_probe_success 1\n\x1b[31m\u202etxt\ud800\x00',
    version="9" * 5000,
)
"""Says what would end the label, the line or the page."""


def eventful_metrics(*, location: str | None = None) -> Metrics:
    config = configured()
    metrics = metrics_of(config, location=location)
    metrics.ask(
        budget_remaining=lambda _target: 119.5,
        in_maintenance=lambda probe: probe == "offer",
        streak=lambda probe: (3, Symptom.NO_ANSWER) if probe == "hello" else NO_STREAK,
    )
    for result in eventful(config):
        metrics.record(result)
    metrics.skipped(config.probes["motd"])
    metrics.loop_lag(0.003)
    metrics.load(running=3, waiting=0)
    metrics.process_ended(Ended(target="local", cause=Cause.DIED, age=1.5))
    metrics.history_size(1_234_567_890, dropped=2)
    metrics.notified(True)
    return metrics


def openmetrics_of(registry: CollectorRegistry) -> str:
    written: bytes = generate_openmetrics(registry)  # type: ignore[no-untyped-call]
    return written.decode()


def comparable(families: list[Metric]) -> tuple[list[tuple[str, str, str, str]], object]:
    """What two pages of different moments have in common: all but how much CPU and memory they have taken."""
    kept = [family for family in families if not family.name.startswith("process_")]
    return [(family.name, family.type, family.documentation, family.unit) for family in kept], series(kept)


@pytest.mark.parametrize("location", [None, "fra-1", 'Zürich "west"\\'])
async def test_the_text_page_says_what_the_library_would_say(location: str | None) -> None:
    metrics = eventful_metrics(location=location)
    registry = library_registry(metrics)
    assert comparable(parsed(await page(metrics))) == comparable(parsed(generate_latest(registry).decode()))


@pytest.mark.parametrize("location", [None, "fra-1", 'Zürich "west"\\'])
async def test_the_openmetrics_page_says_what_the_library_would_say(location: str | None) -> None:
    metrics = eventful_metrics(location=location)
    registry = library_registry(metrics)
    written = await page(metrics, OPENMETRICS)
    assert written.endswith("# EOF\n")
    assert comparable(parsed(written)) == comparable(parsed(openmetrics_of(registry)))


async def test_headings_are_letter_by_letter_those_of_the_library() -> None:
    metrics = eventful_metrics()
    registry = library_registry(metrics)
    for accept, library in ((None, generate_latest(registry).decode()), (OPENMETRICS, openmetrics_of(registry))):
        ours, theirs = (
            [line for line in text.splitlines() if line.startswith("#")]
            for text in (await page(metrics, accept), library)
        )
        assert ours == theirs


async def test_every_family_of_a_run_has_been_filled() -> None:
    """Else the comparison with the library would compare nothing."""
    families = parsed(await page(eventful_metrics()))
    assert [family.name for family in families if not family.samples] == []


async def test_both_formats_show_the_same_series() -> None:
    metrics = eventful_metrics()
    text, openmetrics = parsed(await page(metrics)), parsed(await page(metrics, OPENMETRICS))
    assert comparable(text)[1] == comparable(openmetrics)[1]


async def test_a_counter_of_failures_names_the_latest_run_that_it_counted() -> None:
    config = configured()
    metrics = metrics_of(config)
    for seconds, reason in ((0, Reason.TIMEOUT), (60, Reason.CONNECT_REFUSED), (120, Reason.TOO_SLOW), (180, None)):
        metrics.record(ran(config.probes["search"], at=seconds, reason=reason))
    exemplars = {
        sample.labels["result"]: (sample.exemplar.labels, float(sample.exemplar.timestamp or 0))
        for family in parsed(await page(metrics, OPENMETRICS))
        for sample in family.samples
        if sample.exemplar
    }
    assert exemplars == {
        "no_answer": ({"run_id": "2026-11-22T07:29:00.250Z"}, STARTED + 60.25),
        "too_slow": ({"run_id": "2026-11-22T07:30:00.250Z"}, STARTED + 120.25),
    }
    assert "run_id" not in await page(metrics)


@pytest.mark.parametrize("accept", [None, OPENMETRICS])
async def test_the_place_is_a_label_of_every_series(accept: str | None) -> None:
    metrics = eventful_metrics(location="fra-1")
    assert all(("location", "fra-1") in labels for _, labels in series(parsed(await page(metrics, accept))))


async def test_without_a_place_no_series_has_one() -> None:
    metrics = eventful_metrics()
    assert not any("location" in dict(labels) for _, labels in series(parsed(await page(metrics))))


@pytest.mark.parametrize("accept", [None, OPENMETRICS])
async def test_a_hostile_server_adds_one_label_value_and_no_line(accept: str | None) -> None:
    config = configured()
    metrics = metrics_of(config)
    before = await page(metrics, accept)
    metrics.record(ran(config.probes["hello"], server=MODERN))
    metrics.record(ran(config.probes["hello"], server=HOSTILE))
    text = await page(metrics, accept)
    [info] = [sample for family in parsed(text) for sample in family.samples if sample.name == "mcp_target_info"]
    assert info.labels == {
        "target": "web",
        "era": "modern",
        "protocol_version": '2026"} 1 mcp_probe_success{target="web"} 1',
        "server_name": 'a "quoted" \\ name mcp_probe_success 1 \ufffdtxt\ufffd\ufffd',
        "server_version": "9" * 99 + "…",
    }
    assert "mcp_probe_success{" not in before
    successes = [line for line in text.splitlines() if line.startswith("mcp_probe_success{")]
    assert successes == ['mcp_probe_success{target="web",probe="hello"} 1']


async def test_a_server_that_renames_itself_has_one_series() -> None:
    config = configured()
    metrics = metrics_of(config)
    for number in range(50):
        begun = 3600.0 * number
        metrics.record(ran(config.probes["hello"], at=begun, server=ServerInfo(era="modern", name=f"name {number}")))
    assert await values(metrics, "mcp_target_info", target="web") == {("modern", "", "name 49", ""): 1}


@pytest.mark.parametrize("location", [None, "fra-1"])
async def test_promtool_finds_nothing_to_say(location: str | None) -> None:
    metrics = eventful_metrics(location=location)
    check_metrics(await page(metrics))


PROMETHEUS: Final = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        (None, "text"),
        ("", "text"),
        ("*/*", "text"),
        ("text/html", "text"),
        ("text/plain", "text"),
        (PROMETHEUS, "openmetrics"),
        ("application/openmetrics-text", "openmetrics"),
        ("Application/OpenMetrics-Text; Version=1.0.0; charset=utf-8", "openmetrics"),
        ('application/openmetrics-text; version="1.0.0"', "openmetrics"),
        ("application/openmetrics-text; version=0.0.1", "text"),
        ("application/openmetrics-text; version=2.0.0", "text"),
        ("text/plain;q=0.5, application/openmetrics-text;q=0.4", "text"),
        ("text/plain;q=0.4, application/openmetrics-text;q=0.5", "openmetrics"),
        ("text/plain, application/openmetrics-text", "text"),
        ("application/openmetrics-text, text/plain", "openmetrics"),
        ("application/openmetrics-text;q=0, */*;q=0.1", "text"),
        ("application/openmetrics-text;q=much", "text"),
        ("application/vnd.google.protobuf;q=1, application/openmetrics-text;version=1.0.0;q=0.6", "openmetrics"),
        (";;;,,,=;q", "text"),
    ],
)
async def test_the_format_is_the_one_that_is_asked_for(accept: str | None, form: str) -> None:
    metrics = metrics_of(configured())
    openmetrics = form == "openmetrics"
    assert metrics.content_type(accept) == CONTENT_TYPES["openmetrics" if openmetrics else "text"]
    assert (await page(metrics, accept)).endswith("# EOF\n") is openmetrics


async def test_a_page_without_a_configuration_is_sound() -> None:
    metrics = Metrics()
    assert await value(metrics, "mcp_prober_probes") == 0
    assert parsed(await page(metrics, OPENMETRICS))


async def test_a_page_that_is_being_written_shows_the_probes_of_its_beginning() -> None:
    metrics = metrics_of(crowd(3000))
    reading = metrics.render(None)
    pieces = [await anext(reading)]
    metrics.apply_config(Config(), {})
    rest = [piece async for piece in reading]
    assert rest, "nothing was left to be written"
    shown = b"".join(pieces + rest).decode()
    assert sum(line.startswith("mcp_probe_info{") for line in shown.splitlines()) == 3000
    assert "mcp_probe_info{" not in await page(metrics)


@pytest.mark.parametrize("accept", [None, OPENMETRICS])
async def test_a_page_made_between_any_two_events_says_what_the_library_would_say(accept: str | None) -> None:
    """Lines are taken from the page before where nothing has changed: each event must be seen, and each reload."""
    config = configured()
    metrics = metrics_of(config)
    registry = library_registry(metrics)
    library = openmetrics_of if accept else lambda registry: generate_latest(registry).decode()
    for result in eventful(config):
        await page(metrics, accept)
        metrics.record(result)
        metrics.skipped(config.probes[result.outcome.probe])
        assert comparable(parsed(await page(metrics, accept))) == comparable(parsed(library(registry)))
    metrics.apply_config(config, config.probes)
    assert comparable(parsed(await page(metrics, accept))) == comparable(parsed(library(registry)))
