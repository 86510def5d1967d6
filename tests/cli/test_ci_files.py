"""The files for CI systems: sound for their linters, exported, and their steps do what they say."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET

import pytest
import yaml
from typer.testing import CliRunner

from prober.cli import app
from tests.cli.daily import BAD, GOOD, write

ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = ROOT / "deploy" / "ci"
PAGE: Final = ROOT / "docs" / "ci.md"


def linted(*words: str | Path) -> None:
    """Run a linter that is a Python program; whatever it finds fails the test."""
    tool, *rest = map(str, words)
    program = Path(sys.executable).with_name(tool)
    done = subprocess.run([program, *rest], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def check_jsonschema(schema: str, file: Path) -> None:
    linted("check-jsonschema", "--builtin-schema", f"vendor.{schema}", file)


def test_the_action_and_the_template_keep_to_the_schemas_of_their_hosts() -> None:
    check_jsonschema("github-actions", FOLDER / "action.yml")
    check_jsonschema("gitlab-ci", FOLDER / "gitlab.yml")


def test_zizmor_finds_nothing_in_the_action() -> None:
    linted("zizmor", "--quiet", "--offline", "--strict-collection", FOLDER)


def test_the_linters_do_find_what_is_wrong(tmp_path: Path) -> None:
    action = tmp_path / "action.yml"
    text = (FOLDER / "action.yml").read_text()
    action.write_text(text.replace('"$ARGUMENTS"', '"${{ inputs.arguments }}"'))
    with pytest.raises(AssertionError, match="template-injection"):
        linted("zizmor", "--offline", "--strict-collection", tmp_path)
    action.write_text(action.read_text().replace("using: composite", "using: cobol"))
    with pytest.raises(AssertionError):
        check_jsonschema("github-actions", action)


def test_they_are_exported(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["export", "deploy", str(tmp_path)])
    assert result.exit_code == 0, result.output
    for file in FOLDER.iterdir():
        assert (tmp_path / "ci" / file.name).read_text() == file.read_text()


def bash(script: str, folder: Path, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """A step as GitHub's runner and GitLab's start it."""
    words = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **env}
    return subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False)


def installed(folder: Path) -> None:
    """What the step that installs leaves behind, with the prober of this checkout in it."""
    program = folder / "bin" / "mcp-prober"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m prober "$@"\n')
    program.chmod(0o755)


def run_action(folder: Path, **inputs: str) -> tuple[subprocess.CompletedProcess[str], Path]:
    """The step of the action that runs probes, with its defaults and these inputs; the folder of the runner's files."""
    action: dict[str, Any] = yaml.safe_load((FOLDER / "action.yml").read_text())
    given = {name: stated["default"] for name, stated in action["inputs"].items()} | inputs
    [step] = [step for step in action["runs"]["steps"] if step.get("id") == "run"]
    runner = folder / "runner"
    installed(runner / "mcp-prober")
    env = {name: given[text.removeprefix("${{ inputs.").removesuffix(" }}")] for name, text in step["env"].items()}
    env |= {"RUNNER_TEMP": str(runner), "GITHUB_OUTPUT": str(runner / "output"), "GITHUB_WORKSPACE": str(folder)}
    env |= {"GITHUB_STEP_SUMMARY": str(runner / "summary.md")}
    return bash(step["run"], folder, env), runner


def test_the_action_annotates_and_reports_what_failed(reference: str, tmp_path: Path) -> None:
    (tmp_path / "two words").mkdir()
    probes = {"good": {**GOOD, "tags": ["smoke"]}, "bad": {**BAD, "tags": ["smoke"]}, "other": BAD}
    write(tmp_path / "two words" / "p.yaml", reference, probes)
    done, runner = run_action(tmp_path, paths="two words\n", arguments="--tag\nsmoke")
    assert done.returncode == 1, done.stderr
    errors = [line for line in done.stdout.splitlines() if line.startswith("::error ")]
    assert [line.startswith("::error file=two words/p.yaml,line=") for line in errors] == [True]
    assert (runner / "output").read_text() == "exit-code=1\n"
    assert "1 passed, 1 failed" in (runner / "summary.md").read_text()
    assert ET.parse(tmp_path / "mcp-prober.junit.xml").getroot().get("failures") == "1"
    assert '"ruleId": "tool_missing"' in (tmp_path / "mcp-prober.sarif").read_text()


def test_the_action_passes_where_all_probes_do(reference: str, tmp_path: Path) -> None:
    (tmp_path / "probes").mkdir()
    write(tmp_path / "probes" / "p.yaml", reference, {"good": GOOD})
    done, runner = run_action(tmp_path)
    assert (done.returncode, (runner / "output").read_text()) == (0, "exit-code=0\n")
    assert [line for line in done.stdout.splitlines() if line.startswith("::error")] == []


def test_the_template_runs_what_its_variables_say(reference: str, tmp_path: Path) -> None:
    job: dict[str, Any] = yaml.safe_load((FOLDER / "gitlab.yml").read_text())[".mcp-prober"]
    installed(tmp_path / ".mcp-prober")
    (tmp_path / "probes").mkdir()
    write(tmp_path / "probes" / "p.yaml", reference, {"good": {**GOOD, "tags": ["smoke"]}, "bad": BAD})
    env = job["variables"] | {"CI_PROJECT_DIR": str(tmp_path)}
    [script] = job["script"]
    done = bash(script, tmp_path, env)
    assert done.returncode == 1, done.stderr
    report = tmp_path / job["artifacts"]["reports"]["junit"]
    assert ET.parse(report).getroot().get("failures") == "1"
    assert "\x1b[" in done.stdout  # GitLab shows colours
    done = bash(script, tmp_path, env | {"MCP_PROBER_ARGUMENTS": "--tag smoke"})
    assert done.returncode == 0, done.stderr
    assert ET.parse(report).getroot().get("tests") == "1"
