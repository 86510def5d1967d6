"""`kind: isolation`: several clients at once, and every answer must reach the client that asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from prober.config.fields.field_types import Integer, JsonObject, Text
from prober.config.fields.mapping_schema import Values, key, mapping_of, settings
from prober.config.fields.wrapping import Expanding
from prober.config.kind import FactMetric, ProbeKind
from prober.kinds.placeholders import names_in
from prober.kinds.reasons import TOOL_REASONS
from prober.kinds.step import check_arguments
from prober.outcome import Reason

NONCE: Final = "nonce"


@settings
class IsolationSettings:
    """Call one tool from several sessions at once, with equal ids of JSON-RPC and a text of its own in each call."""

    tool: str = key(Text(), "A tool that says its argument back, and answers from its arguments alone.")
    arguments: Mapping[str, Any] = key(
        Expanding(JsonObject()),
        'Arguments of the call. "{nonce}" is a text that no other call has; it must be in the answer.',
        repr=False,
    )
    clients: int = key(Integer(least=2, most=32), "How many clients call at once, each in its own session.", default=4)
    rounds: int = key(Integer(least=1, most=200), "How many calls each client makes at most.", default=10)


def _check_nonce(values: Values) -> None:
    cursor = values.cursor.find("arguments")
    if cursor is None or values.get("arguments") is None:
        return
    check_arguments(cursor, {NONCE}, complaint="nothing is called {} here")
    if NONCE not in names_in(values.get("arguments")):
        cursor.report('"{nonce}" must stand in the arguments: by it an answer is known')


KIND: Final = ProbeKind(
    rank=75,
    help="Several clients at once; every answer must reach the client that asked.",
    settings=mapping_of(IsolationSettings, checks=(_check_nonce,)),
    reasons=lambda _: TOOL_REASONS | {Reason.EXPECTATION_FAILED, Reason.ANSWER_CROSSED},
    next_steps={
        Reason.EXPECTATION_FAILED: "Choose as `tool` of the probe {probe} one that says an argument back, such as an"
        " echo, and put the nonce into that argument.",
        Reason.UNDECIDED: "Raise `clients` or `rounds` of the probe {probe}, so that calls overlap. On stdio a"
        " client has a process of its own: remove the probe there.",
    },
    metrics=(
        FactMetric(
            name="mcp_isolation_calls",
            type="gauge",
            help="Calls that the clients of the last run made, and answers that reached another client than their own.",
            label="answer",
            facts={"due": "isolation_calls", "crossed": "isolation_crossed"},
        ),
    ),
)
