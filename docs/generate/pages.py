"""The text of each page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import typer.main

from docs.generate.markdown import code, table, yaml
from prober.cli import app
from prober.kinds import all_kinds
from prober.loader import reference
from prober.metrics import families
from prober.metrics.families import Row

FOLDER: Final = Path(__file__).parents[1]
EXAMPLES: Final = FOLDER / "examples"


def configuration() -> str:
    return reference({file.stem: file.read_text(encoding="utf-8") for file in EXAMPLES.glob("*.yaml")})


def kinds() -> str:
    lines = [
        "# Kinds of probes",
        "",
        "What a probe does is its `kind`. Each example is a whole configuration file; the target `reference` is",
        "`mcp-prober reference --session probe`. Types and defaults of all keys are in the",
        "[configuration reference](configuration.md). This page is made by the code that runs the probes.",
        "",
        *table(
            ("kind", "what it does"),
            ((f"[`{name}`](#{name})", kind.help) for name, kind in all_kinds().items()),
        ),
        *_JUDGING,
    ]
    for name, kind in all_kinds().items():
        lines += [f"## `{name}`", "", kind.help, "", *yaml(example(name))]
        lines += table(("key", "meaning"), ((f"`{key.name}`", key.help) for key in kind.settings.keys))
        if kind.metrics:
            lines += [f"Its own metrics: {code(each.name for each in kind.metrics)}.", ""]
    return "\n".join(lines)


def example(kind: str) -> str:
    """A configuration file with that kind, from the folder of the kind."""
    return (files(f"prober.kinds.{kind}") / "example.yaml").read_text(encoding="utf-8")


_JUDGING: Final = (
    "A `call` is judged in this order, and the first thing that is wrong is its reason: transport, HTTP, protocol,",
    "tool error, the server's own `outputSchema`, your `schema`, your expectations, the latency budget. What is judged",
    "is `structuredContent`; `from: text` parses the first text as JSON, `from: result` takes the whole result.",
    "",
    "Only tools that say `readOnlyHint: true` are called. Any other tool needs `allow_writes: true` on the probe, and",
    "a scenario or race that writes needs it on the target too. `{scratch}` in a scenario is a new name for every run.",
    "",
)


def metrics() -> str:
    rows = families()
    own = [each for each in rows if not each.name.startswith("process_")]
    itself = [each for each in own if each.name.startswith("mcp_prober_")]
    lines = [
        "# Metrics",
        "",
        "Every family of `/metrics`, made by the code that exports them. With `daemon --location` every family has",
        "the label `location` too. Counters start at zero with their probe and go with it.",
        "The histograms have the usual `_bucket`, `_count` and `_sum`.",
        "",
    ]
    lines += ["## Probes and targets", "", *_families([each for each in own if each not in itself])]
    lines += ["## The prober itself", "", *_families(itself)]
    lines += ["## The process", "", *_families([each for each in rows if each not in own])]
    return "\n".join(lines)


def _families(rows: list[Row]) -> list[str]:
    head = ("family", "type", "labels", "what it says")
    return table(head, ((f"`{each.name}`", each.type, code(each.labels, " "), each.help) for each in rows))


def commands() -> str:
    lines = [
        "# Commands",
        "",
        "Every command and option of `mcp-prober`, made from the command line itself. PATH is a file or a folder of",
        "`*.yaml`, read as one configuration; the default is the folder `probes`. Several files may define a target if",
        "they define it alike. `mcp-prober --install-completion` teaches your shell to complete all of this.",
        "",
    ]
    group = typer.main.get_command(app)
    for name, command in group.commands.items():  # type: ignore[attr-defined]
        lines += [f"## `{name}`", "", *_command(command)]
    return "\n".join([*lines, *_EXIT_CODES])


def _command(command: Any) -> Iterator[str]:
    yield from (" ".join(paragraph.split()) + "\n" for paragraph in command.help.split("\n\n"))
    options = [param for param in command.params if param.param_type_name == "option"]
    arguments = [param for param in command.params if param.param_type_name == "argument"]
    # What stands for a value is no code: in a table, Markdown dialects do not agree on a `|` in code.
    rows = [(param.make_metavar(_context(command)), param.help or "") for param in arguments]
    rows += [(f"{code(param.opts)}{_value(param)}", _meaning(param)) for param in options]
    if rows:
        yield from table(("argument", "meaning"), rows)
    else:
        yield "Its options: `mcp-prober reference --help`.\n"


def _context(command: Any) -> Any:
    return command.context_class(command)


def _value(param: Any) -> str:
    """What stands behind an option."""
    return "" if param.is_flag else f" {param.metavar or param.type.name.split()[0].upper()}"


def _meaning(param: Any) -> str:
    default = param.default
    stated = default is not None and not param.is_flag and default != []
    return f"{param.help} Default: `{default}`." if stated else str(param.help)


_EXIT_CODES: Final = (
    "## Exit codes",
    "",
    *table(
        ("code", "meaning"),
        (
            ("0", "All probes passed."),
            ("1", "A probe failed."),
            ("2", "Wrong usage or configuration; nothing was run."),
            ("3", "The prober's own fault, or no failure but a probe that ended as `unknown`."),
            ("130", "Interrupted."),
        ),
    ),
)

PAGES: Final[Mapping[str, Callable[[], str]]] = {
    "commands.md": commands,
    "configuration.md": configuration,
    "kinds.md": kinds,
    "metrics.md": metrics,
}
