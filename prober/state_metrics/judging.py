"""What is wrong with a page of metrics, and what is missing and so stays empty.

`error`: a dashboard, an alert or a sum over several servers goes wrong. `warning`: it works, but something is lost.
`missing`: a family that the server may lack, with the panels and alerts that have no data for it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, Literal

from prober.state_metrics.families import PREFIXES, Families, Family
from prober.state_metrics.page import Page, Sample

Severity = Literal["error", "warning", "missing"]
SEVERITIES: Final[tuple[Severity, ...]] = ("error", "warning", "missing")

_CREATED: Final = "_created"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing about one family."""

    severity: Severity
    family: str
    what: str
    panels: tuple[str, ...] = ()
    """What stays empty or goes wrong."""
    alerts: tuple[str, ...] = ()
    is_absent: bool = False
    """Whether it is that there is no series of the family at all."""


def judge(page: Page, families: Families) -> tuple[Finding, ...]:
    """All findings: errors first, each group in the order of the families."""
    found = [finding for family in families for finding in _of_family(page, family, families)]
    found += _strangers(page, families)
    return tuple(sorted(found, key=lambda finding: SEVERITIES.index(finding.severity)))


def _of_family(page: Page, family: Family, families: Families) -> Iterator[Finding]:
    samples = [sample for name in family.samples for sample in page.named(name)]
    seen = _type(page, family)
    if not samples:
        yield _absent(family, "there is no such family" if seen is None else "it has no series")
        return
    if seen != family.type:
        yield _finding("error", family, f"it is a {family.type}, the page says {seen or 'nothing of its type'}")
    wrong = [*_labels(family, samples, families)]
    yield from wrong
    yield from _values(family, samples)
    if family.type == "histogram":
        yield from _buckets(page, family)
    if not wrong:
        yield from _unbegun(family, samples, families)


def _absent(family: Family, what: str) -> Finding:
    severity: Severity = "error" if family.required else "missing"
    what += ", which every server has" if family.required else ", as where no tool uses the pattern"
    return replace(_finding(severity, family, what), is_absent=True)


def _type(page: Page, family: Family) -> str | None:
    """The type on the page, under the name with or without `_total`."""
    return page.types.get(family.name) or page.types.get(family.name.removesuffix("_total"))


def _finding(severity: Severity, family: Family, what: str) -> Finding:
    return Finding(severity=severity, family=family.name, what=what, panels=family.panels, alerts=family.alerts)


def _labels(family: Family, samples: list[Sample], families: Families) -> Iterator[Finding]:
    names = {name for sample in samples for name in sample.labels} - {"le"}
    lacking = sorted({name for sample in samples for name in family.labels if not sample.labels.get(name)})
    if lacking:
        yield _finding("error", family, f"series without the label {', '.join(lacking)}")
    if more := sorted(names - set(family.labels)):
        yield _finding("warning", family, f"labels that it does not have: {', '.join(more)}")
    for name in family.labels:
        known = families.values.get(name)
        used = {sample.labels[name] for sample in samples if sample.labels.get(name)}
        if known is not None and (unknown := sorted(used - set(known))):
            shown = ", ".join(repr(value) for value in unknown[:3])
            yield _finding("error", family, f"{name} has the values {', '.join(known)}, and never {shown}")


def _values(family: Family, samples: list[Sample]) -> Iterator[Finding]:
    times = Counter((sample.name, sample.series) for sample in samples)
    if any(number > 1 for number in times.values()):
        yield _finding("error", family, "the same series stands there twice")
    if family.type != "gauge" and any(not sample.value >= 0 for sample in samples):
        yield _finding("error", family, "a count that is negative or no number")


def _buckets(page: Page, family: Family) -> Iterator[Finding]:
    series: dict[tuple[tuple[str, str], ...], dict[float, float]] = {}
    for sample in page.named(f"{family.name}_bucket"):
        key = tuple(sorted((name, value) for name, value in sample.labels.items() if name != "le"))
        series.setdefault(key, {})[_bound(sample.labels.get("le", ""))] = sample.value
    counts = {each.series: each.value for each in page.named(f"{family.name}_count")}
    wanted = {*family.buckets, math.inf}
    if lacking := sorted({bound for buckets in series.values() for bound in wanted - buckets.keys()}):
        yield _finding("error", family, f"buckets that it has and the page has not: {', '.join(map(_shown, lacking))}")
    for key, buckets in series.items():
        in_order = [buckets[bound] for bound in sorted(buckets)]
        if in_order != sorted(in_order):
            yield _finding("error", family, "a bucket holds less than one below it")
            return
        if math.inf in buckets and counts.get(key) != buckets[math.inf]:
            yield _finding("error", family, "the bucket +Inf and the count differ")
            return


def _bound(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _shown(bound: float) -> str:
    return "+Inf" if bound == math.inf else f"{bound:g}"


def _unbegun(family: Family, samples: list[Sample], families: Families) -> Iterator[Finding]:
    """Series that begin with their first report: what counts from zero by then is not seen by `rate`."""
    closed = [name for name in family.labels if name in families.values]
    if len(closed) != 1:
        return
    [name] = closed
    seen: dict[tuple[tuple[str, str], ...], set[str]] = {}
    for sample in samples:
        others = tuple(sorted((key, value) for key, value in sample.labels.items() if key not in (name, "le")))
        seen.setdefault(others, set()).add(sample.labels.get(name, ""))
    if lacking := sorted({value for values in seen.values() for value in families.values[name]} - _everywhere(seen)):
        yield _finding("warning", family, f"series that do not begin at zero: {name}={' or '.join(lacking)}")


def _everywhere(seen: dict[tuple[tuple[str, str], ...], set[str]]) -> set[str]:
    return set.intersection(*seen.values()) if seen else set()


def _strangers(page: Page, families: Families) -> Iterator[Finding]:
    """Names of ours that no family has: misspelt ones, most likely."""
    known = {name for family in families for name in (family.name, *family.samples)}
    for name in sorted(page.types):
        if name.startswith(PREFIXES) and name not in known and not name.endswith(_CREATED):
            bare = name.removesuffix("_total")
            if not {bare, f"{bare}_total"} & known:
                yield Finding(severity="warning", family=name, what="there is no family of this name")
