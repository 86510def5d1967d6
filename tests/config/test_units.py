"""Durations and sizes."""

from __future__ import annotations

import pytest

from prober.config.units import parse_duration, parse_size, show_duration, show_size


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("500ms", 0.5),
        ("5s", 5.0),
        ("2m", 120.0),
        ("1h", 3600.0),
        ("1d", 86400.0),
        ("1m30s", 90.0),
        ("1d2h3m4s5ms", 93784.005),
        ("1m500ms", 60.5),
        ("0.5s", 0.5),
        ("1.5h", 5400.0),
        ("0s", 0.0),
        ("", None),
        ("5", None),
        ("s", None),
        ("5 s", None),
        (" 5s", None),
        ("5s\n", None),
        ("-5s", None),
        ("+5s", None),
        ("5S", None),
        ("5sec", None),
        (".5s", None),
        ("5.s", None),
        ("1e3s", None),
        ("30s1m", None),
        ("1s1s", None),
        ("1m 30s", None),
        ("\N{ARABIC-INDIC DIGIT FIVE}s", None),
        ("9" * 13 + "s", None),
    ],
)
def test_a_duration_is_numbers_with_units_from_large_to_small(text: str, seconds: float | None) -> None:
    assert parse_duration(text) == (None if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize("text", ["500ms", "5s", "1m", "1m30s", "1h", "1d", "1d1h1m1s1ms", "0s"])
def test_a_duration_is_shown_as_it_is_written(text: str) -> None:
    seconds = parse_duration(text)
    assert seconds is not None
    assert show_duration(seconds) == text


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("100B", 100),
        ("1kB", 1000),
        ("500KiB", 512_000),
        ("1MB", 1_000_000),
        ("2MiB", 2_097_152),
        ("1.5MiB", 1_572_864),
        ("1GB", 10**9),
        ("1GiB", 2**30),
        ("", None),
        ("100", None),
        ("2 MiB", None),
        ("2mib", None),
        ("2M", None),
        ("2KB", None),
        ("-1B", None),
        ("1B\n", None),
    ],
)
def test_a_size_is_one_number_with_a_unit(text: str, size: int | None) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["100B", "1001B", "500KiB", "2MiB", "1GiB", "0B"])
def test_a_size_is_shown_as_it_is_written(text: str) -> None:
    size = parse_size(text)
    assert size is not None
    assert show_size(size) == text
