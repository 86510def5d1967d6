"""docs/ci.md: every command is run, every job held against the linters of its host, every table against the code."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
import yaml

import prober
from prober.loader import load
from prober.report import REPORTS
from tests.cli.test_ci_files import ROOT, check_jsonschema, linted
from tests.waiting import block_until

PAGE: Final = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


PROBES, WORKFLOW, PIPELINE = blocks("yaml")
LINES: Final = [line for block in blocks("sh") for line in block.splitlines()]


@pytest.fixture
def project(reference: str, tmp_path: Path) -> Path:
    """A folder with the probes of the page, and `mcp-prober` on the path."""
    (tmp_path / "probes").mkdir()
    (tmp_path / "probes" / "p.yaml").write_text(PROBES.replace("http://127.0.0.1:8080/mcp", reference))
    program = tmp_path / "bin" / "mcp-prober"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m prober "$@"\n')
    program.chmod(0o755)
    return tmp_path


def environment(project: Path) -> dict[str, str]:
    return {
        **os.environ,
        "PATH": f"{project / 'bin'}:{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path]),
        "XDG_STATE_HOME": str(project / "state"),
    }


def test_every_command_that_ends_does_what_the_page_says(project: Path) -> None:
    for line in LINES:
        if "--watch" in line:
            continue
        done = subprocess.run(
            shlex.split(line), cwd=project, env=environment(project), capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
    assert (project / ".github" / "actions" / "mcp-prober" / "action.yml").is_file()
    assert (project / "ci" / "mcp-prober.gitlab.yml").is_file()
    assert (project / "probes.junit.xml").is_file()


def test_the_command_that_watches_ends_with_the_exit_code_of_its_pass(project: Path) -> None:
    [line] = [line for line in LINES if "--watch" in line]
    log = project / "log"
    with log.open("w") as stream:
        process = subprocess.Popen(
            shlex.split(line),
            cwd=project,
            env=environment(project),
            stdout=stream,
            stderr=stream,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL) and None,
        )
        block_until(lambda: "Ctrl-C ends" in log.read_text() or None, log.read_text, seconds=60)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0


def test_the_probes_of_the_page_have_the_tags_that_it_tells_of(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(PROBES)
    probes = load([tmp_path], environ={}).probes
    assert {name: (probe.tags, probe.enabled) for name, probe in probes.items()} == {
        "notes-read": (("prod", "smoke"), True),
        "notes-list": (("prod", "slow"), True),
        "notes-old": (("prod",), False),
    }


def test_the_workflow_is_sound_and_finds_the_action(tmp_path: Path) -> None:
    workflow = tmp_path / ".github" / "workflows" / "mcp.yml"
    workflow.parent.mkdir(parents=True)
    workflow.write_text(WORKFLOW)
    check_jsonschema("github-workflows", workflow)
    linted("zizmor", "--quiet", "--offline", "--min-severity", "medium", tmp_path)
    action = yaml.safe_load((ROOT / "deploy" / "ci" / "action.yml").read_text())
    [step] = [step for step in yaml.safe_load(WORKFLOW)["jobs"]["probes"]["steps"] if "mcp-prober" in step["uses"]]
    assert step["with"].keys() <= action["inputs"].keys()
    assert step["with"]["requirement"] == f"mcp-prober=={prober.__version__}"


def test_the_pipeline_is_sound_and_sets_variables_of_the_template(tmp_path: Path) -> None:
    pipeline = tmp_path / ".gitlab-ci.yml"
    pipeline.write_text(PIPELINE)
    check_jsonschema("gitlab-ci", pipeline)
    template = yaml.safe_load((ROOT / "deploy" / "ci" / "gitlab.yml").read_text())[".mcp-prober"]
    variables = yaml.safe_load(PIPELINE)["mcp-probes"]["variables"]
    assert variables.keys() <= template["variables"].keys()
    assert variables["MCP_PROBER_REQUIREMENT"] == f"mcp-prober=={prober.__version__}"


def test_the_table_of_reports_is_that_of_the_command() -> None:
    assert re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE) == list(REPORTS)
