"""`kind: metrics`: cause conflicts and waits for locks, and hold the server's own counters against them.

settings.py    the tools that write, lose or wait, and where the page of metrics is
acts.py        makes the calls, and notes what each has to have moved
run.py         the page before, the calls, the page afterwards, the verdict
"""

from __future__ import annotations

from typing import Final

from prober.config.document.cursor import Cursor
from prober.config.fields.mapping_schema import AtLeastOne, mapping_of
from prober.config.kind import FactMetric, ProbeKind
from prober.kinds.metrics.settings import ACTS, MetricsSettings, check_acts, check_placeholders
from prober.kinds.reasons import CHECK_REASONS, TOOL_REASONS
from prober.kinds.step import list_at
from prober.outcome import Reason


def _steps(cursor: Cursor) -> list[Cursor]:
    return [*list_at(cursor.find("setup")), *list_at(cursor.find("cleanup"))]


KIND: Final = ProbeKind(
    rank=80,
    help="Cause conflicts and waits for locks, and see whether the server's own metrics moved by them.",
    settings=mapping_of(MetricsSettings, rules=(AtLeastOne(ACTS),), checks=(check_acts, check_placeholders)),
    reasons=lambda _: TOOL_REASONS | CHECK_REASONS | {Reason.METRICS_UNTRUE},
    next_steps={
        Reason.UNDECIDED: "The message says what the proof lacks: a page at `metrics_url` of the probe {probe} that can"
        " be read, of the one process that answers the calls, or a call that is turned down.",
        Reason.EXPECTATION_FAILED: "Correct `expect` or `capture` of the step {step} in the probe {probe}.",
    },
    metrics=(
        FactMetric(
            name="mcp_metrics_counters",
            type="gauge",
            help="Counters of the server's own page that had to move by what the last run did, by whether they did.",
            label="moved",
            facts={"yes": "metrics_moved", "no": "metrics_not_moved"},
        ),
    ),
    answers=_steps,
    writes_need_target=True,
)
