"""Which runs are kept, and which are forgotten first."""

from __future__ import annotations

from dataclasses import replace

import pytest

from prober.config.model import Config
from prober.outcome import Exchange, Verdict
from prober.recent.runs import BOUNDS, MOST_OF_A_RUN, Bounds, RecentRuns
from prober.redaction import masked_before
from tests.notify.results import run, statuses


def exchange(text: str = "{}", step: str = "tools/call") -> Exchange:
    shown = masked_before(text)
    return Exchange(step=step, started_at=0.0, duration_seconds=0.1, phases={}, sent=shown, received=shown)


def kept(runs: RecentRuns) -> str:
    """Of each run that is kept, its probe and its minute, the newest first."""
    return " ".join(f"{each.outcome.probe}{each.outcome.started_at.minute}" for each in runs.newest(1000))


STORIES = {
    "the newest come first": ("a=pass b=timeout a=pass", "a2 b1 a0"),
    "of passes a probe keeps two": ("a=pass a=pass a=pass a=pass", "a3 a2"),
    "of failures three": ("a=timeout a=timeout a=timeout a=timeout", "a3 a2 a1"),
    "passes drive out no failure": ("a=timeout a=pass a=pass a=pass a=pass", "a4 a3 a0"),
    "nor do unknown runs": ("a=timeout a=unknown a=unknown a=unknown", "a3 a0"),
    "nor another probe": ("a=pass b=pass b=pass b=pass", "b3 b2 a0"),
}


@pytest.mark.parametrize(("told", "left"), STORIES.values(), ids=STORIES)
def test_each_verdict_of_each_probe_has_its_room(told: str, left: str) -> None:
    sizes = {Verdict.PASS: 2, Verdict.FAIL: 3, Verdict.UNKNOWN: 1}
    runs = RecentRuns({verdict: Bounds(of_a_probe=count, bytes=10**6) for verdict, count in sizes.items()})
    for minute, text in enumerate(told.split()):
        probe, _, word = text.partition("=")
        runs.record(run(word, minute, probe=probe))
    assert kept(runs) == left


def test_all_runs_of_a_verdict_together_have_their_bytes_and_the_oldest_go_first() -> None:
    runs = RecentRuns({verdict: Bounds(of_a_probe=100, bytes=50_000) for verdict in Verdict})
    for minute in range(40):
        runs.record(run("timeout", minute, probe=f"p{minute}", exchanges=(exchange("x" * 4_000),)))
        assert runs.bytes <= 50_000
    names = [each.outcome.probe for each in runs.newest(100)]
    assert names == [f"p{number}" for number in range(39, 39 - len(names), -1)]
    assert 3 <= len(names) <= 10
    runs.record(run("pass", 41))
    assert len(runs.newest(100)) == len(names) + 1, "a pass drives out no failure"


def test_of_a_long_run_the_last_exchanges_are_kept_and_the_others_counted() -> None:
    long = tuple(exchange("x" * 2_000, step=f"step {number}") for number in range(100))
    runs = RecentRuns()
    runs.record(run("timeout", exchanges=long))
    [only] = runs.newest(1)
    assert len(only.outcome.exchanges) + only.left_out == 100
    assert 5 < len(only.outcome.exchanges) < 20
    assert only.outcome.exchanges[-1].step == "step 99"
    assert runs.bytes < MOST_OF_A_RUN + 10_000


def test_the_shipped_bounds_are_32_mib_and_keep_failures_longest() -> None:
    assert sum(bounds.bytes for bounds in BOUNDS.values()) == 32 * 1024 * 1024
    assert BOUNDS[Verdict.FAIL].of_a_probe > BOUNDS[Verdict.PASS].of_a_probe
    assert BOUNDS.keys() == set(Verdict)


def test_runs_are_chosen_by_target_probe_verdict_and_id() -> None:
    runs = RecentRuns()
    for minute, (word, probe, target) in enumerate((("pass", "a", "t"), ("timeout", "b", "t"), ("timeout", "c", "u"))):
        runs.record(run(word, minute, probe=probe, target=target))
    runs.asked_for(run("pass", 2, probe="b").outcome)
    assert [each.outcome.probe for each in runs.newest(9, target="t")] == ["b", "b", "a"]
    assert [each.outcome.probe for each in runs.newest(9, verdict=Verdict.FAIL)] == ["c", "b"]
    assert [each.asked_for for each in runs.newest(9, probe="b")] == [True, False]
    assert {each.outcome.probe for each in runs.find("2026-01-31T12:02:00.000Z")} == {"b", "c"}
    assert [each.outcome.probe for each in runs.find("2026-01-31T12:02:00.000Z", probe="c")] == ["c"]
    assert runs.find("2026-01-31T12:09:00.000Z") == []


def test_runs_of_a_probe_that_is_gone_are_forgotten() -> None:
    runs = RecentRuns()
    for probe in ("a", "b"):
        runs.record(run("timeout", probe=probe))
    known = statuses("a").probe("a").probe
    runs.apply_config(Config(probes={"a": known, "b": replace(known, name="b", target="elsewhere")}))
    assert [each.outcome.probe for each in runs.newest(9)] == ["a"]
    runs.apply_config(Config())
    assert (runs.newest(9), runs.bytes) == ([], 0)


def test_a_run_knows_its_id() -> None:
    runs = RecentRuns()
    runs.asked_for(run("pass", 3).outcome)
    assert runs.newest(1)[0].run_id == "2026-01-31T12:03:00.000Z"
