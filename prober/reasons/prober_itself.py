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
        causes=(
            "a bug of mcp-prober",
            "this machine has run out of files, memory or processes",
            "a TLS file is broken",
        ),
        next_step="Read the message. If it names a limit of this machine, raise it (`ulimit -n`) or lower"
        " `--concurrency`; otherwise report it with the output of `mcp-prober run --probe {probe} --verbose`.",
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
        causes=("the calls of a race did not overlap", "too many calls had no answer", "name lookups were all taken"),
        next_step="Read the message: it says what was missing. A single time needs no action.",
        alert=_CANNOT_TELL,
    ),
}
