"""Several instances on one Redis keep every promise that one on SQLite keeps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from prober.engine import run_pass
from tests.leaks import nothing_left_behind
from tests.races.instances import INSTANCES, balancing, instances_on_redis
from tests.races.reference import short

pytestmark = [pytest.mark.external, pytest.mark.slow]


@pytest.fixture(scope="module")
def instances(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sequence[int]]:
    with instances_on_redis(tmp_path_factory.mktemp("instances")) as ports:
        yield ports


async def test_three_instances_behind_one_address_pass_every_race(instances: Sequence[int], tmp_path: Path) -> None:
    async with nothing_left_behind(), balancing(instances) as balanced:
        config = balanced.probes(tmp_path)
        probes = [short(probe, operations=60) for probe in config.probes.values()]
        outcomes = await run_pass(config, probes, concurrency=1)
        assert len(balanced.connections) == INSTANCES
    assert [each.probe for each in outcomes] == [probe.name for probe in probes] != []
    assert [f"{each.probe}: {each.reason}: {each.message}" for each in outcomes if each.verdict != "pass"] == []
    assert all(each.facts["race_overlap"] >= 4 for each in outcomes), [each.facts for each in outcomes]
    assert [each.warnings for each in outcomes if each.warnings] == []
