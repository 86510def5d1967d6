"""The page as Prometheus reads it: with prometheus_client's two parsers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from prometheus_client import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from prober.config.model import Config
from prober.metrics import Metrics

OPENMETRICS: Final = "application/openmetrics-text; version=1.0.0"

Series = tuple[str, frozenset[tuple[str, str]]]


def metrics_of(config: Config, *, location: str | None = None, shard: tuple[int, int] | None = None) -> Metrics:
    """The metrics of a process that has just read the configuration and runs all of it."""
    metrics = Metrics(location=location, shard=shard)
    metrics.apply_config(config, config.probes)
    return metrics


async def page(metrics: Metrics, accept: str | None = None) -> str:
    """The whole page."""
    return b"".join([piece async for piece in metrics.render(accept)]).decode()


def parsed(text: str) -> list[Metric]:
    """The families of a page in either format."""
    if text.endswith("# EOF\n"):
        return list(parse_openmetrics(text))  # type: ignore[no-untyped-call]
    return list(parse_text(text))


def series(families: Iterable[Metric]) -> dict[Series, float]:
    """Every series with its value; that no two are the same is asserted."""
    found: dict[Series, float] = {}
    for family in families:
        for sample in family.samples:
            key = (sample.name, frozenset(sample.labels.items()))
            assert key not in found, key
            found[key] = sample.value
    return found


async def values(metrics: Metrics, name: str, **labels: str) -> dict[tuple[str, ...], float]:
    """The samples of a name that have these labels: their values by their other labels' values, sorted by name.

    Only their lines are parsed, for that takes far longer than writing them. The labels need no escapes.
    """
    wanted = [f'{label}="{text}"' for label, text in labels.items()]
    lines = (await page(metrics)).splitlines(keepends=True)
    own_lines = [line for line in lines if line.startswith((f"{name}{{", f"{name} "))]
    text = "".join(line for line in own_lines if all(label in line for label in wanted))
    return {
        tuple(value for label, value in sorted(own) if label not in labels): number
        for (_, own), number in series(parsed(text)).items()
        if set(labels.items()) <= own
    }


async def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    """The one sample of this name that has exactly these labels besides the constant one; None where there is none."""
    return (await values(metrics, name, **labels)).get(())
