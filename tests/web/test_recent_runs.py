"""/api/v1/runs: a run that is kept is found by its id, however many came after it."""

from __future__ import annotations

from pathlib import Path

from tests.notify.results import run
from tests.web.asking import asking
from tests.web.house import dead, house

MANY = 1_100
"""More than one answer may hold."""


async def test_a_run_is_found_by_its_id_beyond_the_newest_thousand(tmp_path: Path) -> None:
    async with house(dead("a", "b"), tmp_path) as here, asking(here.app_state) as client:
        recent = here.app_state.recent_runs
        wanted = run("timeout", 0, probe="first")
        recent.record(wanted)
        for number in range(1, MANY):
            recent.record(run("timeout", 1, probe=f"p{number}"))
        [found] = (await client.get("/api/v1/runs", params={"limit": "1"})).json()["runs"]
        assert found["probe"] == f"p{MANY - 1}"
        began = next(each.run_id for each in recent.newest(MANY) if each.outcome.probe == "first")
        [found] = (await client.get("/api/v1/runs", params={"run": began})).json()["runs"]
        assert found["probe"] == "first"
        for other in ({"probe": "p1"}, {"verdict": "pass"}, {"target": "nobody"}):
            assert (await client.get("/api/v1/runs", params={"run": began, **other})).json()["runs"] == []
