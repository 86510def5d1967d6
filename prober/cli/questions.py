"""Asks on a terminal for the arguments that no schema gives: each once, for all tools that want it."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Final

import typer

from prober.discover.survey import Question
from prober.json_values import cap
from prober.report.untrusted import line

_SHOWN: Final = 3


def can_ask() -> bool:
    """Whether a person sits at a terminal, and sees the questions on it."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def ask(questions: Sequence[Question]) -> Mapping[str, str]:
    """The answers, by argument. Enter leaves an argument out; Ctrl-D ends the questions."""
    typer.echo("Some tools want values that only you know. Enter leaves one out, Ctrl-D ends the questions.", err=True)
    answers: dict[str, str] = {}
    for question in questions:
        tools = ", ".join(question.tools[:_SHOWN])
        more = f" and {len(question.tools) - _SHOWN} more" if len(question.tools) > _SHOWN else ""
        typer.echo(line(f"{question.name} ({cap(question.hint, 160)}), for {cap(tools, 160)}{more}"), err=True)
        typer.echo("> ", nl=False, err=True)
        text = sys.stdin.readline()
        if not text:
            typer.echo(err=True)
            break
        if text.strip():
            answers[question.name] = text.strip()
    return answers
