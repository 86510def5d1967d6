"""The exposition for the textfile collector: what it holds, and the conventions of metric names."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace

import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from prober.outcome import MaskedServerInfo, Outcome, ServerInfo
from prober.report import REPORTS
from tests.report.golden import report
from tests.report.outcomes import DEADLINE, EVERYTHING, HANDSHAKE, HOSTILE, MODERN, PASSED, STARTED_AT, UNKNOWN, outcome

DAEMONS = {
    "mcp_probe_runs",
    "mcp_probe_failures",
    "mcp_probe_last_success_timestamp_seconds",
}
"""Families of the daemon that a single pass must not give another meaning or type."""


def _families(outcomes: Sequence[Outcome]) -> dict[str, Metric]:
    return {family.name: family for family in text_string_to_metric_families(report("prometheus", outcomes))}


def _samples(outcomes: Sequence[Outcome], name: str) -> dict[tuple[str, ...], float]:
    """Values by label values, in the order of the labels' names."""
    samples = _families(outcomes)[name].samples
    return {tuple(value for _, value in sorted(sample.labels.items())): sample.value for sample in samples}


def test_every_family_keeps_to_the_conventions() -> None:
    families = _families(EVERYTHING)
    for name, family in families.items():
        assert family.type == "gauge", name
        assert not name.endswith(("_total", "_count", "_sum", "_bucket")), name
        assert family.documentation[0].isupper(), name
        assert family.documentation.endswith("."), name
        assert "time" not in name.split("_"), name
        assert not {"milliseconds", "ms", "minutes", "percent"} & set(name.split("_")), name
    assert DAEMONS.isdisjoint(families)


def test_every_family_is_there_without_any_probe() -> None:
    assert set(_families(())) == set(_families(EVERYTHING))
    assert not any(family.samples for family in _families(()).values())


def test_success_is_one_for_a_probe_that_passed_and_else_zero() -> None:
    samples = _samples(EVERYTHING, "mcp_probe_success")
    assert samples == {(o.probe, o.target): float(o in PASSED) for o in EVERYTHING}


def test_a_probe_that_did_not_pass_has_its_one_reason() -> None:
    samples = _samples((*PASSED, DEADLINE, UNKNOWN), "mcp_probe_failure_info")
    assert samples == {
        ("open-close", "timeout", "no_answer", "notes"): 1.0,
        ("big-answer", "undecided", "unknown", "reference"): 1.0,
    }


def test_times_are_seconds() -> None:
    assert _samples((DEADLINE,), "mcp_probe_last_duration_seconds") == {("open-close", "notes"): 5.0}
    assert _samples((DEADLINE,), "mcp_probe_phase_duration_seconds") == {
        ("spawn", "open-close", "notes"): 0.4,
        ("send", "open-close", "notes"): 0.001,
        ("wait", "open-close", "notes"): 4.599,
    }
    ended = _samples((DEADLINE,), "mcp_probe_last_run_timestamp_seconds")[("open-close", "notes")]
    assert ended == pytest.approx(STARTED_AT.timestamp() + 5.0, abs=0.001)


def test_what_a_catalog_learnt_is_told_of_its_target() -> None:
    assert _samples(EVERYTHING, "mcp_target_tools") == {("reference",): 7.0}
    expiry = "mcp_target_certificate_expiry_timestamp_seconds"
    assert _samples(EVERYTHING, expiry) == {("reference",): 1798761600.0}
    assert _samples(EVERYTHING, "mcp_contract_changes") == {
        ("catalog", "breaking", "reference"): 0.0,
        ("catalog", "additive", "reference"): 2.0,
        ("catalog", "cosmetic", "reference"): 0.0,
    }


def test_when_the_tokens_of_a_target_expire_is_told_by_who_renews_them() -> None:
    facts = {"token_expiry_timestamp_seconds": 1796083200.0, "fetched_token_expiry_timestamp_seconds": 1796000000.0}
    told = _samples((outcome("t", "p", "handshake", facts=facts),), "mcp_target_token_expiry_timestamp_seconds")
    assert told == {("none", "t"): 1796083200.0, ("automatic", "t"): 1796000000.0}


def test_a_target_has_one_info_and_the_latest_run_that_knows_it_says_which() -> None:
    old = outcome("t", "z", "handshake", at=0.0, server=HANDSHAKE, facts={"tools": 3.0})
    new = outcome("t", "a", "handshake", at=1.0, server=MODERN, facts={"tools": 4.0})
    blind = replace(outcome("t", "b", "handshake", at=2.0), server=MaskedServerInfo(ServerInfo()))
    for runs in ((old, new, blind), (blind, new, old)):
        assert _samples(runs, "mcp_target_info") == {("modern", "2026-07-28", "reference", "1.4.0", "t"): 1.0}
        assert _samples(runs, "mcp_target_tools") == {("t",): 4.0}


def test_labels_of_a_hostile_server_are_one_line_and_parse() -> None:
    (labels,) = _samples((HOSTILE,), "mcp_target_info")
    assert "\n" not in "".join(labels)
    assert "[bold red]markup[/] red link" in labels[1]


def test_a_stream_of_another_encoding_gets_a_page_that_parses() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    REPORTS["prometheus"]((HOSTILE,), started_at=STARTED_AT, verbose=False, stream=stream)
    stream.flush()
    assert "mcp_target_info" in {f.name for f in text_string_to_metric_families(raw.getvalue().decode("ascii"))}


def test_the_page_does_not_depend_on_the_order_in_which_probes_ended() -> None:
    assert report("prometheus", tuple(reversed(EVERYTHING))) == report("prometheus", EVERYTHING)
