"""Every metric and label that a rule uses is exported by something of this project."""

from __future__ import annotations

import re
from typing import Final

import pytest
from prometheus_client.parser import text_fd_to_metric_families

from prober.metrics import families

from .expressions import read
from .rules import ALERTS, EXPRESSIONS, RECORDED, ROOT

OF_PROMETHEUS: Final = {"cluster", "job", "instance", "location", "le"}
"""Labels that a scrape or a shared ruler, the prober's place, or a histogram adds."""


def _exported() -> dict[str, set[str]]:
    """The names of samples with their labels: the daemon's, the reference server's, one pass', the log's."""
    exported: dict[str, set[str]] = {"up": set(), "ALERTS": {"alertname", "alertstate", "target"}}
    for name, kind, labels, *_ in families():
        for suffix in ("_bucket", "_sum", "_count") if kind == "histogram" else ("",):
            exported[name + suffix] = set(labels)
    for golden in ("reference/metrics.golden", "report/golden/metrics.prom"):
        with (ROOT / "tests" / golden).open() as page:
            for family in text_fd_to_metric_families(page):
                for sample in family.samples:
                    exported.setdefault(sample.name, set()).update(sample.labels)
                if family.name == "mcp_state_pool_wait_seconds":  # its samples are left out of the golden page
                    exported.update({f"{family.name}_{part}": {"store"} for part in ("bucket", "sum", "count")})
    for name, labels in re.findall(r"^counter (\w+) by (.*)$", (ALERTS / "conflicts.mtail").read_text(), re.MULTILINE):
        exported[name] = set(labels.replace(" ", "").split(","))
    return exported


EXPORTED: Final = _exported()


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_a_rule_reads_only_what_is_exported_or_recorded(name: str) -> None:
    seen = read(EXPRESSIONS[name])
    assert seen.metrics.keys() - EXPORTED.keys() - RECORDED.keys() == set()
    for metric, labels in seen.metrics.items():
        if metric in EXPORTED:
            assert labels - EXPORTED[metric] - OF_PROMETHEUS == set(), metric


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_a_rule_groups_only_by_labels_that_are_there(name: str) -> None:
    seen = read(EXPRESSIONS[name])
    assert seen.labels - labels_of(name) - OF_PROMETHEUS == set()


def labels_of(name: str) -> set[str]:
    """The labels that any metric has which a rule reads, itself or through what others record."""
    if name in EXPORTED:
        return EXPORTED[name]
    known: set[str] = set()
    for metric, asked in read(EXPRESSIONS[name]).metrics.items():
        known |= asked if metric == name else labels_of(metric)
    return known | set(RECORDED.get(name, {}).get("labels", {}))


def test_a_recorded_name_is_read_by_a_rule_or_a_dashboard() -> None:
    used = {metric for expression in EXPRESSIONS.values() for metric in read(expression).metrics}
    shown = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "dashboards").glob("*.json"))
    assert {name for name in RECORDED.keys() - used if name not in shown} == set()


def test_an_expression_is_taken_apart() -> None:
    seen = read('sum by (a, le) (rate(x_total{b=~"c|d", e!=""}[5m] offset 1h)) > on (f) group_left () 3 * y:z:p95_30m')
    assert seen.metrics == {"x_total": {"b", "e"}, "y:z:p95_30m": set()}
    assert seen.labels == {"a", "le", "f"}
