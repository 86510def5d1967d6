"""Commands inside sentences, of documents and of the program's own messages, are commands that there are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main

from prober.cli import app
from prober.reference.__main__ import _parser
from tests.docs.pages import PAGES, ROOT

COMMAND = re.compile(r"\bmcp-prober ((?:-[\w-]+|[a-z]+)(?=[\s`'\"|)\\:.,]|$)[^\n`\"\\#]*)")
"""From the name of the program to the end of the line or of the code."""

SOURCES = sorted(
    path
    for folder in ("prober", "probes", "alerts", "deploy", "dashboards/generate")
    for path in (ROOT / folder).rglob("*")
    if path.suffix in (".py", ".yaml", ".yml", ".md", ".service", "", ".html", ".j2") and path.is_file()
)


def commands_in(path: Path) -> Iterator[str]:
    for found in COMMAND.finditer(path.read_text(encoding="utf-8")):
        yield found[1].strip()


@pytest.mark.parametrize("path", [*PAGES, ROOT / "prober", ROOT / "probes"], ids=lambda path: path.name)
def test_every_command_in_a_sentence_is_one(path: Path) -> None:
    files = [source for source in SOURCES if source.is_relative_to(path)] if path.is_dir() else [path]
    wrong = [f"{file.name}: {text}: {why}" for file in files for text in commands_in(file) if (why := mistake(text))]
    assert wrong == []


def test_commands_are_found_and_mistakes_are_seen() -> None:
    assert sum(1 for source in [*SOURCES, *PAGES] for _ in commands_in(source)) > 60
    assert mistake("run probes --trace FILE") == ""
    assert mistake("rum probes") == "no such command as rum"
    assert mistake("run probes --trase FILE") == "run has no --trase"
    assert mistake("reference --sesion probe") == "reference has no --sesion"


def mistake(text: str) -> str:
    """What is wrong with the words behind `mcp-prober`; nothing where they are right."""
    name, *words = text.partition(" -- ")[0].split()
    group = typer.main.get_command(app)
    commands = group.commands  # type: ignore[attr-defined]
    if name.startswith("-"):
        return "" if name in {option for param in group.params for option in param.opts} | HELP else f"no {name}"
    if name not in commands:
        return "" if name in PROSE else f"no such command as {name}"
    known = {option for param in commands[name].params for option in param.opts} | HELP
    if name == "reference":
        known |= {option for action in _parser("")._actions for option in action.option_strings}
    unknown = [word for word in re.findall(r"(?<!\S)--[a-z][a-z-]*", " ".join(words)) if word not in known]
    return f"{name} has no {unknown[0]}" if unknown else ""


HELP = {"-h", "--help", "--install-completion", "--show-completion"}
PROSE = {
    *(
        "adds",
        "asks",
        "can",
        "checks",
        "configuration",
        "does",
        "has",
        "holds",
        "is",
        "prints",
        "reads",
        "runs",
        "says",
    ),
    *("shows", "to", "writes"),
}
"""What may follow the name of the program in a sentence about it."""
