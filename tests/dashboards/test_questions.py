"""The PromQL of the dashboards: a Prometheus takes it, and whatever it asks for is exported."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest
from prometheus_client.parser import text_string_to_metric_families

from mcp_state.metrics import CACHE_RESULTS, OUTCOMES
from prober.client.http.token_expiry import RENEWALS
from prober.metrics import families
from prober.outcome import Symptom
from tests.alerts.expressions import read
from tests.alerts.rules import RECORDED
from tests.programs import said

from .reading import NAMES, asked, dashboard, panels, questions

GOLDEN: Final = Path(__file__).parents[1] / "reference" / "metrics.golden"

OF_PROMETHEUS: Final = {"scrape_duration_seconds": set[str]()}
"""What Prometheus adds to a scrape."""
OF_EVERY_SERIES: Final = {"cluster", "instance", "job", "location"}
"""Given by Prometheus, or by the prober that was told where it stands."""


def exported() -> dict[str, set[str]]:
    """The labels of every sample, by its name: of the prober, of the reference server, of Prometheus."""
    found: dict[str, set[str]] = dict(OF_PROMETHEUS)
    for row in families():
        if row.type == "histogram":
            found |= {row.name + suffix: {*row.labels} for suffix in ("_sum", "_count")}
            found[f"{row.name}_bucket"] = {*row.labels, "le"}
        else:
            found[row.name] = {*row.labels}
    for family in text_string_to_metric_families(GOLDEN.read_text(encoding="utf-8")):
        if not family.samples:  # a histogram that begins with its first observation
            found |= {family.name + suffix: {"store", "le"} for suffix in ("_bucket", "_sum", "_count")}
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def recorded(name: str) -> dict[str, set[str]]:
    """The metrics that a recorded one is made of, in the end, with the labels that are asked of them."""
    found: dict[str, set[str]] = {}
    for metric in read(RECORDED[name]["expr"]).metrics:
        found |= recorded(metric) if metric in RECORDED else {metric: EXPORTED[metric]}
    return found


EXPORTED: Final = exported()
EXPORTED.update({name: set().union(*recorded(name).values()) for name in RECORDED})
_METRIC: Final = re.compile(r"((?:\b[a-z_]+:)?\b(?:mcp|prober|process|scrape)_[a-z_]+\b(?::\w+)?)(?:\{([^}]*)\})?")
_MATCHER: Final = re.compile(r'(\w+)\s*(?:=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"')
_GROUPING: Final = re.compile(r"\b(?:by|on|without|ignoring|group_left|group_right) \(([^)]*)\)")


def selectors(expr: str) -> list[tuple[str, dict[str, str]]]:
    """Every metric that an expression reads, with its matchers."""
    return [(name, dict(_MATCHER.findall(matchers))) for name, matchers in _METRIC.findall(expr)]


@pytest.mark.external
def test_prometheus_takes_every_question(tmp_path: Path) -> None:
    asks = [{"record": "asked", "expr": expr} for name in NAMES for _, expr in questions(dashboard(name))]
    rules = tmp_path / "rules.yml"
    rules.write_text(json.dumps({"groups": [{"name": "dashboards", "rules": asks}]}), encoding="utf-8")
    assert f"{len(asks)} rules found" in said("promtool", "check", "rules", "--lint=none", rules)


@pytest.mark.parametrize("name", NAMES)
def test_every_metric_and_label_is_exported(name: str) -> None:
    for place, expr in questions(dashboard(name)):
        asked_of = selectors(expr)
        assert asked_of, f"{place} reads nothing"
        at_hand = set(OF_EVERY_SERIES)
        for metric, matchers in asked_of:
            assert metric in EXPORTED, f"{place}: nobody exports {metric}"
            at_hand |= EXPORTED[metric]
            missing = set(matchers) - EXPORTED[metric] - OF_EVERY_SERIES
            assert not missing, f"{place}: {metric} has no {missing}"
        for grouping in _GROUPING.findall(expr):
            labels = {label.strip() for label in grouping.split(",")} - {""}
            assert labels <= at_hand, f"{place}: nothing has {labels - at_hand}"


@pytest.mark.parametrize("name", NAMES)
def test_every_label_in_a_legend_or_a_column_is_in_the_answer(name: str) -> None:
    for panel in panels(dashboard(name)):
        for target in panel["targets"]:
            known = OF_EVERY_SERIES.union(*(EXPORTED[metric] for metric, _ in selectors(asked(target["expr"]))))
            legend = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
            assert legend <= known, panel["title"]
        if panel["type"] == "table":
            columns = {each["matcher"]["options"] for each in panel["fieldConfig"]["overrides"]}
            refs = [target["refId"] for target in panel["targets"]]
            values = {f"Value #{ref}" for ref in refs} if len(refs) > 1 else {"Value"}
            asked_for = " ".join(target["expr"] for target in panel["targets"])
            grouped = {label.strip() for labels in _GROUPING.findall(asked_for) for label in labels.split(",")}
            assert columns <= values | grouped, panel["title"]


CLOSED: Final[Mapping[str, set[str]]] = {
    "outcome": {"sent", "failed", *OUTCOMES},
    "severity": {"breaking", "additive", "cosmetic"},
    "renewal": {*RENEWALS},
    "level": {"warn", "fail"},
    "status": {"ok", "error"},
    "state": {"in_use", "idle"},
    "result": {*CACHE_RESULTS, "pass", *Symptom},
    "symptom": {*Symptom},
}


def test_a_matcher_on_a_closed_label_names_values_that_there_are() -> None:
    named = defaultdict[str, set[str]](set)
    for _, expr in (question for name in NAMES for question in questions(dashboard(name))):
        for _, matchers in selectors(expr):
            for label in matchers.keys() & CLOSED.keys():
                named[label] |= set(matchers[label].split("|"))
    assert named.keys() == CLOSED.keys()
    assert {label: values - CLOSED[label] for label, values in named.items() if values - CLOSED[label]} == {}


BACK: Final = ("1d", "6h:5m", "$__range:5m")
"""How far a panel looks back for what was known of a prober that is gone, or to sum what was recorded."""


@pytest.mark.parametrize("name", NAMES)
def test_rates_over_time_follow_the_width_of_the_chart(name: str) -> None:
    for panel in panels(dashboard(name)):
        for target in panel["targets"]:
            windows = set(re.findall(r"\[([^\]]+)\]", target["expr"]))
            allowed = {"$__rate_interval", *BACK} | ({"$__interval:5m"} if target["range"] else {"$__range"})
            assert windows <= allowed, f"{panel['title']}: {windows}"


def test_every_family_of_the_prober_is_on_a_dashboard() -> None:
    asked_for = {metric for name in NAMES for _, expr in questions(dashboard(name)) for metric, _ in selectors(expr)}
    all_read = {each for metric in asked_for for each in (recorded(metric) if metric in RECORDED else (metric,))}
    families_read = {re.sub(r"_(bucket|sum|count)$", "", metric) for metric in all_read}
    unread = {row.name for row in families() if not row.name.startswith("process_")} - families_read
    assert unread == NOT_SHOWN


NOT_SHOWN: Final[set[str]] = {"mcp_target_label_info"}
"""Families that nobody needs to look at: labels are there for joins of the operator's own."""
