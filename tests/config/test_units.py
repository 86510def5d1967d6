"""Durations, sizes and rates."""

from __future__ import annotations

import pytest

from prober.config.fields.units import parse_duration, parse_rate, parse_size, show_duration, show_rate, show_size


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


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("2/s", (2, 1.0)),
        ("30/m", (30, 60.0)),
        ("30/min", (30, 60.0)),
        ("120/h", (120, 3600.0)),
        ("1000/d", (1000, 86400.0)),
        ("999999999/d", (999_999_999, 86400.0)),
        ("0/h", None),
        ("1.5/h", None),
        ("120", None),
        ("120/", None),
        ("120/ h", None),
        ("120/hour", None),
        ("120/w", None),
        ("120/sin", None),
        ("-1/h", None),
        ("120/h\n", None),
        ("1000000000/d", None),
    ],
)
def test_a_rate_is_a_number_and_a_unit_of_time(text: str, rate: tuple[int, float] | None) -> None:
    assert parse_rate(text) == rate


@pytest.mark.parametrize(("rate", "text"), [((120, 3600.0), "120/h"), ((30, 60.0), "30/m"), ((5, 90.0), "5/1m30s")])
def test_a_rate_is_shown_as_it_is_written(rate: tuple[int, float], text: str) -> None:
    assert show_rate(*rate) == text
