"""Several reports of one pass: each whole in its file, one on standard output, a table where there is no other."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

import pytest

from tests.cli.command import mcp_prober
from tests.cli.daily import BAD, GOOD, write
from tests.report.test_sarif import VALIDATOR

BOTH: Final = {"good": GOOD, "bad": BAD}


def written_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if ".out" in path.name)


async def test_each_report_goes_to_its_file_and_a_table_to_standard_output(reference: str, tmp_path: Path) -> None:
    outputs = [f"--output={name}={name}.out" for name in ("json", "junit", "sarif", "prometheus")]
    file = write(tmp_path / "probes.yaml", reference, BOTH)
    done = await mcp_prober("run", file.name, *outputs, cwd=tmp_path)
    assert (done.code, done.err) == (1, "")
    assert re.match(r"fail  reference  bad ", done.out)
    text = {name: (tmp_path / f"{name}.out").read_text() for name in ("json", "junit", "sarif", "prometheus")}
    assert json.loads(text["json"])["summary"] == {"pass": 1, "fail": 1, "unknown": 0}
    assert ET.fromstring(text["junit"]).get("failures") == "1"
    assert "mcp_probe_success" in text["prometheus"]
    log = json.loads(text["sarif"])
    VALIDATOR.validate(log)
    [result] = log["runs"][0]["results"]
    lines = file.read_text().splitlines()
    region = result["locations"][0]["physicalLocation"]["region"]
    assert (result["ruleId"], lines[region["startLine"] - 1]) == ("tool_missing", "  bad:")
    assert written_in(tmp_path) == sorted(f"{name}.out" for name in text)  # and no half of a file is left


async def test_a_link_stays_a_link_to_the_report(reference: str, tmp_path: Path) -> None:
    file = write(tmp_path / "probes.yaml", reference, {"good": GOOD})
    (tmp_path / "real.json").write_text("old")
    (tmp_path / "link.json").symlink_to("real.json")
    await mcp_prober("run", str(file), "--output", "json=link.json", cwd=tmp_path)
    assert (tmp_path / "link.json").is_symlink()
    assert json.loads((tmp_path / "real.json").read_text())["summary"]["pass"] == 1


async def test_one_report_may_take_standard_output_for_itself(reference: str, tmp_path: Path) -> None:
    file = write(tmp_path / "probes.yaml", reference, {"good": GOOD})
    done = await mcp_prober("run", str(file), "--output", "json", "--output", "junit=j.xml", cwd=tmp_path)
    assert done.results["good"]["verdict"] == "pass"
    assert (tmp_path / "j.xml").exists()


REFUSED: Final = (
    (("--output", "json", "--output", "junit"), "only one report goes to standard output", "--output junit=FILE"),
    (("--output", "xml=a"), "--output xml=a: choose one of table, json, junit, sarif, github, prometheus", ""),
    (("--output", "json="), "name a file behind the =", ""),
    (("--output", "json=gone/a.json"), "there is no folder gone", ""),
    (("--output", "json=a", "--output", "junit=./a"), "is named twice", ""),
)


@pytest.mark.parametrize(("words", "told", "help_"), REFUSED, ids=[told[:30] for _, told, _ in REFUSED])
async def test_outputs_that_cannot_be_written_are_refused_before_the_run(
    words: tuple[str, ...], told: str, help_: str, tmp_path: Path
) -> None:
    file = write(tmp_path / "p.yaml", "http://127.0.0.1:9/mcp", {"a": GOOD})
    done = await mcp_prober("run", str(file), *words, cwd=tmp_path)
    assert (done.code, done.out) == (2, "")
    assert told in done.err
    assert help_ in done.err


async def test_a_report_that_cannot_be_written_after_the_run_is_told_and_fails_a_good_pass(
    reference: str, tmp_path: Path
) -> None:
    file = write(tmp_path / "probes.yaml", reference, {"good": GOOD})
    done = await mcp_prober("run", str(file), "--output", "json=/dev/full", "--output", "junit=j.xml", cwd=tmp_path)
    assert done.code == 2
    assert "--output json=/dev/full: not written: No space left on device" in done.err
    assert "1 passed, 0 failed" in done.out  # the others are written all the same
    assert (tmp_path / "j.xml").exists()


async def test_github_gets_annotations_and_a_summary(reference: str, tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("# of the step before\n")
    env = {"GITHUB_STEP_SUMMARY": str(summary), "GITHUB_WORKSPACE": str(tmp_path)}
    file = write(tmp_path / "probes.yaml", reference, BOTH)
    done = await mcp_prober("run", str(file), "--output", "github", cwd=tmp_path, env=env)
    line = file.read_text().splitlines().index("  bad:") + 1
    [command] = [text for text in done.out.splitlines() if text.startswith("::error ")]
    assert command.startswith(
        f"::error file=probes.yaml,line={line},title=reference/bad%3A tool_missing at tools/list::"
    )
    assert summary.read_text().startswith("# of the step before\n### MCP probes: 1 passed, 1 failed")


@pytest.mark.parametrize(
    ("env", "coloured"),
    [
        ({"FORCE_COLOR": "1"}, True),
        ({"FORCE_COLOR": "1", "TERM": ""}, True),
        ({"FORCE_COLOR": "0"}, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ({}, False),
    ],
    ids=str,
)
async def test_a_log_gets_colours_if_its_owner_says_so(
    env: dict[str, str], coloured: bool, reference: str, tmp_path: Path
) -> None:
    file = write(tmp_path / "probes.yaml", reference, BOTH)
    done = await mcp_prober("run", str(file), "--output", "table=t.txt", "--output", "json=j", cwd=tmp_path, env=env)
    again = await mcp_prober("run", str(file), cwd=tmp_path, env=env)
    assert "\x1b[" not in (tmp_path / "t.txt").read_text()
    assert done.code == again.code == 1
    assert ("\x1b[1;31m" in again.out) is coloured
    assert ("\x1b[" in again.out) is coloured


async def test_the_reports_are_small_files_with_the_rights_that_the_user_gives(reference: str, tmp_path: Path) -> None:
    file = write(tmp_path / "probes.yaml", reference, {"good": GOOD})
    await mcp_prober("run", str(file), "--output", "json=j.json", cwd=tmp_path)
    mask = os.umask(0)
    os.umask(mask)
    assert (tmp_path / "j.json").stat().st_mode & 0o777 == 0o666 & ~mask
