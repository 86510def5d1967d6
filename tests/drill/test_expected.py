"""What a drill expects speaks of faults, probes, metrics and alerts that exist, and leaves no fault out."""

from __future__ import annotations

from typing import Any, Final

import pytest
import yaml

from prober.cli.package_data import shipped
from prober.drill import ECHOES, EXPECTED
from prober.drill.expected import CALLS, RACES, RULES, SELF_ALERTS, SLOW_SECONDS
from prober.drill.pipeline import RUN
from prober.drill.run import _assigned
from prober.loader import load
from prober.metrics import Metrics
from prober.metrics.families import families
from prober.outcome import Reason
from prober.reference.faults.catalog import FAULTS
from prober.reference.faults.switches import parse

ALERT_RULES: Final[list[dict[str, Any]]] = [
    rule
    for file in sorted((shipped("alerts") / "rules").glob("*.yml"))
    for group in yaml.safe_load(file.read_text())["groups"]
    for rule in group["rules"]
]
ALERTS: Final = {rule["alert"]: rule for rule in ALERT_RULES if "alert" in rule}


def test_every_fault_of_the_reference_server_is_expected_and_no_other() -> None:
    assert EXPECTED.keys() == FAULTS.keys()


def test_every_alert_that_is_expected_or_borne_is_one_that_ships() -> None:
    expected = {each.alert for each in EXPECTED.values()}
    assert expected | ECHOES | SELF_ALERTS <= ALERTS.keys()
    assert not expected & (ECHOES | SELF_ALERTS)


def test_every_alert_of_the_prober_itself_that_a_drill_can_raise_is_known() -> None:
    """Whatever is said of the prober and not of a target; a drill has no history and no shards, and reloads nothing."""
    of_the_prober = {name for name in ALERTS if name.startswith("McpProber")}
    others = {"McpProberHistoryDown", "McpProberNotReloading", "McpProberShardMissing", "McpProberSourceFailing"}
    assert of_the_prober - SELF_ALERTS == others


def test_the_series_that_is_waited_for_is_exported() -> None:
    assert RUN in {row.name for row in families()}


@pytest.mark.parametrize("fault", EXPECTED)
def test_the_probe_that_looks_at_the_right_place_ships(fault: str) -> None:
    probes = load([shipped("probes") / EXPECTED[fault].file], environ={}).probes
    assert EXPECTED[fault].probe in probes
    assert EXPECTED[fault].lingers == (probes[EXPECTED[fault].probe].kind in ("race", "isolation"))


def test_a_fault_whose_alert_lingers_comes_after_the_others_of_its_server() -> None:
    """The alert of another would wait for the next round of a group that fires, and might be over by then."""
    queues = [[EXPECTED[fault].lingers for fault in queue] for queue in _assigned(EXPECTED).values()]
    assert queues == [sorted(queue) for queue in queues]
    assert [False, False, False, True] in queues


def test_four_faults_break_rules_of_clients_and_of_the_protocol_each_for_another_kind() -> None:
    probes = load([shipped("probes") / RULES], environ={}).probes
    kinds = [probes[each.probe].kind for each in EXPECTED.values() if each.file == RULES]
    assert sorted(kinds) == ["clients", "http", "isolation", "session"]


@pytest.mark.parametrize("fault", EXPECTED)
def test_the_reference_server_knows_the_fault_as_it_is_switched_on(fault: str) -> None:
    switched = parse(fault + EXPECTED[fault].argument)
    assert switched.name == fault
    assert switched.delay == (SLOW_SECONDS if fault == "slow" else 0)
    assert FAULTS[fault].reason in set(Reason)


async def test_the_metrics_that_move_are_exported() -> None:
    pages = {file: await _page(load([shipped("probes") / file], environ={})) for file in (CALLS, RULES, RACES)}
    for expected in EXPECTED.values():
        families = {line.split()[2] for line in pages[expected.file].splitlines() if line.startswith("# TYPE ")}
        # In the classic format counters are called by what their samples are called.
        assert expected.metric.family in families, expected


async def _page(config: Any) -> str:
    metrics = Metrics()
    metrics.apply_config(config, config.probes)
    page = b"".join([chunk async for chunk in metrics.render(None)])
    return page.decode()
