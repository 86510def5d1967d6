"""A healthy week of fifty servers calls nobody, through deploys, restarts of everything and the clocks that go back.

The prober's own rooms live the week on a clock that is told (`week/prober.py`), a real Prometheus holds their metrics,
minute by minute, and what the rules record of them. In the same week with one outage exactly one alert wakes
somebody: so a page would be seen.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from tests.dashboards.past import prometheus
from tests.dashboards.recording import levels

from .rules import ALERTING, RECORDED
from .week.judging import Firing, fired, firings, record, seconds
from .week.living import lived, written
from .week.world import BEGIN, CONTROL, DAY, MINUTE, MINUTES, World

pytestmark = [pytest.mark.external, pytest.mark.slow]

OUTAGE: Final = (1.5 * DAY, 1.5 * DAY + 3 * MINUTE + 50)
"""Of a probe that runs every minute: three or four runs, a page, and too few to burn a month's budget too fast."""


def judged(url: str) -> list[Firing]:
    """All that fired in the week that a Prometheus holds."""
    span = {"begin": BEGIN.timestamp(), "end": BEGIN.timestamp() + MINUTE * (MINUTES - 1)}
    for level in levels({name for name in RECORDED if not name.startswith("instance_")}):
        for group in level:
            for rule in group["rules"]:
                record(rule, url, **span, step=max(MINUTE, seconds(group["interval"])))
    return [firing for rule in ALERTING.values() for firing in firings(rule, url, **span, step=MINUTE)]


def test_a_healthy_week_calls_nobody_and_one_outage_in_it_one_person_once(tmp_path: Path) -> None:
    scraped = lived(World(outage=OUTAGE))
    with prometheus(tmp_path, tmp_path / "data", "--web.enable-remote-write-receiver") as url:
        written(scraped, url)
        found = judged(url)
    (page,) = [each for each in found if dict(each.labels).get("target") == CONTROL]
    others = [each for each in found if each is not page]
    assert (page.alert, page.severity) == ("McpTargetDown", "critical")
    since = page.begins - BEGIN.timestamp() - OUTAGE[0]
    assert 2 * MINUTE <= since <= 4 * MINUTE, "three runs, and a minute"
    assert page.ends - BEGIN.timestamp() - OUTAGE[1] <= 4 * MINUTE
    assert others == []


@pytest.mark.parametrize(
    ("active", "wait", "keep", "expected"),
    [
        ([], 0, 0, []),
        ([60], 0, 0, [(60, 120)]),
        ([60, 120], 120, 0, []),
        ([60, 120, 180], 120, 0, [(180, 240)]),
        ([60, 120, 240, 300], 120, 0, []),
        ([60, 180], 0, 60, [(60, 300)]),
        ([60, 240], 0, 60, [(60, 180), (240, 360)]),
    ],
    ids=["never", "at once", "too short", "long enough", "interrupted", "kept firing", "over, and again"],
)
def test_an_alert_fires_when_it_has_been_true_for_long_enough(
    active: list[float], wait: float, keep: float, expected: list[tuple[float, float]]
) -> None:
    assert fired(active, step=60, wait=wait, keep=keep) == expected


def test_a_duration_is_read() -> None:
    assert [seconds(text) for text in ("0s", "90s", "1h30m", "3d")] == [0, 90, 5400, 3 * DAY]
