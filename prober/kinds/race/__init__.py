"""`kind: race`: several clients on one object at once; the trace of their calls is held against a model.

models.py      the operations of each model, and the anomalies that a trace can show
settings.py    which tools are the operations, how many clients, how long
settings_checks.py cross-checks of the settings
run.py         setup, rounds of clients, cleanup, verdict
answer_reading.py the answer of an operation's tool call: value, version, conflict
client.py      one client: chooses and makes the next operation, by the model
recorder.py    records operations and makes a trace of them
answers_kept.py what the record keeps of an answer
judging.py     judges and masks a trace without holding up other probes
judge_process.py the process that judges a large one
report.py      the verdict as a Failure
"""

from __future__ import annotations

from typing import Final

from prober.config.document.cursor import Cursor
from prober.config.fields.mapping_schema import MappingSchema, Values
from prober.config.kind import FactMetric, ProbeKind
from prober.kinds.race.models import MODELS
from prober.kinds.race.settings import RaceCall, RaceSettings, keys
from prober.kinds.race.settings_checks import check_operations, check_placeholders, check_sizes, check_writes
from prober.kinds.reasons import CHECK_REASONS, TOOL_REASONS
from prober.outcome import Reason

__all__ = ["KIND", "RaceCall", "RaceSettings"]


def _steps(cursor: Cursor) -> list[Cursor]:
    return [step for name in ("setup", "cleanup") if (step := cursor.find(name)) is not None]


def _build(values: Values) -> RaceSettings:
    calls = {name: call for name in MODELS[values.get("model")].operations if (call := values.get(name)) is not None}
    return RaceSettings(calls=calls, **values.of(RaceSettings))


def _reasons(settings: RaceSettings) -> frozenset[Reason]:
    return TOOL_REASONS | CHECK_REASONS | set(MODELS[settings.model].anomalies)


KIND: Final = ProbeKind(
    rank=70,
    help="Several clients on one object at once; the trace of their calls is held against a model.",
    settings=MappingSchema(
        keys=keys(), build=_build, checks=(check_writes, check_operations, check_placeholders, check_sizes)
    ),
    reasons=_reasons,
    next_steps={
        Reason.UNDECIDED: "The message says what the proof lacks. Raise `operations` or `clients` of the probe"
        " {probe}, so that more calls overlap.",
        Reason.EXPECTATION_FAILED: "Correct in the probe {probe} where the race finds value, version and conflict in"
        " the tool's answer, or `expect` of its setup.",
    },
    metrics=(
        FactMetric(
            name="mcp_race_violations_total",
            type="counter",
            help="Cases of an anomaly in the traces of the probe's races; an anomaly is a reason of the race family.",
            label="anomaly",
            facts={reason: f"race_violations_{reason}" for model in MODELS.values() for reason in model.anomalies},
            from_zero=lambda settings: MODELS[settings.model].anomalies,
            in_a_pass=(
                "mcp_race_last_violations",
                "Cases of an anomaly in the trace of the last race, by the reason that they are.",
            ),
        ),
        FactMetric(
            name="mcp_race_operations_total",
            type="counter",
            help="Calls that the probe's races made.",
            facts={"": "race_operations"},
            in_a_pass=("mcp_race_last_operations", "Calls that the last race made."),
        ),
        FactMetric(
            name="mcp_race_overlap",
            type="gauge",
            help="The largest number of calls that were open at one instant of the last race;"
            " 1 means that nothing raced.",
            facts={"": "race_overlap"},
        ),
    ),
    answers=_steps,
    own_process=True,
    writes_need_target=True,
)
