"""A registry of which 15 % of the servers misbehave in twenty ways: each is found with its reason, and no host is asked
more than it allows."""

from __future__ import annotations

import pytest

from tests.sources.bench import held, measure

INTERVAL = 12.0


@pytest.mark.slow
@pytest.mark.clock
def test_every_wrong_server_is_found_in_time_with_its_reason_and_no_host_gets_too_many_requests() -> None:
    """20,000 servers by hand: python -m tests.sources.bench."""
    figures = measure(300, INTERVAL)
    assert figures["ways to be wrong"] == 20
    assert figures["wrong ones"] == 45
    assert held(figures, INTERVAL) == []
