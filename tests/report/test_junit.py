"""JUnit XML by the rules on which the schemas in use (Ant's, Jenkins') agree, and by what CI systems show."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from prober.outcome import Verdict
from prober.report.next_step import next_step
from tests.report.golden import report
from tests.report.outcomes import DEADLINE, EVERYTHING, HOSTILE, PASSED, PROCESS, UNKNOWN, VERDICT

ATTRIBUTES = {
    "testsuites": {"name", "tests", "failures", "errors", "time"},
    "testsuite": {"name", "tests", "failures", "errors", "skipped", "time", "timestamp"},
    "properties": set(),
    "property": {"name", "value"},
    "testcase": {"classname", "name", "time"},
    "failure": {"message", "type"},
    "error": {"message", "type"},
    "system-out": set(),
}
CHILDREN = {
    "testsuites": r"(testsuite )*",
    "testsuite": r"(properties )?(testcase )*",
    "properties": r"(property )+",
    "testcase": r"(properties )?(failure |error )?(system-out )?",
}
TEXT = {"failure", "error", "system-out"}
TIME = re.compile(r"\d+\.\d{3}")
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")


@pytest.mark.parametrize("verbose", [False, True])
@pytest.mark.parametrize("outcomes", [EVERYTHING, (HOSTILE,), ()], ids=["everything", "hostile", "empty"])
def test_every_element_keeps_to_the_common_schema(outcomes: tuple[()], verbose: bool) -> None:
    root = ET.fromstring(report("junit", outcomes, verbose=verbose))
    assert root.tag == "testsuites"
    for element in root.iter():
        assert set(element.attrib) == ATTRIBUTES[element.tag]
        children = "".join(f"{child.tag} " for child in element)
        assert re.fullmatch(CHILDREN.get(element.tag, ""), children), f"{element.tag}: {children}"
        assert element.tag in TEXT or not (element.text or "").strip()
        assert TIME.fullmatch(element.get("time", "0.000"))
        assert TIMESTAMP.fullmatch(element.get("timestamp", "2026-01-01T00:00:00"))


def test_the_counts_are_those_of_the_elements() -> None:
    root = ET.fromstring(report("junit", EVERYTHING))
    for element in (root, *root.iter("testsuite")):
        found = [str(len(list(element.iter(tag)))) for tag in ("testcase", "failure", "error")]
        assert [element.get("tests"), element.get("failures"), element.get("errors")] == found
    assert [root.get("tests"), root.get("failures"), root.get("errors")] == ["14", "8", "1"]


def test_a_target_is_a_suite_and_a_probe_a_case() -> None:
    root = ET.fromstring(report("junit", EVERYTHING))
    found = {(suite.get("name"), case.get("classname"), case.get("name")) for suite in root for case in suite}
    named = {(name, target, probe) for name, target, probe in found if probe is not None}
    assert named == {(o.target, o.target, o.probe) for o in EVERYTHING}


def test_a_failed_probe_is_a_failure_and_an_unknown_one_an_error() -> None:
    cases = {
        (case.get("classname"), case.get("name")): case
        for case in ET.fromstring(report("junit", EVERYTHING)).iter("testcase")
    }
    for outcome in EVERYTHING:
        found = [child.tag for child in cases[outcome.target, outcome.probe] if child.tag != "system-out"]
        assert found == {Verdict.FAIL: ["failure"], Verdict.UNKNOWN: ["error"], Verdict.PASS: []}[outcome.verdict]


def test_a_failure_says_all_that_a_terminal_says() -> None:
    failure = ET.fromstring(report("junit", (PROCESS,))).find(".//failure")
    assert failure is not None
    assert failure.get("type") == "process_exited"
    assert failure.get("message") == (
        "process_exited at initialize: the process exited with status 1 before it answered"
    )
    assert failure.text == (
        "process_exited at initialize\n"
        "the process exited with status 1 before it answered\n"
        "detail: node:internal/modules/cjs/loader:1215\n"
        "    throw err;\n"
        "    ^\n"
        "\n"
        "  Error: Cannot find module '/srv/server-filesystem/dist/index.js'\n"
        f"next: {next_step(PROCESS)}"
    )


def test_warnings_are_output_and_exchanges_only_with_verbose() -> None:
    assert _outputs(report("junit", (DEADLINE,))) == ["warning: cleanup failed: no time was left for it"]
    assert _outputs(report("junit", (VERDICT,))) == []
    (told,) = _outputs(report("junit", (VERDICT,), verbose=True))
    assert told is not None
    assert [row.partition(":")[0] for row in told.splitlines() if not row.startswith(" ")] == [
        "exchange",
        "sent",
        "received",
    ]


def test_a_suite_has_the_server_among_its_properties() -> None:
    root = ET.fromstring(report("junit", (*PASSED, UNKNOWN)))
    suite = root.find("testsuite[@name='notes']")
    assert suite is not None
    assert {p.get("name"): p.get("value") for p in suite.iter("property")} == {
        "mcp.era": "handshake",
        "mcp.protocol_version": "2025-11-25",
        "mcp.server_name": "memory-server",
        "mcp.server_version": "0.6.3",
    }


def _outputs(text: str) -> list[str | None]:
    return [element.text for element in ET.fromstring(text).iter("system-out")]
