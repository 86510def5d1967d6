"""`kind: stream`: how long an idle stream of the server stays open."""

from __future__ import annotations

from typing import Final

from prober.config.fields.field_types import Choice
from prober.config.fields.mapping_schema import Values, key, mapping_of, settings
from prober.config.fields.unit_fields import Duration
from prober.config.fields.units import show_duration
from prober.config.kind import FactMetric, ProbeKind
from prober.config.probes import seconds_of
from prober.outcome import Reason

SPARE: Final = 5.0
"""Seconds that the timeout must leave for the beginning and the end of a run."""


@settings
class StreamSettings:
    """Open the stream by which the server may say something by itself, ask for nothing, and wait."""

    hold: float = key(Duration(), "How long the stream is held open. `timeout` must be 5s above it.", default=150.0)
    expect_open: float | None = key(
        Duration(),
        "How long the stream must stay open; what cuts it later is only shown. Default: as long as `hold`.",
        default=None,
    )
    list_changed: str | None = key(
        Choice(("warn", "fail")),
        "Read the lists at the beginning and the end of `hold`, in another session. A list that changed without a"
        " notification on the stream, though the server announces `listChanged`, is warned of (`warn`) or fails the"
        " probe (`fail`).",
        default=None,
    )


def _check(values: Values) -> None:
    hold = values.get("hold", StreamSettings.hold)
    expected = values.get("expect_open") if values.has("expect_open") else None
    if hold is None:
        return
    if expected is not None and expected > hold:
        values.at("expect_open").report(f"above hold, which is {show_duration(hold)}: nobody would see it")
    timeout = seconds_of(values, "timeout")
    if timeout is not None and timeout < hold + SPARE:
        cursor = values.at("timeout") if values.has("timeout") else values.cursor
        cursor.report(
            f"the timeout of {show_duration(timeout)} is too short to hold a stream for {show_duration(hold)}:"
            f" needs timeout: {show_duration(hold + SPARE)} or more, and an interval above it"
        )


KIND: Final = ProbeKind(
    rank=29,
    help="Hold an idle stream open, and say when it was cut.",
    settings=mapping_of(StreamSettings, checks=(_check,)),
    reasons=lambda _: {Reason.STREAM_CUT, Reason.EXPECTATION_FAILED, Reason.UNDECIDED},
    next_steps={
        Reason.EXPECTATION_FAILED: "If the server is to have a stream, look why it answers so. A server need not have"
        " one: then remove the probe {probe}. If a list changed in silence, have the server send the notification, or"
        " not announce `listChanged`.",
        Reason.UNDECIDED: "Remove the probe {probe}, or give it a target with a URL and `transport: http`.",
    },
    metrics=(
        FactMetric(
            name="mcp_stream_open_seconds",
            type="gauge",
            help="How long the stream of the last run stayed open, at most as long as the probe holds it.",
            facts={"": "stream_open_seconds"},
        ),
        FactMetric(
            name="mcp_stream_silence_seconds",
            type="gauge",
            help="The longest time without a byte on the stream of the last run: a proxy with a shorter limit cuts it.",
            facts={"": "stream_silence_seconds"},
        ),
    ),
    beside=True,
)
