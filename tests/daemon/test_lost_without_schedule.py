"""What is lost without the daemon's own schedule: the table of docs/sources.md, held against both kinds of daemon."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Final

import pytest
from typer.testing import CliRunner

from prober.cli import app
from tests.daemon.process import Running, daemon
from tests.daemon.watching import Page, api, metrics, status, until
from tests.sources.strangers import Strangers, strangers

TABLE: Final = (Path(__file__).parents[2] / "docs/sources.md").read_text(encoding="utf-8").partition("own schedule:")[2]
ROWS: Final = {
    name: (re.findall(r"mcp_\w+", scheduled), re.findall(r"mcp_\w+", asked))
    for name, scheduled, asked in re.findall(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", TABLE, re.MULTILINE)
    if "with a schedule" not in scheduled
}
"""The metrics that a row of the table names, with a schedule and without."""
PROBES: Final = ("right", "dead", "offer")


def configured(folder: Path, there: Strangers) -> Path:
    """A probe that passes, one that fails, one of a pinned contract, one by cron and one that may write."""
    call = {"kind": "call", "tool": "echo", "arguments": {"message": "hi"}, "interval": "1s", "timeout": "1s"}
    document = {
        "targets": {
            "here": {"url": f"{there.url}/here", "protocol": "modern"},
            "gone": {"url": "http://127.0.0.1:9/mcp", "maintenance": [{"cron": "0 2 1 1 *", "duration": "1m"}]},
        },
        "probes": {
            "right": {"target": "here", **call},
            "dead": {"target": "gone", "kind": "handshake", "interval": "1s", "timeout": "1s"},
            "offer": {
                "target": "here",
                "kind": "catalog",
                "contract": "contract.json",
                "interval": "1s",
                "timeout": "1s",
            },
            "nightly": {"target": "here", "kind": "handshake", "cron": "0 3 * * *"},
            "writing": {"target": "here", **call, "tool": "forget", "allow_writes": True, "interval": "1h"},
        },
    }
    file = folder / "probes.yaml"
    file.write_text(json.dumps(document), encoding="utf-8")
    pinned = CliRunner().invoke(app, ["pin", str(file)])
    assert pinned.exit_code == 0, pinned.output
    return file


def names(*pages: Page) -> set[str]:
    return {sample.name for page in pages for sample in page.samples}


def asked(running: Running, probe: str) -> Page:
    return Page(running.get(f"probe?target={'gone' if probe == 'dead' else 'here'}&probe={probe}"))


def failing(running: Running) -> Page | None:
    page = metrics(running)
    streaks = page.values("mcp_probe_consecutive_failures", probe="dead")
    ran = page.values("mcp_contract_changes", probe="offer") and page.values("mcp_probe_success", probe="right")
    return page if ran and streaks and max(streaks) >= 2 else None


@pytest.mark.slow
def test_the_table_of_what_is_lost_is_true_of_every_metric_that_it_names(tmp_path: Path) -> None:
    assert len(ROWS) == TABLE.count("\n| ") - 1 > 12
    with strangers() as there:
        file = configured(tmp_path, there)
        with daemon(file) as running:
            scheduled = names(until(lambda: failing(running)))
            assert api(running, "targets")["targets"][0]["probes"][0]["verdict"] != "unknown"
        with daemon(file, "--no-schedule") as running:
            pages = [asked(running, probe) for probe in (*PROBES, *PROBES, "nightly")]
            own = metrics(running)
            without = names(*pages, own)
            assert own.value("mcp_prober_start_lag_seconds_count") == own.value("mcp_prober_suspects_itself") == 0
            assert {each["verdict"] for target in api(running, "targets")["targets"] for each in target["probes"]} == {
                "unknown"
            }
            assert {group["labels"]["probe"] for group in json.loads(running.get("sd"))} == set(PROBES)
            assert status(running, "probe?target=here&probe=writing")[0] == 403
            assert len(api(running, "runs")["runs"]) == len(pages)
    for row, (there_are, left) in ROWS.items():
        assert set(there_are) <= scheduled, row
        assert set(left) <= without, row
        assert (set(there_are) - set(left)) & without == set(), row
