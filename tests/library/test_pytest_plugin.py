"""`pytest --mcp-probes probes/`: a test per probe, found by the entry point, in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Final

import pytest

from tests.library.conftest import TOKEN
from tests.races.reference import ROOT, Reference
from tests.races.test_driver import processes_of_the_reference

HELLO: Final = "probes/reference.yaml::hello"
NOBODY: Final = "probes/elsewhere.yaml::nobody-there"
SESSIONS: Final = "probes/reference.yaml::sessions"
UNKNOWN_SESSION: Final = "probes/reference.yaml::unknown-session"


@pytest.fixture
def project(probes: Path) -> Path:
    """A project with probes and a test of its own, in which a distribution is installed that has our entry points."""
    folder = probes.parent
    metadata = folder / "site" / "mcp_prober_entry_points-0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: mcp-prober-entry-points\nVersion: 0\n")
    points = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]["pytest11"]
    lines = [f"{name} = {module}" for name, module in points.items()]
    (metadata / "entry_points.txt").write_text("\n".join(["[pytest11]", *lines]))
    (metadata / "RECORD").write_text("prober/__init__.py,,\nprober/pytest_plugin.py,,\n")
    (folder / "tests").mkdir()
    (folder / "tests" / "test_own.py").write_text("def test_own(): pass\n")
    (folder / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\naddopts = --strict-markers\n")
    return folder


def run(folder: Path, *words: str) -> tuple[int, str]:
    """Exit code and text of pytest, without the plugins of this suite."""
    return python(folder, "-m", "pytest", "-p", "no:asyncio", "-p", "no:cacheprovider", *words)


def python(folder: Path, *words: str) -> tuple[int, str]:
    """Exit code and text of a Python process."""
    env = {"PYTHONPATH": f"{folder / 'site'}:{ROOT}", "TOKEN": TOKEN, "COLUMNS": "200"}
    done = subprocess.run([sys.executable, *words], cwd=folder, env=env, capture_output=True, text=True, timeout=60)
    assert TOKEN not in done.stdout + done.stderr
    return done.returncode, done.stdout + done.stderr


def verdicts(text: str) -> dict[str, str]:
    """What `pytest -v` says of each test."""
    words = (line.split() for line in text.splitlines())
    return {each[0]: each[1] for each in words if len(each) > 1 and each[1] in ("PASSED", "FAILED", "ERROR")}


def test_a_test_per_probe_beside_the_tests_of_the_project(project: Path) -> None:
    code, text = run(project, "--mcp-probes", "probes", "-v")
    assert verdicts(text) == {
        NOBODY: "FAILED",
        HELLO: "PASSED",
        SESSIONS: "PASSED",
        UNKNOWN_SESSION: "FAILED",
        "tests/test_own.py::test_own": "PASSED",
    }
    assert code == pytest.ExitCode.TESTS_FAILED


def test_a_failure_reads_as_on_the_terminal(project: Path) -> None:
    _, text = run(project, "--mcp-probes", "probes/elsewhere.yaml")
    assert "connect_refused at server/discover: Connection refused: 127.0.0.1 port 9\n" in text
    assert "fail  nobody  nobody-there  handshake  " in text
    assert f"FAILED {NOBODY} - fail: connect_refused at server/discover: Connection refused" in text
    assert "exchange:" not in text
    assert "Traceback" not in text
    assert "  exchange: server/discover: 0 B sent" in run(project, "--mcp-probes", "probes/elsewhere.yaml", "-vv")[1]
    assert "Unknown or expired session '***'" in run(project, "--mcp-probes", "probes", "-vv")[1]


@pytest.mark.slow
def test_unknown_is_a_failure_with_words_of_its_own(project: Path) -> None:
    processes_of_the_reference(project, clients=2, processes=1)  # which answers one call at a time, so that none races
    code, text = run(project, "--mcp-probes", "processes.yaml", "-m", "mcp_probe")
    assert code == pytest.ExitCode.TESTS_FAILED
    assert "- unknown: undecided at race: no two of" in text
    assert "The prober could not tell: this is not a finding about the server.\n" in text


@pytest.mark.parametrize(
    ("words", "chosen"),
    [
        (("-k", "hello"), {HELLO}),
        (("-k", "nobody"), {NOBODY}),
        (("-k", "reference and call"), {SESSIONS, UNKNOWN_SESSION}),
        (("-m", "mcp_probe"), {NOBODY, HELLO, SESSIONS, UNKNOWN_SESSION}),
        (("-m", "not mcp_probe"), {"tests/test_own.py::test_own"}),
        (("tests",), {NOBODY, HELLO, SESSIONS, UNKNOWN_SESSION, "tests/test_own.py::test_own"}),
        (("probes",), {NOBODY, HELLO, SESSIONS, UNKNOWN_SESSION}),
        ((HELLO,), {HELLO}),
        ((HELLO, "tests"), {HELLO, "tests/test_own.py::test_own"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_probes_are_chosen_like_tests(project: Path, words: tuple[str, ...], chosen: set[str]) -> None:
    _, text = run(project, "--mcp-probes", "probes", "--collect-only", "-q", *words)
    assert {line for line in text.splitlines() if "::" in line} == chosen


def test_the_option_may_be_repeated_and_files_are_one_configuration(project: Path) -> None:
    both = ("--mcp-probes", "probes/elsewhere.yaml", "--mcp-probes", "probes/reference.yaml", "-m", "mcp_probe")
    _, text = run(project, *both, "--collect-only", "-q")
    assert [line for line in text.splitlines() if "::" in line] == [NOBODY, HELLO, SESSIONS, UNKNOWN_SESSION]


def test_the_first_failure_can_end_the_run(project: Path) -> None:
    _, text = run(project, "--mcp-probes", "probes", "-v", "-x", "-m", "mcp_probe")
    assert verdicts(text) == {NOBODY: "FAILED"}


@pytest.mark.slow
def test_probes_are_shared_out_among_processes(project: Path) -> None:
    code, text = run(project, "--mcp-probes", "probes", "-n", "2", "-rA")
    assert code == pytest.ExitCode.TESTS_FAILED
    assert "2 failed, 3 passed" in text
    assert f"PASSED {HELLO}\n" in text
    assert f"FAILED {NOBODY} - fail" in text


def test_a_report_for_machines_has_verdict_and_reason(project: Path) -> None:
    run(project, "--mcp-probes", "probes", "--junitxml", "report.xml", "-m", "mcp_probe")
    cases = {
        case.get("name"): {each.get("name"): each.get("value") for each in case.iter("property")}
        for case in ElementTree.parse(project / "report.xml").iter("testcase")
    }
    assert cases == {
        "nobody-there": {"verdict": "fail", "reason": "connect_refused"},
        "hello": {"verdict": "pass", "reason": ""},
        "sessions": {"verdict": "pass", "reason": ""},
        "unknown-session": {"verdict": "fail", "reason": "tool_error"},
    }


def test_a_warning_of_a_probe_is_one_of_pytest(project: Path) -> None:
    file = project / "probes" / "reference.yaml"
    document = json.loads(file.read_text())
    document["probes"] = {"sessions": {**document["probes"]["sessions"], "latency": {"warn": "0.001ms"}}}
    file.write_text(json.dumps(document))
    _, text = run(project, "--mcp-probes", str(file), "-W", "default")
    assert "McpProbeWarning: the answer took" in text
    assert "1 warning" in text


def test_mistakes_of_the_configuration_are_told_all_at_once_and_nothing_is_run(project: Path) -> None:
    (project / "probes" / "elsewhere.yaml").write_text(
        "targets:\n  a: {ulr: x}\nprobes:\n  p: {target: a, kind: cal}\n"
    )
    code, text = run(project, "--mcp-probes", "probes")
    assert code == pytest.ExitCode.USAGE_ERROR
    assert "ERROR: --mcp-probes: nothing was run.\nprobes/elsewhere.yaml:2: targets.a.ulr: unknown key" in text
    assert "probes/elsewhere.yaml:4: probes.p.kind: no such kind; did you mean call?" in text
    code, text = run(project, "--mcp-probes", "nowhere")
    assert (code, "nowhere: no such file or directory" in text) == (pytest.ExitCode.USAGE_ERROR, True)


def test_without_the_option_it_costs_no_import_and_collects_nothing(project: Path) -> None:
    (project / "tests" / "test_own.py").write_text(
        "import sys\n"
        "def test_own(request):\n"
        "    assert request.config.pluginmanager.has_plugin('prober.pytest_plugin')\n"
        "    assert {name for name in sys.modules if name.startswith('prober')} == {'prober', 'prober.pytest_plugin'}\n"
        "    assert not {'httpx', 'yaml', 'mcp'} & set(sys.modules)\n"
    )
    code, text = run(project, "-v", "probes", "tests")
    assert (code, verdicts(text)) == (pytest.ExitCode.OK, {"tests/test_own.py::test_own": "PASSED"})


def test_a_program_may_use_the_library_and_then_run_pytest(project: Path) -> None:
    script = "import sys, prober, pytest; prober.load('probes'); sys.exit(pytest.main(sys.argv[1:]))"
    words = ("-p", "no:asyncio", "-p", "no:cacheprovider", "-W", "error", "--mcp-probes", "probes", HELLO)
    code, text = python(project, "-c", script, *words)
    assert (code, "1 passed" in text) == (pytest.ExitCode.OK, True), text


def test_a_server_that_breaks_fails_the_same_test(project: Path, right: Reference) -> None:
    assert run(project, "--mcp-probes", "probes", HELLO)[0] == pytest.ExitCode.OK
    right.switch("http-503")
    code, text = run(project, "--mcp-probes", "probes", HELLO)
    assert (code, "unavailable at" in text) == (pytest.ExitCode.TESTS_FAILED, True)


def test_a_disabled_probe_is_skipped_and_tags_choose(project: Path) -> None:
    target = {"nobody": {"url": "http://127.0.0.1:9/mcp", "tags": ["eu"]}}
    off = {"target": "nobody", "kind": "handshake", "enabled": False, "tags": ["slow"]}
    file = project / "off.yaml"
    file.write_text(json.dumps({"targets": target, "probes": {"off": off, "on": {**off, "enabled": True, "tags": []}}}))
    code, text = run(project, "--mcp-probes", "off.yaml", "-rs", "-k", "eu and slow", "-m", "mcp_probe")
    assert code == pytest.ExitCode.OK, text
    assert "1 skipped, 2 deselected" in text
    assert "disabled: the configuration says `enabled: false`" in text
