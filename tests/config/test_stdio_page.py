"""The page about stdio says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from prober.client.session import EXIT_GRACE
from prober.client.stdio.kept_processes import Cause
from prober.client.stdio.process import _CHUNK, _IDLE_PAUSE, INHERITED
from prober.config.model import Target
from prober.engine import MAX_START_HOLD
from prober.kinds import all_kinds
from prober.loader import load
from prober.metrics.families import families

PAGE = (Path(__file__).parents[2] / "docs" / "stdio.md").read_text(encoding="utf-8")
FLOWING = " ".join(PAGE.split())


def test_the_example_is_a_configuration(tmp_path: Path) -> None:
    [example] = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    path = tmp_path / "probes.yaml"
    path.write_text(example)
    config = load([path], environ={"NOTES_KEY": "key"})
    assert config.targets["notes"].reuse == 900
    assert {probe.kind for probe in config.probes.values()} == {"handshake", "catalog", "call"}


def test_its_times_are_those_of_the_code() -> None:
    target = Target(name="any")
    assert f"| starting, until the first answer | {target.startup_timeout:g} s |" in PAGE
    assert f"| closing | {EXIT_GRACE:g} s, SIGTERM, {EXIT_GRACE:g} s, SIGKILL |" in PAGE
    assert f"keeps others from starting for {MAX_START_HOLD:g} s at most" in FLOWING
    assert f"no more than {_CHUNK // 1024} KiB in {_IDLE_PAUSE * 1000:g} ms" in FLOWING
    assert f"only {', '.join(INHERITED[:-1])} and {INHERITED[-1]}." in FLOWING


def test_its_table_of_ends_has_every_cause() -> None:
    table = PAGE[PAGE.index("| when |") :]
    assert re.findall(r"\| `(\w+)` \|$", table, re.MULTILINE) == [
        "aged",
        "died",
        "broken",
        "failed",
        "reloaded",
        "stopped",
    ]
    assert set(Cause) == {"aged", "died", "broken", "failed", "reloaded", "stopped"}


def test_it_names_metrics_that_there_are_and_every_kind_that_starts_its_own_process() -> None:
    names = set(re.findall(r"`(mcp_\w+)", PAGE))
    assert names <= {row.name for row in families()}
    [own] = re.findall(r"^- (.*) always start processes of their own", PAGE, re.MULTILINE)
    assert re.findall(r"`(\w+)`", own) == [name for name, kind in all_kinds().items() if kind.own_process]
