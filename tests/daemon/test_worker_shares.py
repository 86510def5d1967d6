"""Which worker a target falls to, what crosses to it, and which runs the next process of a worker owes."""

from __future__ import annotations

import pickle
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import pytest

from prober.config.fields.secret import Secret
from prober.config.model import Budget, Config, Probe, Target
from prober.daemon.workers.accounts import Accounts
from prober.daemon.workers.division import worker_of
from prober.engine import not_run
from prober.kinds import all_kinds
from prober.loader import load
from prober.scheduled_run import ScheduledRun
from tests.metrics.world import configured, eventful
from tests.schedule.ledger import fleet, loaded

HOUR: Final = timedelta(hours=1)


def test_targets_are_shared_out_alike_and_every_time_the_same() -> None:
    targets = [Target(name=f"target-{n}") for n in range(4_000)]
    share = Counter(worker_of(target, 4) for target in targets)
    assert sorted(share) == [0, 1, 2, 3]
    assert all(900 <= count <= 1_100 for count in share.values()), share
    assert [worker_of(Target(name=name), 4) for name in ("search", "notes", "billing", "mail")] == [1, 3, 1, 3]


def test_what_shares_the_allowance_of_a_host_is_one_workers() -> None:
    allowance = Budget(requests=60, seconds=60)

    def at(name: str, host: str, source: str = "registry") -> int:
        url = f"https://{host}/{name}"
        return worker_of(Target(name=name, url=url, source=source, host_budget=allowance), 64)

    names = [f"target-{n}" for n in range(50)]
    assert len({at(name, "one.example") for name in names}) == 1
    assert len({at(name, f"{name}.example") for name in names}) > 20
    assert len({at("same", "one.example", source=f"source-{n}") for n in range(20)}) > 5, "an allowance is a source's"
    free = {worker_of(Target(name=name, url=f"https://one.example/{name}"), 64) for name in names}
    assert len(free) > 20, "without an allowance a host is not shared"


class Everything(dict[str, str]):
    """An environment in which every variable has a value."""

    def __contains__(self, name: object) -> bool:
        return True

    def __missing__(self, name: str) -> str:
        return "Kw8-sEcReT-9fQ"

    def get(self, name: str, default: Any = None) -> Any:
        return self[name]


@pytest.mark.parametrize("kind", all_kinds())
def test_probes_of_every_kind_cross_as_they_are(kind: str, tmp_path: Path) -> None:
    file = tmp_path / "example.yaml"
    file.write_text((files(f"prober.kinds.{kind}") / "example.yaml").read_text())
    config = load([file], environ=Everything(), contracts_may_be_missing=True)
    assert {probe.kind for probe in config.probes.values()} >= {kind}
    for value in (*config.probes.values(), *config.targets.values()):
        assert repr(crossed(value)) == repr(value)  # what is compiled is another object there, and has no equal


def test_a_schema_and_an_expectation_judge_there_as_here_and_the_same_schema_is_one(tmp_path: Path) -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}}
    probe = {"target": "t", "kind": "call", "tool": "x", "schema": schema, "expect": [{"path": "$.n", "equals": 3}]}
    config = loaded({"targets": {"t": {"url": "http://127.0.0.1:9/mcp"}}, "probes": {"p": probe, "q": probe}}, tmp_path)
    one, other = (crossed(config.probes[name]).settings.checks for name in ("p", "q"))
    assert one.schema is other.schema
    assert (one.schema.fits({"n": 3}, None), one.schema.surely_fits({"n": "3"})) == (None, False)
    [expectation] = one.expect
    assert [expectation.matchers[0].holds(value) for value in (3, 4)] == [True, False]


def test_an_outcome_crosses_whole() -> None:
    results = eventful(configured())
    assert results
    for result in results:
        assert crossed(result) == result
    assert crossed(Secret("Kw8-sEcReT-9fQ")) == Secret("Kw8-sEcReT-9fQ")


def crossed(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value, pickle.HIGHEST_PROTOCOL))


def ran(probe: Probe, due: datetime) -> ScheduledRun:
    return ScheduledRun(outcome=not_run(probe, "for the test"), due=due)


def accounts() -> tuple[Accounts, Config, Probe]:
    config = fleet(1, interval=3600)
    kept = Accounts()
    kept.keep(config.probes, config.targets)
    return kept, config, config.probes["p0"]


def test_nothing_is_owed_of_a_probe_that_is_new() -> None:
    before = datetime.now(UTC)
    kept, config, probe = accounts()
    assert before <= kept.since(probe.name) <= datetime.now(UTC)
    known = kept.since(probe.name)
    kept.keep(config.probes, config.targets)
    assert kept.since(probe.name) == known, "a reload changes nothing of what was there"


def test_a_run_that_was_lost_is_owed_until_it_was_lost_too_often() -> None:
    kept, _, probe = accounts()
    lost = datetime.now(UTC) - 2 * HOUR
    for _ in range(2):
        kept.ran(ran(probe, lost))
        kept._until[probe.name] = lost
        for _ in range(3):
            kept.worker_died([probe])
            assert kept.since(probe.name) == lost, "the next worker runs it"
        kept.worker_died([probe])
        assert datetime.now(UTC) - kept.since(probe.name) < HOUR / 2, "this one may be what kills workers"


def test_what_ran_or_was_left_out_is_not_owed() -> None:
    kept, _, probe = accounts()
    due = datetime.now(UTC) + HOUR
    kept.ran(ran(probe, due))
    kept.ran(ran(probe, due - HOUR))
    kept.worker_died([probe])
    assert kept.since(probe.name) == due
    kept._until[probe.name] = due - 5 * HOUR
    kept.left_out(probe.name)
    assert datetime.now(UTC) - kept.since(probe.name) < HOUR / 2


def test_requests_that_count_are_kept_through_a_reload_and_only_where_they_are_limited() -> None:
    config = configured()
    kept = Accounts()
    for probe in config.probes.values():
        kept.keep(config.probes, config.targets)
        outcome = replace(not_run(probe, ""), facts={"race_operations": 5.0})
        kept.ran(ScheduledRun(outcome=outcome, due=datetime.now(UTC)))
        kept.sent(outcome)
    of_web = [probe for probe in config.probes.values() if probe.target == "web"]
    assert 0 < len(of_web) < len(config.probes)
    assert kept.requests(config.targets) == {"web": 10 * len(of_web)}
    kept.keep({}, {})
    assert kept.requests(config.targets) == {}


def test_what_was_kept_of_a_probe_that_is_gone_goes() -> None:
    kept, _, probe = accounts()
    kept.keep({}, {})
    with pytest.raises(KeyError):
        kept.since(probe.name)
