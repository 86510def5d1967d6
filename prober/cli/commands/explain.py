"""`explain`: what a reason means, or which reasons there are."""

from __future__ import annotations

import difflib
import shutil
import textwrap
from typing import Final

import typer

from prober.cli.exit_codes import PASSED, refuse
from prober.outcome import Family, Reason
from prober.reasons import meaning_of
from prober.report.reasons_page import FAMILIES, refined, step

_MOST_WIDTH: Final = 100
"""Columns: longer lines are hard to read."""


def explain(word: str | None) -> int:
    """Print the explanation of a reason, or all reasons by family; returns the exit code."""
    typer.echo(_all() if word is None else _one(_named(word)))
    return PASSED


def _all() -> str:
    longest = max(map(len, Reason))
    lines = []
    for family in Family:
        lines += [f"{family}: {FAMILIES[family]}"]
        lines += [
            _wrapped(f"  {reason:{longest}}  ", meaning_of(reason).sentence, longest + 4) for reason in family.reasons
        ]
        lines.append("")
    return "\n".join([*lines, "What to do about one of them: mcp-prober explain REASON"])


def _one(reason: Reason) -> str:
    meaning = meaning_of(reason)
    lines = [
        _wrapped(f"{reason}: ", meaning.sentence, 0),
        "",
        f"family   {reason.family}; the verdict is {reason.verdict}, the alert {meaning.alert}",
        *(_wrapped("causes   " if not number else " " * 9, cause, 9) for number, cause in enumerate(meaning.causes)),
        _wrapped("next     ", step(meaning.next_step), 9),
    ]
    for known, then in refined(reason):
        lines += ["", f"If {known}:", _wrapped("  ", then, 2)]
    return "\n".join(lines)


def _wrapped(label: str, text: str, indent: int) -> str:
    return textwrap.fill(text, _width(), initial_indent=label, subsequent_indent=" " * indent, break_on_hyphens=False)


def _width() -> int:
    return min(shutil.get_terminal_size((_MOST_WIDTH, 24)).columns, _MOST_WIDTH)


def _named(word: str) -> Reason:
    try:
        return Reason(word.strip().lower().replace("-", "_"))
    except ValueError:
        close = difflib.get_close_matches(word.lower(), list(Reason), n=1)
        hint = f" Did you mean {close[0]}?" if close else ""
        refuse(f"There is no reason {word!r}.{hint} All of them: mcp-prober explain")
