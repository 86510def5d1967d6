"""What the questions of the fleet dashboard read of a week grows with the targets, and stays below a bound."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

import pytest

from .cost.asking import asked, read
from .cost.past import PLACE, SCRAPE, accepting, fleet, write_pages, write_recorded
from .reading import FOLDER

pytestmark = [pytest.mark.external, pytest.mark.slow]  # slow: two million samples are written first

PROBES: Final = 100
LARGEST: Final = 10_000
SAMPLES: Final = 5_000_000
DAYS: Final = 7.0


def test_no_question_about_ten_thousand_probes_would_read_more_than_five_million_samples(tmp_path: Path) -> None:
    made = fleet(PROBES)
    at = {"job": "mcp-prober", "instance": "prober:9733", "location": PLACE}
    targets = [*made.config.targets]
    chosen = {name: "|".join(targets) for name in ("worst", "burning")}
    with accepting(tmp_path) as url:
        now = time.time()
        write_recorded(url, targets, at, now - DAYS * 86_400, now)
        write_pages(url, made.page, at, now)
        answers = asked(url, read(FOLDER, "fleet"), end=now, days=DAYS, scrape=SCRAPE, chosen=chosen)
    assert len(answers) > 40
    assert [answer for answer in answers if answer.error] == []
    assert sum(answer.samples > 1000 for answer in answers) > 10, "there is something to read"
    grown = {answer.place: answer.samples * LARGEST // PROBES for answer in answers}
    assert {place: samples for place, samples in grown.items() if samples > SAMPLES} == {}
