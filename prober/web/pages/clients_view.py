"""The clients of a target on its page: which of them can use its tools, as the latest run found that looked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from prober.lint.rules import rules
from prober.outcome import Verdict
from prober.report.formatting import counted


@dataclass(frozen=True, kw_only=True)
class ClientRow:
    """One client or model, and how many of its rules the tools break."""

    title: str
    means: str
    verdict: Verdict
    text: str


def clients_of(numbers: Mapping[str, float]) -> tuple[ClientRow, ...]:
    """The rows of the clients that a run has looked at; none where no probe does. `numbers` are the target's facts."""
    return tuple(
        ClientRow(
            title=client.title,
            means=client.means,
            verdict=Verdict.PASS if numbers[f"client_usable_{client.id}"] else Verdict.FAIL,
            text=_text(*(int(numbers.get(f"client_{many}_{client.id}", 0)) for many in ("errors", "warnings"))),
        )
        for client in rules().clients.values()
        if f"client_usable_{client.id}" in numbers
    )


def _text(errors: int, warnings: int) -> str:
    """`2 errors, 1 warning`; `can use all tools` where nothing was found."""
    found = ((errors, "error"), (warnings, "warning"))
    return ", ".join(counted(count, noun) for count, noun in found if count) or "can use all tools"
