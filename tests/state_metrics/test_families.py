"""Code, file, schema, rules and dashboards agree on the families that a server with shared state exports."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from jsonschema import Draft202012Validator
from prometheus_client import CollectorRegistry
from prometheus_client.metrics import MetricWrapperBase

from docs.generate.state_families import ROOT, document, uses
from mcp_state import metrics as code
from mcp_state.metrics import StateMetrics
from prober.state_metrics.families import PREFIXES, families, path_of_file

SCHEMA: Final = json.loads(path_of_file().with_name("families.schema.json").read_bytes())


def exported() -> dict[str, Any]:
    """What the package exports, by name."""
    metrics = StateMetrics(CollectorRegistry(), store="sqlite")
    found = [each for each in vars(metrics).values() if isinstance(each, MetricWrapperBase)]
    return {each._name + ("_total" if each._type == "counter" else ""): each for each in found}


def test_the_file_is_as_its_schema_says() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert [error.message for error in Draft202012Validator(SCHEMA).iter_errors(document())] == []


def test_the_schema_refuses_a_histogram_without_buckets_and_a_counter_with_some() -> None:
    wrong = document()
    for family in wrong["families"]:
        if family["type"] == "histogram":
            del family["buckets"]
        else:
            family["buckets"] = [1]
    assert len([*Draft202012Validator(SCHEMA).iter_errors(wrong)]) == len(wrong["families"])


def test_the_package_exports_what_the_file_says_and_nothing_else() -> None:
    assert exported().keys() == families().by_name.keys()
    for name, own in exported().items():
        family = families().by_name[name]
        assert (own._type, own._documentation, own._labelnames) == (family.type, family.help, family.labels), name
        bounds = tuple(own._upper_bounds[:-1]) if family.type == "histogram" else ()
        assert bounds == family.buckets, name


def test_the_values_of_labels_are_those_of_the_code() -> None:
    assert families().values == {
        "status": code.STATUSES,
        "outcome": code.OUTCOMES,
        "result": code.CACHE_RESULTS,
        "origin": code.ORIGINS,
        "state": ("in_use", "idle"),
    }
    assert {name for family in families() for name in family.labels} == document()["labels"].keys()


def test_what_uses_a_family_is_what_the_dashboard_and_the_alerts_ask_for() -> None:
    used = {family["name"]: family["used_by"] for family in document()["families"]}
    assert used == uses(), "make it anew: python -m docs.generate.state_families"
    assert all(each["panels"] or each["alerts"] for each in used.values()), "a family that nothing shows"
    assert {name for each in used.values() for name in each["alerts"]} == state_alerts()


def state_alerts() -> set[str]:
    text = (ROOT / "alerts" / "rules" / "state.yml").read_text(encoding="utf-8")
    return set(re.findall(r"alert: (\w+)", text))


def test_rules_and_dashboards_ask_for_no_family_that_the_file_lacks() -> None:
    files = [*(ROOT / "alerts" / "rules").glob("*.yml"), ROOT / "dashboards" / "state.json"]
    pattern = re.compile(rf"(?<![a-z_:])(?:{'|'.join(PREFIXES)})[a-z_]+")
    asked = {name for file in files for name in pattern.findall(file.read_text(encoding="utf-8"))}
    known = {name for family in families() for name in (family.name, *family.samples)}
    assert asked
    assert asked - known == set()
