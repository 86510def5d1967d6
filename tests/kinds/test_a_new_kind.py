"""A new kind of probe is one folder: nothing that reads, runs, counts, shows or documents kinds has to learn of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest

import prober.kinds
from prober.config.kind import ProbeKind
from prober.kinds import all_kinds, kind_of, run_of
from tests.cli.command import Done, ended, started, written
from tests.kinds.offering import document, offering, tool

ROOT: Final = Path(__file__).parents[2]

DECLARATION: Final = '''
"""`kind: census`: how many tools the server lists."""

from __future__ import annotations

from prober.config.fields.field_types import Integer
from prober.config.kind import FactMetric, ProbeKind
from prober.config.fields.mapping_schema import key, mapping_of, settings
from prober.outcome import Reason


@settings
class CensusSettings:
    least: int = key(Integer(least=1, most=1000), "How many tools there must be.")
    most: int = key(Integer(least=1, most=1000), "How many tools there may be.", default=40)


def _check(values):
    if values.get("most", CensusSettings.most) < values.get("least", 0):
        values.at("least").report("above most: nothing could pass")


KIND = ProbeKind(
    rank=25,
    help="Count the tools.",
    settings=mapping_of(CensusSettings, checks=(_check,)),
    reasons=lambda settings: {Reason.EXPECTATION_FAILED},
    metrics=(FactMetric(name="mcp_census_tools", type="gauge", help="Tools counted.", facts={"": "census_tools"}),),
)
'''

RUN: Final = """
from prober.outcome import Failure, Reason


async def run(context, settings):
    async with context.session() as session:
        count = len(await session.pages("tools/list", "tools"))
    context.facts["census_tools"] = count
    if not settings.least <= count <= settings.most:
        raise Failure(Reason.EXPECTATION_FAILED, f"{count} tools, expected {settings.least} to {settings.most}")
"""

WITH_FOLDER: Final = """
import sys
import prober.kinds
prober.kinds.__path__.append(sys.argv.pop(1))
"""
COMMAND: Final = WITH_FOLDER + "import prober.cli; sys.argv[0] = 'mcp-prober'; prober.cli.main()"

IN_THE_DAEMON: Final = (
    WITH_FOLDER
    + """
import pathlib
from docs.generate.pages import configuration, kinds
from prober.loader import load
from prober.metrics import families
from prober.metrics.results import reasons_of

config = load([pathlib.Path(sys.argv[1])], environ={})
assert not any(module.endswith(".run") for module in sys.modules if module.startswith("prober.kinds.")), "run code"
[probe] = config.probes.values()
print(sorted(set(reasons_of(probe, config.targets["server"])) & {"expectation_failed", "tool_missing", "timeout"}))
print([row for row in kinds().splitlines() if "census" in row])
print([row for row in configuration().splitlines() if "How many tools there may be" in row])
print([(row.name, row.labels) for row in families() if "census" in row.name])
"""
)


@pytest.fixture
def kinds(tmp_path: Path) -> Path:
    """A folder of kinds with one new kind in it."""
    folder = tmp_path / "kinds"
    (folder / "census").mkdir(parents=True)
    (folder / "census" / "__init__.py").write_text(DECLARATION)
    (folder / "census" / "run.py").write_text(RUN)
    (folder / "census" / "example.yaml").write_text("kind: census\n")
    return folder


async def command(kinds: Path, *words: str, program: str = COMMAND) -> Done:
    async with started(str(kinds), *words, cwd=kinds.parent, program=("-c", program)) as process:
        return await ended(process)


async def test_it_is_read_with_all_its_mistakes(kinds: Path) -> None:
    probes = {
        "short": {"target": "t", "kind": "census"},
        "typo": {"target": "t", "kind": "censu", "least": 1},
        "wrong": {"target": "t", "kind": "census", "leest": 1, "least": 50, "interval": "1s"},
    }
    text = {"targets": {"t": {"url": "http://127.0.0.1:9/mcp"}}, "probes": probes}
    (kinds.parent / "bad.yaml").write_text(json.dumps(text, indent=1))
    done = await command(kinds, "check", "bad.yaml")
    assert done.code == 2
    assert [line.partition(": probes.")[2] for line in done.err.splitlines()[:-1]] == [
        "short: needs least",
        "typo.kind: no such kind; did you mean census?",
        "wrong.leest: unknown key; did you mean least?",
        "wrong.least: above most: nothing could pass",
        "wrong.interval: the interval of 1s is below the timeout of 10s (the default)",
    ]


async def test_it_is_in_the_schema_for_editors_with_its_sentence_types_and_defaults(kinds: Path) -> None:
    schema = json.loads((await command(kinds, "check", "--print-schema")).out)
    assert list(schema["$defs"])[:6] == ["handshake", "auth", "session", "http", "catalog", "census"]  # by rank
    census = schema["$defs"]["census"]
    assert census["description"] == "Count the tools."
    assert census["required"] == ["kind", "least"]
    assert census["properties"]["most"] == {
        "type": "integer",
        "minimum": 1,
        "maximum": 1000,
        "description": "How many tools there may be.",
        "default": 40,
    }


@pytest.mark.parametrize(("least", "outcome"), [(2, "pass"), (3, "fail")])
async def test_it_is_run_and_reported(kinds: Path, least: int, outcome: str) -> None:
    probe: dict[str, Any] = {"kind": "census", "least": least}
    async with offering(tool("one"), tool("two")) as peer:
        file = written(document(peer, probe), kinds.parent)
        told = await command(kinds, "run", file, "--output", "json")
        page = await command(kinds, "run", file, "--output", "prometheus")
    [result] = told.results.values()
    assert (told.code, result["verdict"]) == (int(outcome == "fail"), outcome)
    assert result["message"] == ("" if outcome == "pass" else "2 tools, expected 3 to 40")
    assert 'mcp_census_tools{probe="p0",target="peer"} 2.0' in page.out


async def test_a_run_function_that_cannot_be_imported_is_our_own_fault_and_no_crash(kinds: Path) -> None:
    (kinds / "census" / "run.py").write_text("import a_module_that_nobody_installed")
    async with offering(tool("one")) as peer:
        file = written(document(peer, {"kind": "census", "least": 1}, {"kind": "handshake"}), kinds.parent)
        told = await command(kinds, "run", file, "--output", "json")
    broken, sound = told.results.values()
    assert (broken["reason"], sound["verdict"]) == ("internal_error", "pass")
    assert "a_module_that_nobody_installed" in broken["message"]


async def test_it_is_counted_and_documented(kinds: Path) -> None:
    probes = {"p": {"target": "server", "kind": "census", "least": 1}}
    text = {"targets": {"server": {"url": "http://127.0.0.1:9/mcp"}}, "probes": probes}
    (kinds.parent / "good.yaml").write_text(json.dumps(text))
    done = await command(kinds, "good.yaml", program=IN_THE_DAEMON)
    assert done.out.splitlines() == [
        "['expectation_failed', 'timeout']",
        "['| [`census`](#census) | Count the tools. |', '## `census`', 'kind: census',"
        " 'Its own metrics: `mcp_census_tools`.']",
        "['| `most` | a whole number from 1 to 1,000 | `40` | How many tools there may be. |']",
        "[('mcp_census_tools', ('target', 'probe'))]",
    ]


def test_only_commands_about_a_kind_name_it() -> None:
    """Whatever reads, runs, counts or shows probes of all kinds goes by their declarations."""
    folders = {name: Path(str(prober.kinds.__path__[0])) / name for name in all_kinds()}
    knows = {
        (path.relative_to(ROOT).parts[1], name)
        for path in sorted((ROOT / "prober").rglob("*.py"))
        for name, folder in folders.items()
        if not path.is_relative_to(folder) and f"prober.kinds.{name} " in path.read_text().replace(".run ", " ")
    }
    assert knows == {
        ("cli", "catalog"),  # pin and drift
        ("cli", "race"),  # run --seed, judge
        ("discover", "catalog"),  # init lists what a catalog probe lists
        ("discover", "call"),  # init --update: the tools that a file has probes of
        ("discover", "handshake"),  # run URL: probes of a server that nobody wrote down
        ("discover", "scenario"),
    }


def test_every_kind_that_ships_is_whole() -> None:
    assert all_kinds().keys() == {
        *("handshake", "auth", "session", "http", "catalog", "clients", "stream", "call", "read", "prompt"),
        *("scenario", "race", "isolation", "metrics"),
    }
    for name, kind in all_kinds().items():
        assert isinstance(kind, ProbeKind)
        assert kind.help.endswith(".")
        assert callable(run_of(name))
    assert len({kind.rank for kind in all_kinds().values()}) == len(all_kinds())


def test_a_name_that_no_kind_has_is_told_with_the_nearest() -> None:
    with pytest.raises(ValueError, match=r"no such kind as 'cal'; did you mean call\?"):
        kind_of("cal")
