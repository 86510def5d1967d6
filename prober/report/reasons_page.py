"""The reasons as Markdown: the page `docs/reasons.md`, and the table of `alerts/README.md`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from prober.kinds import all_kinds
from prober.outcome import Family, Reason
from prober.reasons import filled, meaning_of, meanings
from prober.reasons.situations import REFINEMENTS

FAMILIES: Final[Mapping[Family, str]] = {
    Family.TRANSPORT: "No conversation was possible: network, TLS, or the start of a process.",
    Family.HTTP: "HTTP answered, and no MCP server did.",
    Family.PROTOCOL: "The answer breaks the rules of MCP or JSON-RPC, or is an error of theirs.",
    Family.TOOL: "The tool is missing, may not be called, or says that it failed.",
    Family.VERDICT: "The answer came, and it is not the right one, or came too late.",
    Family.RACE: "Several clients at once saw what a sound store never shows.",
    Family.DEADLINE: "There was no answer in time.",
    Family.PROBER: "The prober could not tell how the server is.",
}


def page() -> str:
    """The whole page `docs/reasons.md`."""
    lines = [
        "# Reasons",
        "",
        "Every run that does not pass ends for one of these reasons. A reason of the family `prober` gives the verdict",
        "`unknown`, every other the verdict `fail`. `mcp-prober explain REASON` prints one of them. Words in capitals",
        "stand for what a report knows of the failure. This page is made by the code that the reports use.",
    ]
    for family in Family:
        lines += ["", f"## {family.value}", "", FAMILIES[family]]
        for reason in family.reasons:
            lines += ["", f"### `{reason}`", "", *_section(reason)]
    return "\n".join(lines) + "\n"


def alert_table() -> str:
    """Every alert that a reason leads to, with the reasons and the next step of each."""
    of_alert: dict[str, list[Reason]] = {}
    for reason, meaning in meanings().items():
        of_alert.setdefault(meaning.alert, []).append(reason)
    rows = [
        f"| [{alert}](runbooks/{alert}.md) | `{reason}` | {_cell(step(meaning_of(reason).next_step))} |"
        for alert, reasons in of_alert.items()
        for reason in reasons
    ]
    return "\n".join(["| Alert | Reason | Next step |", "|---|---|---|", *rows, ""])


def step(template: str) -> str:
    """A next step of no failure in particular."""
    return filled(template, {})


def refined(reason: Reason) -> Iterator[tuple[str, str]]:
    """What may be known of a failure for this reason, and the next step then."""
    for name, kind in all_kinds().items():
        if reason in kind.next_steps:
            yield f"the probe is of the kind `{name}`", step(kind.next_steps[reason])
    for refinement in REFINEMENTS.values():
        if reason in refinement.reasons:
            yield refinement.known, step(refinement.next_step)


def _section(reason: Reason) -> Iterable[str]:
    meaning = meaning_of(reason)
    yield meaning.sentence
    yield ""
    yield f"- Verdict: `{reason.verdict}`. Alert: `{meaning.alert}`."
    yield f"- Usual causes: {'; '.join(meaning.causes)}."
    yield f"- Next step: {step(meaning.next_step)}"
    yield from (f"- If {known}: {then}" for known, then in refined(reason))


def _cell(text: str) -> str:
    return text.replace("|", r"\|")
