"""Ages, shares and cut texts: tables of what they are in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from prober.report.formatting import percent
from prober.web.pages.formatting import ago, lines_within, one_line, since, span

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-3.0, "0 s"),
        (0.4, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (12 * 60 + 59, "12 min"),
        (119 * 60, "119 min"),
        (2 * 3600, "2 h"),
        (47 * 3600, "47 h"),
        (48 * 3600, "2 days"),
        (400 * 86400, "400 days"),
    ],
)
def test_a_span_is_told_in_one_unit(seconds: float, text: str) -> None:
    assert span(seconds) == text


def test_a_moment_is_told_relative_and_exact() -> None:
    begun = since(NOW - timedelta(minutes=12, seconds=5), NOW)
    assert (begun.text, begun.exact) == ("for 12 min", "2026-11-22 11:47:55 UTC")
    assert begun.machine == "2026-11-22T11:47:55+00:00"


@pytest.mark.parametrize(("seconds", "text"), [(-30, "in 30 s"), (0.5, "now"), (30, "30 s ago")])
def test_what_is_to_come_and_what_was_are_told_apart(seconds: float, text: str) -> None:
    assert ago(NOW - timedelta(seconds=seconds), NOW).text == text


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (1.0, "100 %"),
        (0.999999, "99.99 %"),
        (0.9991, "99.91 %"),
        (0.98999, "98.9 %"),
        (0.983, "98.3 %"),
        (0.42, "42 %"),
        (0.0004, "1 %"),
        (0.0, "0 %"),
    ],
)
def test_a_share_is_rounded_down_but_not_to_nothing(share: float, text: str) -> None:
    assert percent(share) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("short", "short"),
        ("two\nlines", "two lines"),
        ("x" * 10_000, "x" * 9 + "…"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\u202egnp.exe", "\ufffdgnp.exe"),
        ("<b>", "<b>"),
    ],
)
def test_a_servers_line_is_safe_and_short(text: str, shown: str) -> None:
    assert one_line(text, most=10) == shown


def test_a_passage_that_is_cut_says_how_long_it_was() -> None:
    assert lines_within("y" * 10_000, most=20) == "y" * 19 + "…\n(10,000 characters in all)"
    assert lines_within("a\nb\n", most=20) == "a\nb"
