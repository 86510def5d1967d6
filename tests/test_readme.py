"""The README agrees with the code: its tables are read and compared, both ways; its examples are run."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import typer.main
from starlette.routing import Route

from prober.cli import app
from prober.kinds import table
from prober.loader import load
from prober.metrics import Metrics, families
from prober.outcome import Family
from prober.status import StatusStore
from prober.web import AppState, application

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    """The text under a heading of the second level."""
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", README, re.MULTILINE | re.DOTALL)
    assert found, title
    return found[1]


def rows(title: str) -> list[list[str]]:
    """The cells of the table in a section, without its head."""
    lines = [line for line in section(title).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines[2:]]


def test_the_table_of_reasons_is_the_enum() -> None:
    told = {family: tuple(re.sub(r"\(.*\)", "", names).split()) for family, names in rows("Reasons")}
    assert told == {family: family.reasons for family in Family}


def test_the_table_of_kinds_is_what_the_kinds_say_of_themselves() -> None:
    assert table() in section("Kinds")


def test_the_table_of_commands_is_the_command_line() -> None:
    told = {name for row in rows("Try it") for name in re.findall(r"`(\w+)(?: [^`]*)?`", row[0])}
    group = typer.main.get_command(app)
    assert told == set(group.commands)  # type: ignore[attr-defined]


def test_every_option_in_the_table_of_commands_exists() -> None:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    assert re.findall(r"--[a-z-]+", section("Try it"))
    for name, told in rows("Try it"):
        for option in re.findall(r"(--[a-z-]+)", told):
            known = {
                text
                for word in re.findall(r"\w+", name)
                if word in commands
                for param in commands[word].params
                for text in param.opts
            }
            assert option in known, f"{name}: {option}"


def test_the_example_configuration_is_sound(tmp_path: Path) -> None:
    [example] = re.findall(r"```yaml\n(.*?)```", section("Configuration"), re.DOTALL)
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas" / "search.json").write_text("{}")
    (tmp_path / "example.yaml").write_text(example)
    config = load([tmp_path / "example.yaml"], environ={"NOTES_TOKEN": "t0ken-for-tests"})
    assert list(config.probes) == ["notes-search"]


def test_the_table_of_metrics_is_what_the_daemon_exports() -> None:
    told = {name.strip("`"): tuple(labels.split()) for name, labels, _ in rows("Metrics")}
    assert told == {row.name: row.labels for row in families() if not row.name.startswith("process_")}


def test_the_table_of_endpoints_is_what_the_daemon_serves() -> None:
    told = {path for row in rows("The daemon") for path in re.findall(r"`([^`]+)`", row[0])}
    served = {route.path for route in routes() if not route.path.startswith("/static/")}
    assert told == served


def routes() -> list[Route]:
    """Those of the application; nothing is asked of the daemon behind it."""
    app_state = AppState(
        statuses=StatusStore(),
        metrics=Metrics(),
        run_now=None,  # type: ignore[arg-type]
        reload=None,  # type: ignore[arg-type]
        ready=lambda: True,
        next_due=lambda _: None,
        in_maintenance=lambda _: False,
        started_at=datetime.now(UTC),
    )
    return [route for route in application(app_state).routes if isinstance(route, Route)]
