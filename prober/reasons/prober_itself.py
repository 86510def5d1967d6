"""What the reasons of the family `prober` mean: the prober could not tell how the server is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from prober.outcome import Reason
from prober.reasons.meaning import Meaning

_CANNOT_TELL: Final = "McpProbeCannotTell"

MEANINGS: Final[Mapping[Reason, Meaning]] = {
    Reason.INTERNAL_ERROR: Meaning(
        sentence="The prober itself failed; nothing is known of the server.",
        causes=("a bug of mcp-prober", "a TLS file is broken"),
        next_step="Read the message, and report it with the output of `mcp-prober run --probe {probe} --verbose`.",
        alert=_CANNOT_TELL,
    ),
    Reason.PROBER_SHORTAGE: Meaning(
        sentence="The prober lacked files, memory, threads or processes; nothing is known of the server.",
        causes=(
            "the limit of open files is lower than what so many probes need at once",
            "the container or the machine is out of memory or of processes",
            "name lookups or judging were taken by other targets",
        ),
        next_step="Read the message: it says what was missing. Raise that limit (`ulimit -n` for files), or run fewer"
        " probes at once: `--concurrency`, longer intervals, or several probers by `--shard`.",
        alert=_CANNOT_TELL,
    ),
    Reason.NOT_RUN: Meaning(
        sentence="The probe was due and was not run.",
        causes=("the target's budget of requests is used up", "the run before it was still going on"),
        next_step="Raise `budget` of the target, or `interval` of its probes.",
        alert=_CANNOT_TELL,
    ),
    Reason.UNDECIDED: Meaning(
        sentence="The run ended without a proof for either verdict.",
        causes=("the calls of a race did not overlap", "too many calls had no answer"),
        next_step="Read the message: it says what was missing. A single time needs no action.",
        alert=_CANNOT_TELL,
    ),
}
