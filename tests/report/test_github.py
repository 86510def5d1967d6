"""The log of a GitHub job: annotations at the right lines, nothing that a server says is a command, a summary."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from prober.outcome import Outcome, Reason
from prober.redaction import masked_before
from prober.report.github import job_summary
from tests.report.golden import report
from tests.report.outcomes import DEADLINE, EVERYTHING, HOSTILE, PASSED, STARTED_AT, UNKNOWN, VERDICT


def commands(*outcomes: Outcome) -> list[str]:
    """The workflow commands of a report, by the rules of GitHub's runner: stopped ones are text."""
    found: list[str] = []
    token: str | None = None
    for line in report("github", outcomes).splitlines():
        text = line.lstrip()
        if token is not None:
            token = None if text == f"::{token}::" else token
        elif text.startswith("::stop-commands::"):
            token = text.removeprefix("::stop-commands::")
        elif text.startswith("::") or "##[" in text:
            found.append(text)
    assert token is None
    return found


@pytest.fixture(autouse=True)
def _checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))


def test_a_failure_is_an_error_at_the_line_of_its_probe(tmp_path: Path) -> None:
    [command] = commands(replace(VERDICT, origin=f"{tmp_path}/probes/notes.yaml:7"))
    assert command == (
        "::error file=probes/notes.yaml,line=7,title=reference/workflow-state%3A schema_mismatch at tools/call"
        "::/completedSteps: type: expected array, seen null"
    )


def test_an_unknown_verdict_is_a_warning_and_a_warning_is_a_notice() -> None:
    assert [command.partition(" ")[0] for command in commands(UNKNOWN, *PASSED)] == [
        "::warning",
        "::notice",
        "::notice",
    ]


def test_lines_and_marks_in_a_message_are_escaped() -> None:
    said = replace(VERDICT, message=masked_before("100 %\nsecond: line, more"), evidence=())
    [command] = commands(said)
    assert command.endswith("::100 %25%0Asecond: line, more")
    [command] = commands(replace(said, probe="a,b:c"))
    assert "title=reference/a%2Cb%3Ac%3A schema_mismatch" in command


@pytest.mark.parametrize("text", ["::error::owned", "  ::add-mask::e", "##[set-env name=A]b", "x\n::error::owned"])
def test_nothing_that_a_server_says_is_a_command(text: str) -> None:
    found = commands(replace(VERDICT, message=masked_before(text)), replace(DEADLINE, warnings=(masked_before(text),)))
    assert sorted(command.partition(" ")[0] for command in found) == ["::error", "::error", "::notice"]
    assert all(re.match(r"::(error|notice) title=(reference|notes)/", command) for command in found)


def test_the_table_is_in_the_log_as_well() -> None:
    assert "fail     reference   workflow-state" in report("github", EVERYTHING)


def test_the_summary_lists_what_did_not_pass_and_folds_what_did() -> None:
    summary = job_summary(EVERYTHING, started_at=STARTED_AT)
    assert summary.startswith("### MCP probes: 5 passed, 8 failed, 1 unknown in 5.0 s\n")
    assert summary.count("| ❌ fail |") == 8
    assert summary.count("| ❔ unknown |") == 1
    assert summary.index("<summary>5 passed</summary>") < summary.index("| ✅ pass |")


def test_the_summary_of_a_good_pass_has_no_list_of_failures() -> None:
    assert "❌" not in job_summary(PASSED, started_at=STARTED_AT)


def test_nothing_in_the_summary_is_markup_of_a_server() -> None:
    said = replace(
        VERDICT, message=masked_before("<img src=x> [click](http://evil) **b** | @team `c`\n# head"), probe="a|b"
    )
    cells = [row for row in job_summary((said, HOSTILE), started_at=STARTED_AT).splitlines() if row.startswith("| ❌")]
    assert len(cells) == 2
    for row in cells:
        assert len(re.findall(r"(?<!\\)\|", row)) == 6
        texts = "".join(re.findall(r"<code>(.*?)</code>", row))
        assert re.findall(r"[<>|`*\[\]@]", texts) == []


def test_a_summary_is_smaller_than_github_allows() -> None:
    many = [
        replace(VERDICT, probe=f"p{n}", message=masked_before("|" * 5000), reason=Reason.TIMEOUT) for n in range(3000)
    ]
    summary = job_summary(many, started_at=STARTED_AT)
    assert len(summary.encode()) < 1024 * 1024
    assert "and 2500 more, see the log" in summary
