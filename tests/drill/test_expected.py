"""What a drill expects speaks of faults, probes, metrics and alerts that exist, and leaves no fault out."""

from __future__ import annotations

from typing import Any, Final

import pytest
import yaml

from prober.cli.package_data import shipped
from prober.drill import ECHOES, EXPECTED
from prober.drill.expected import SELF_ALERTS, SLOW_SECONDS
from prober.drill.pipeline import RUN
from prober.loader import load
from prober.metrics import Metrics
from prober.metrics.families import families
from prober.outcome import Reason
from prober.reference.faults.catalog import FAULTS
from prober.reference.faults.switches import parse

RULES: Final[list[dict[str, Any]]] = [
    rule
    for file in sorted((shipped("alerts") / "rules").glob("*.yml"))
    for group in yaml.safe_load(file.read_text())["groups"]
    for rule in group["rules"]
]
ALERTS: Final = {rule["alert"]: rule for rule in RULES if "alert" in rule}


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
    file = "reference-races.yaml" if EXPECTED[fault].races else "reference.yaml"
    probes = load([shipped("probes") / file], environ={}).probes
    assert EXPECTED[fault].probe in probes
    assert EXPECTED[fault].races == (probes[EXPECTED[fault].probe].kind == "race")


@pytest.mark.parametrize("fault", EXPECTED)
def test_the_reference_server_knows_the_fault_as_it_is_switched_on(fault: str) -> None:
    switched = parse(fault + EXPECTED[fault].argument)
    assert switched.name == fault
    assert switched.delay == (SLOW_SECONDS if fault == "slow" else 0)
    assert FAULTS[fault].reason in set(Reason)


async def test_the_metrics_that_move_are_exported() -> None:
    config = load([shipped("probes") / "reference.yaml"], environ={})
    races = load([shipped("probes") / "reference-races.yaml"], environ={})
    pages = [await _page(each) for each in (config, races)]
    for expected in EXPECTED.values():
        families = {line.split()[2] for line in pages[expected.races].splitlines() if line.startswith("# TYPE ")}
        # In the classic format counters are called by what their samples are called.
        assert expected.metric.family in families, expected


async def _page(config: Any) -> str:
    metrics = Metrics()
    metrics.apply_config(config, config.probes)
    page = b"".join([chunk async for chunk in metrics.render(None)])
    return page.decode()
