"""Which alerts on targets there are where Prometheus runs the probes through /probe: the documents name them all."""

from __future__ import annotations

import inspect
import re
from typing import Final

from prober.kinds import all_kinds
from prober.report import prometheus

from .rules import ALERTING, EXPRESSIONS, ROOT

_RECORDED: Final = re.compile(r"\b[a-z_]+:[a-z_]+:\w+")


def measured(expression: str) -> set[str]:
    """The metrics without which an expression is never anything: what it is without its exceptions."""
    needed = re.split(r"\bunless\b", expression)[0]
    found = set(re.findall(r"\bmcp_[a-z0-9_]+\b", _RECORDED.sub("", needed)))
    return found.union(*(measured(EXPRESSIONS[name]) for name in _RECORDED.findall(needed)))


def of_a_pass() -> set[str]:
    """The metrics of a report of runs, which is what /probe answers."""
    kinds = [metric for kind in all_kinds().values() for metric in (*kind.metrics, *kind.target_metrics)]
    declared = {(metric.in_a_pass or (metric.name,))[0] for metric in kinds}
    return declared | set(re.findall(r'"(mcp_[a-z_]+)"', inspect.getsource(prometheus)))


def test_the_documents_name_the_alerts_that_need_no_more_than_a_scrape_of_probe() -> None:
    about_targets = {name for name, rule in ALERTING.items() if "{{ $labels.target }}" in str(rule["annotations"])}
    work = {name for name in about_targets if (needed := measured(EXPRESSIONS[name])) and needed <= of_a_pass()}
    assert 5 < len(work) < len(about_targets) / 2
    sources = (ROOT / "docs/sources.md").read_text(encoding="utf-8")
    [row] = re.findall(r"^\| alerts on targets \| all \| (.*) \|$", sources, re.MULTILINE)
    assert set(row.split(", ")) == work
    [sentence] = re.findall(r"What works there:(.*?)\. ", (ROOT / "alerts/README.md").read_text("utf-8"), re.DOTALL)
    assert set(re.findall(r"Mcp\w+", sentence)) == work
