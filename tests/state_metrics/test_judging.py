"""A page that keeps to the families has no finding; each way to break them has one that says what it costs."""

from __future__ import annotations

from typing import Final

import pytest

from prober.state_metrics.families import families
from prober.state_metrics.judging import Finding, judge
from prober.state_metrics.page import PageError, parse
from tests.state_metrics.pages import FORMATS, page, written

BROKEN: Final[dict[str, tuple[dict[str, str], str, str, str]]] = {
    "a required family is missing": (
        {"without": "mcp_state_writes"},
        "error",
        "mcp_state_writes_total",
        "there is no such family, which every server has",
    ),
    "a family of a pattern is missing": (
        {"without": "mcp_state_batch_size"},
        "missing",
        "mcp_state_batch_size",
        "there is no such family, as where no tool uses the pattern",
    ),
    "another type": (
        {"old": "# TYPE mcp_state_store_safe gauge", "new": "# TYPE mcp_state_store_safe counter"},
        "error",
        "mcp_state_store_safe",
        "it is a gauge, the page says counter",
    ),
    "a counter without _total": (
        {"old": "mcp_state_write_conflicts_total{", "new": "mcp_state_write_conflicts{"},
        "error",
        "mcp_state_write_conflicts_total",
        "it has no series, which every server has",
    ),
    "a pattern that no tool uses": (
        {"without": "mcp_state_replayed_events_"},
        "missing",
        "mcp_state_replayed_events",
        "it has no series, as where no tool uses the pattern",
    ),
    "no type": (
        {"without": "# TYPE mcp_state_write_conflicts"},
        "error",
        "mcp_state_write_conflicts_total",
        "it is a counter, the page says nothing of its type",
    ),
    "a label is missing": (
        {"old": 'mcp_state_write_conflicts_total{store="sqlite",', "new": "mcp_state_write_conflicts_total{"},
        "error",
        "mcp_state_write_conflicts_total",
        "series without the label store",
    ),
    "a label of its own": (
        {
            "old": 'mcp_state_write_conflicts_total{store="sqlite",',
            "new": 'mcp_state_write_conflicts_total{store="sqlite",session="x",',
        },
        "warning",
        "mcp_state_write_conflicts_total",
        "labels that it does not have: session",
    ),
    "a value of its own": (
        {"old": 'outcome="conflict"', "new": 'outcome="lost"'},
        "error",
        "mcp_state_writes_total",
        "outcome has the values ok, conflict, rejected, failed, and never 'lost'",
    ),
    "a series that does not begin at zero": (
        {"without": 'outcome="failed"'},
        "warning",
        "mcp_state_writes_total",
        "series that do not begin at zero: outcome=failed",
    ),
    "a bucket is missing": (
        {"without": 'mcp_state_lock_wait_seconds_bucket{le="0.25"'},
        "error",
        "mcp_state_lock_wait_seconds",
        "buckets that it has and the page has not: 0.25",
    ),
    "buckets that fall": (
        {
            "old": 'mcp_state_lock_wait_seconds_bucket{le="0.25",store="sqlite",tool="add"} 1.0',
            "new": 'mcp_state_lock_wait_seconds_bucket{le="0.25",store="sqlite",tool="add"} 7.0',
        },
        "error",
        "mcp_state_lock_wait_seconds",
        "a bucket holds less than one below it",
    ),
    "a count that differs": (
        {
            "old": 'mcp_state_lock_wait_seconds_count{store="sqlite",tool="add"} 1.0',
            "new": 'mcp_state_lock_wait_seconds_count{store="sqlite",tool="add"} 2.0',
        },
        "error",
        "mcp_state_lock_wait_seconds",
        "the bucket +Inf and the count differ",
    ),
    "a negative count": (
        {
            "old": 'mcp_state_write_conflicts_total{store="sqlite",tool="add"} 1.0',
            "new": 'mcp_state_write_conflicts_total{store="sqlite",tool="add"} -1.0',
        },
        "error",
        "mcp_state_write_conflicts_total",
        "a count that is negative or no number",
    ),
    "twice": (
        {
            "old": 'mcp_state_write_conflicts_total{store="sqlite",tool="add"} 1.0\n',
            "new": 'mcp_state_write_conflicts_total{store="sqlite",tool="add"} 1.0\n' * 2,
        },
        "error",
        "mcp_state_write_conflicts_total",
        "the same series stands there twice",
    ),
}


def found(**change: str) -> tuple[Finding, ...]:
    return judge(page(**change), families())


@pytest.mark.parametrize("format_", FORMATS)
def test_a_page_of_the_package_has_no_finding(format_: str) -> None:
    assert judge(page(format_), families()) == ()


@pytest.mark.parametrize(("change", "severity", "family", "what"), BROKEN.values(), ids=BROKEN)
def test_what_is_broken_is_one_finding(change: dict[str, str], severity: str, family: str, what: str) -> None:
    [finding] = found(**change)
    assert (finding.severity, finding.family, finding.what) == (severity, family, what)


def test_a_finding_names_the_panels_and_alerts_that_suffer() -> None:
    [finding] = found(without="mcp_state_lock_wait_seconds")
    assert "Lock wait" in finding.panels
    assert finding.alerts == ("McpStateLockWaitHigh",)


def test_a_misspelt_family_is_told_beside_the_one_that_is_missing() -> None:
    findings = found(old="mcp_state_write_conflicts", new="mcp_state_conflicts")
    assert [(finding.severity, finding.family, finding.what) for finding in findings] == [
        ("error", "mcp_state_write_conflicts_total", "there is no such family, which every server has"),
        ("warning", "mcp_state_conflicts_total", "there is no family of this name"),
    ]


def test_families_of_others_are_nobodys_business() -> None:
    text, content_type = written(FORMATS[0])
    more = '# TYPE mcp_server_up gauge\nmcp_server_up 1\n# TYPE http_total counter\nhttp_total{state="x"} 1\n'
    assert judge(parse((text + more).encode(), content_type), families()) == ()


@pytest.mark.parametrize("body", [b"<p>{</p>", b"\xff\xfe", b"a{b 1\n"])
@pytest.mark.parametrize("format_", FORMATS)
def test_what_is_no_page_is_told_as_such(body: bytes, format_: str) -> None:
    with pytest.raises(PageError):
        parse(body, format_)


def test_openmetrics_without_its_end_is_cut_off() -> None:
    text, content_type = written(FORMATS[1])
    with pytest.raises(PageError, match="EOF"):
        parse(text.replace("# EOF\n", "").encode(), content_type)
