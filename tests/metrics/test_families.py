"""The table of families: it and the page say the same, and its words keep to the conventions."""

from __future__ import annotations

from typing import Final

from prober.metrics import families
from prober.outcome import Symptom
from tests.metrics.reading import OPENMETRICS, metrics_of, page, parsed
from tests.metrics.world import SOURCES, WORKERS, configured, eventful

OF_KINDS: Final = tuple(
    f"mcp_{word}_" for word in ("auth", "contract", "isolation", "metrics", "race", "session", "stream")
)
"""What a kind alone learns begins with the kind."""


async def test_the_table_is_the_page_and_the_page_is_the_table() -> None:
    config = configured()
    metrics = metrics_of(config, shard=(1, 1))
    metrics.ask(
        budget_remaining=lambda _target: 1.0,
        in_maintenance=lambda _probe: False,
        streak=lambda _probe: (1, Symptom.TOO_SLOW),
    )
    metrics.history_size(0, dropped=0)
    metrics.sources(SOURCES)
    metrics.workers(WORKERS)
    for result in eventful(config):
        metrics.record(result)
    shown = {}
    for family in parsed(await page(metrics, OPENMETRICS)):
        name = family.name + {"counter": "_total", "info": "_info"}.get(family.type, "")
        labels = {label for sample in family.samples for label in sample.labels} - {"le"}
        shown[name] = (family.type, labels, family.documentation)
    assert shown == {name: (kind, set(labels), text) for name, kind, labels, text in families()}


async def test_openmetrics_is_told_the_unit_that_a_name_ends_with() -> None:
    metrics = metrics_of(configured())
    metrics.history_size(0, dropped=0)
    families_shown = parsed(await page(metrics, OPENMETRICS))
    units = {each.name: each.unit for each in families_shown if not each.name.startswith("process_")}
    last_words = {name: name.rpartition("_")[2] for name in units}
    assert units == {name: word if word in ("seconds", "bytes") else "" for name, word in last_words.items()}
    assert {"seconds", "bytes", ""} == set(units.values())


def test_names_are_told_apart() -> None:
    names = [row.name for row in families()]
    assert len(set(names)) == len(names)


def test_every_family_keeps_to_the_conventions() -> None:
    for name, kind, labels, text in families():
        if name.startswith("process_"):
            continue
        assert name.startswith(("mcp_probe_", "mcp_target_", "mcp_prober_", *OF_KINDS)), name
        assert (kind == "counter") == name.endswith("_total"), name
        assert (kind == "info") == name.endswith("_info"), name
        assert kind != "histogram" or name.endswith("_seconds"), name
        assert ("timestamp" in name) <= name.endswith("_timestamp_seconds"), name
        assert not {"ms", "milliseconds", "minutes", "percent"} & set(name.split("_")), name
        assert text[0].isupper(), name
        assert text.endswith("."), name
        assert "success" not in labels, name
