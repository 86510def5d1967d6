"""A daemon stays as it is: the short form of `make soak`, with the same judgement."""

from __future__ import annotations

import pytest

from tests.daemon.soak import ALLOWED, Sample, Soak, trends

SHORT = Soak(
    runs=10_000,
    per_second=200,
    seconds=120,
    looks=32,
    per_target=2,
    history=False,
    kept_runs=1,
    warm_up=0.5,
    allowed={**ALLOWED, "memory": 0.10},
)
"""Little that fills up takes long to be full: few probes, one run kept of each and its verdict, no caches of SQLite.
Only the holes between the blocks of the heap are not full by then; a leak shows in the blocks."""
FEWEST = 3_000
"""On a machine that is busy with other things, within the time."""


@pytest.mark.slow
def test_memory_descriptors_threads_and_tasks_stay_as_they_are_while_a_third_of_the_runs_is_hostile() -> None:
    done = SHORT.carry_out()
    print(done)
    assert done.samples[-1].runs >= FEWEST
    assert [str(trend) for trend in done.trends if not trend.flat] == []
    assert {"pass", "no_answer", "wrong_answer"} <= set(done.results)


def test_what_grows_by_little_at_a_time_is_seen() -> None:
    def sample(number: int, *, leak: float) -> Sample:
        took = round(80e6 + leak * number + 1e5 * (number % 7))
        blocks = round(3e5 + leak * number / 100)
        return Sample(
            runs=number * 500,
            memory=took,
            blocks=blocks,
            descriptors=40 + number % 3,
            threads=6,
            tasks=90 + number % 5,
        )

    for leak, grows in ((0.0, []), (10_000.0, []), (30_000.0, ["blocks"]), (100_000.0, ["memory", "blocks"])):
        found = trends([sample(number, leak=leak) for number in range(100)])
        assert [trend.name for trend in found if not trend.flat] == grows
