"""The challenge of a 401, taken apart."""

from __future__ import annotations

import time

import pytest

from prober.kinds.auth.challenge import parameters, schemes


@pytest.mark.parametrize(
    ("header", "names", "values"),
    [
        ("", set(), {}),
        ("Bearer", {"bearer"}, {}),
        ('bearer realm="a"', {"bearer"}, {"realm": "a"}),
        (
            'Bearer error="invalid_token", resource_metadata="https://a/b?c=d,e"',
            {"bearer"},
            {"error": "invalid_token", "resource_metadata": "https://a/b?c=d,e"},
        ),
        (
            'Basic realm="x, Bearer y", Bearer scope=tools',
            {"basic", "bearer"},
            {"realm": "x, Bearer y", "scope": "tools"},
        ),
        ('DPoP algs="ES256", Bearer', {"dpop", "bearer"}, {"algs": "ES256"}),
        ('Bearer realm="say \\"hi\\""', {"bearer"}, {"realm": 'say "hi"'}),
        ('Negotiate, Bearer realm="a", realm="b"', {"negotiate", "bearer"}, {"realm": "a"}),
        ('Bearer resource_metadata = "https://a"', {"bearer"}, {"resource_metadata": "https://a"}),
    ],
)
def test_schemes_and_parameters(header: str, names: set[str], values: dict[str, str]) -> None:
    assert schemes(header) == names
    assert parameters(header) == values


@pytest.mark.parametrize("header", ["a" * 60_000, '"' * 60_000, "a=" * 30_000, 'a="' + "\\" * 60_000, ", " * 30_000])
def test_a_header_made_to_be_slow_takes_no_time(header: str) -> None:
    before = time.process_time()
    schemes(header), parameters(header)
    assert time.process_time() - before < 0.5
