"""The text of each page."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import typer.main

from docs.generate import client_rules, excerpts, state_families
from docs.generate.markdown import code, table, yaml
from prober.cli import app
from prober.kinds import all_kinds
from prober.loader import reference
from prober.metrics import families
from prober.metrics.families import Row
from prober.outcome import Reason, Symptom
from prober.report import prometheus
from prober.web.probe_endpoint import BLACKBOX

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
        *_HELD_TO_RULES,
        "",
    ]
    for name, kind in all_kinds().items():
        lines += [f"## `{name}`", "", kind.help, "", *yaml(example(name))]
        lines += table(("key", "meaning"), ((f"`{key.name}`", key.help) for key in kind.settings.keys))
        if own := [each.name for each in (*kind.metrics, *kind.target_metrics)]:
            lines += [f"Its own metrics: {code(own)}.", ""]
    return "\n".join(lines)


def example(kind: str) -> str:
    """A configuration file with that kind, from the folder of the kind."""
    return (files(f"prober.kinds.{kind}") / "example.yaml").read_text(encoding="utf-8")


_HELD_TO_RULES: Final = (
    "",
    "Probes of the kinds `session` and `http` hold a server against the specification of the version that is",
    "negotiated. What it demands (MUST) fails, what it recommends (SHOULD) is a warning, and so is a refusal that may",
    "be that of a proxy. They call no tool that there is: they send `ping`, `server/discover` and made-up names, and",
    "they end the sessions that they open. A rule that a server is known to break can be named in `skip`.",
    "",
    "Of a server that only some can reach (loopback, a private address, a local name), `http` also tries what DNS",
    "rebinding makes of a request: a foreign `Host`, and an `Origin` that matches it. `skip: [host]` leaves that out.",
)

_JUDGING: Final = (
    "A `call` is judged in this order, and the first thing that is wrong is its reason: transport, HTTP, protocol,",
    "tool error, the server's own `outputSchema`, your `schema`, your expectations, `max_tokens`, the latency budget.",
    "What is judged is `structuredContent`; `from: text` parses the first text as JSON, `from: result` takes the whole",
    "result.",
    "",
    "Only tools that say `readOnlyHint: true` are called. Any other tool needs `allow_writes: true` on the probe, and",
    "a scenario or race that writes needs it on the target too. `{scratch}` in a scenario is a new name for every run.",
    "",
)


def metrics() -> str:
    rows = families()
    own = [each for each in rows if not each.name.startswith("process_")]
    itself = [each for each in own if each.name.startswith("mcp_prober_")]
    known = {each.name for each in rows}
    passes = [(f"`{name}`", text) for name, text in in_a_pass().items() if name not in known]
    return "\n".join(
        [
            *_METRICS,
            *table(("symptom", "reasons"), ((f"`{each}`", code(_reasons_of(each), " ")) for each in Symptom)),
            *("## Probes and targets", "", *_families([each for each in own if each not in itself])),
            *("## The prober itself", "", *_families(itself)),
            *("## The process", "", *_families([each for each in rows if each not in own])),
            *_ON_REQUEST,
            *table(("family", "what it says"), passes),
            *table(
                ("name of blackbox_exporter", "what it says"), ((f"`{name}`", text) for name, text in BLACKBOX.items())
            ),
        ]
    )


def in_a_pass() -> dict[str, str]:
    """The families of `/probe` and of `run --output prometheus`, with their meanings."""
    written = io.StringIO()
    prometheus.write((), started_at=datetime.now(UTC), verbose=False, stream=written)
    return dict(re.findall(r"^# HELP (\S+) (.*)$", written.getvalue(), re.MULTILINE))


def _reasons_of(symptom: Symptom) -> list[str]:
    return [reason.value for reason in Reason if reason.symptom is symptom]


_METRICS: Final = (
    "# Metrics",
    "",
    "Every family of `/metrics`, made by the code that exports them. This page is the contract: a name, a label or a",
    "meaning changes only with a new major version, and the change log says so. Rules, dashboards and runbooks that",
    "ship use these names alone, which tests hold them to.",
    "",
    "With `daemon --location` every family has the label `location` too. Histograms have the usual `_bucket`,",
    "`_count` and `_sum`. Counters and histograms start at zero with their probe, and go with it. Of a probe that has",
    "not run yet there is `mcp_probe_info` and what the configuration says of it, and nothing else.",
    "",
    "Availability is runs that passed, divided by all runs but the `unknown` ones:",
    "",
    "```text",
    'sum by (target) (increase(mcp_probe_runs_total{result="pass"}[1h]))',
    '/ sum by (target) (increase(mcp_probe_runs_total{result!="unknown"}[1h]))',
    "```",
    "",
    "In OpenMetrics the counters of runs that did not pass have an exemplar: `run_id` is when the latest such run",
    "began. Its page, with what was sent and received, is `/runs/RUN_ID` of the prober.",
    "",
    "## Symptoms",
    "",
    "A run that did not pass has a reason, out of a long list that says where it broke, and a symptom: what a caller",
    "of the server feels. Counters, streaks and alerts go by the symptom. `mcp_probe_failure_info` has both.",
    "",
)
_ON_REQUEST: Final = (
    "## In `/probe` and `run --output prometheus` alone",
    "",
    "A single pass has no counters. What it exports beside these has the names above. `/probe` has the names of",
    "blackbox_exporter as well.",
    "",
)


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
    for name, command in group.commands.items():  # type: ignore[attr-defined] # it is a group: the app has commands
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


def patterns() -> str:
    """Written by hand, but for the excerpts."""
    return excerpts.refreshed((FOLDER / "patterns.md").read_text(encoding="utf-8"))


PAGES: Final[Mapping[str, Callable[[], str]]] = {
    "clients.md": client_rules.page,
    "commands.md": commands,
    "configuration.md": configuration,
    "kinds.md": kinds,
    "metrics.md": metrics,
    "patterns.md": patterns,
    "state-metrics.md": state_families.page,
}
