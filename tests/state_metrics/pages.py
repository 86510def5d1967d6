"""Pages of metrics as the package `mcp_state` writes them, in both formats."""

from __future__ import annotations

from prometheus_client import CollectorRegistry

from mcp_state.metrics import StateMetrics, ToolTraits
from prober.state_metrics.page import Page, parse

ALL = ToolTraits(writes=True, conflicts=True, retries=True, locks=True, appends=True, replays=True, caches=True)
FORMATS = ("text/plain", "application/openmetrics-text;version=1.0.0")


def written(format_: str) -> tuple[str, str]:
    """A page of a server that has every family and was used once; with its content type."""
    metrics = StateMetrics(CollectorRegistry(), store="sqlite", tools={"add": ALL})
    metrics.active_sessions.set(1)
    metrics.call_ended(tool_name="add", status="ok", seconds=0.003)
    metrics.conflict_met(tool="add")
    metrics.write_ended(tool="add", outcome="ok")
    metrics.retries_ended(tool="add", retries=1)
    metrics.lock_waited(tool="add", seconds=0.2)
    body, content_type = metrics.page(format_)
    return body.decode(), content_type


def page(format_: str = FORMATS[0], *, without: str | None = None, **changed: str) -> Page:
    """The page taken apart, without the lines that hold `without`, or with `old` replaced by `new`."""
    text, content_type = written(format_)
    if without is not None:
        assert without in text
        text = "".join(line for line in text.splitlines(keepends=True) if without not in line)
    if changed:
        assert changed["old"] in text
        text = text.replace(changed["old"], changed["new"])
    return parse(text.encode(), content_type)
