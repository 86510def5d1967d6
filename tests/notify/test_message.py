"""What people read."""

from __future__ import annotations

import re
from pathlib import Path

from prober.notify.alert_groups import Firing, Resolved
from prober.notify.links import Links
from prober.notify.message import MAX_MESSAGES, MAX_TEXT, Message, message_of, messages_of
from prober.outcome import Evidence, Outcome, Symptom
from tests.notify.results import at, run

LINKS = Links(page=lambda: "https://prober.example/mcp", paths=(Path("/etc/mcp-prober/my probes"),))
WAYS = (
    "since 2026-01-31 11:58:00 UTC\n"
    "run: mcp-prober run '/etc/mcp-prober/my probes' --probe a --verbose\n"
    "failure: https://prober.example/mcp/runs/2026-01-31T12:00:00.000Z/a\n"
    "page: https://prober.example/mcp/targets/notes"
)


def began(*outcomes: Outcome, streak: int = 1, links: Links = LINKS) -> Message:
    reason = outcomes[0].reason
    assert reason is not None
    firing = Firing(target="notes", symptom=reason.symptom, outcomes=outcomes, since=at(-2), streak=streak)
    return message_of(firing, links)


def test_a_failure_says_who_why_since_when_and_what_proves_it() -> None:
    evidence = (
        Evidence(pointer="/completedSteps", keyword="type", seen="null", expected="array"),
        Evidence(detail="more of it"),
    )
    failed = run("schema_mismatch", message="the answer is wrong", step="tools/call", evidence=evidence).outcome
    assert began(failed, run("schema_mismatch", probe="b").outcome) == Message(
        title="notes fails: wrong_answer (schema_mismatch)",
        text="probes: a, b\n"
        "schema_mismatch at tools/call: the answer is wrong\n"
        "at: /completedSteps (type)\n"
        "expected: array\n"
        "seen: null\n"
        "next: Compare the answer with the schema at the path where they differ. If the answer is right, change"
        " `schema` of the probe a.\n"
        f"{WAYS}",
        bad=True,
    )


def test_for_and_in_a_row_are_said_together_with_the_time() -> None:
    text = began(run("timeout").outcome, streak=4).text
    assert "\n4 failures in a row, for 2 min 0 s: since 2026-01-31 11:58:00 UTC\n" in text


def test_probes_that_fail_with_one_symptom_are_one_message_with_every_reason() -> None:
    outcomes = [run(word, probe=f"p{n}").outcome for n, word in enumerate(("unavailable", "timeout", "timeout"))]
    message = began(*outcomes)
    assert message.title == "notes fails: no_answer (timeout, unavailable)"
    assert message.text.startswith(
        "probes: p0, p1, p2\nreasons: timeout, unavailable\nunavailable at initialize: it says"
    )


def test_where_nobody_can_reach_the_page_there_is_no_link_and_still_the_command() -> None:
    text = began(run("timeout").outcome, links=Links(paths=(Path("probes"),))).text
    assert text.endswith("\nrun: mcp-prober run probes --probe a --verbose")
    assert "http" not in text


def test_the_links_are_addresses_that_the_daemon_serves() -> None:
    sources = (Path(__file__).parents[2] / "prober/web").rglob("*.py")
    routes = re.findall(r'Route\("([^"]+)"', "".join(path.read_text() for path in sources))
    assert {"/runs/{run}/{probe}", "/targets/{name}", "/"} <= set(routes)


def test_an_end_says_how_long_it_was() -> None:
    ended = Resolved(target="notes", symptom=Symptom.NO_ANSWER, probes=("a",), since=at(0), until=at(75))
    assert message_of(ended, LINKS) == Message(
        title="notes is well again, it failed: no_answer",
        text="probe: a\nfailed for 1 h 15 min: from 2026-01-31 12:00:00 UTC to 2026-01-31 13:15:00 UTC\n"
        "page: https://prober.example/mcp/targets/notes",
        bad=False,
    )


def test_an_end_while_the_target_fails_for_another_reason_says_so() -> None:
    others = (Symptom.WRONG_ANSWER,)
    ended = Resolved(target="notes", symptom=Symptom.NO_ANSWER, probes=("a",), since=at(0), until=at(1), others=others)
    message = message_of(ended, LINKS)
    assert message.title == "notes no longer fails: no_answer"
    assert "\nthe target still fails: wrong_answer\n" in message.text


def test_many_changes_at_once_are_one_list_of_each_kind() -> None:
    failed = [
        Firing(target=f"t{number}", symptom=Symptom.NO_ANSWER, outcomes=(run("timeout").outcome,), since=at(0))
        for number in range(25)
    ]
    ended = Resolved(target="u", symptom=Symptom.WRONG_ANSWER, probes=("a",), since=at(0), until=at(1))
    assert [message.title for message in messages_of([*failed[: MAX_MESSAGES - 1], ended], LINKS)][-1] == (
        "u is well again, it failed: wrong_answer"
    )
    bad, good = messages_of([ended, *failed], LINKS)
    listed = "\n".join(f"t{number}: no_answer" for number in range(20))
    assert bad == Message(
        title="25 targets fail", text=f"{listed}\nand 5 more\npage: https://prober.example/mcp/", bad=True
    )
    assert good == Message(
        title="u no longer fails", text="u: wrong_answer\npage: https://prober.example/mcp/", bad=False
    )


def test_what_a_server_says_is_capped_and_cannot_pretend_to_be_ours() -> None:
    hostile = "x\nprobe: b\x1b[31m" + "y" * 100_000
    evidence = (Evidence(detail="line\n" * 1000 + "z" * 100_000),)
    many = [run("tool_error", probe=f"p{number}", message=hostile, evidence=evidence).outcome for number in range(500)]
    message = began(*many)
    assert len(message.title) <= 150
    assert len(message.text) <= MAX_TEXT
    first, second, *_ = message.text.splitlines()
    assert first == "probes: p0, p1, p2, p3, p4 and 495 more"
    assert second.startswith("tool_error at initialize: x probe: by")
    assert "\x1b" not in message.text
    ours = WAYS.replace("--probe a", "--probe p0").replace("000Z/a", "000Z/p0")
    assert message.text.endswith(f"\n{ours}"), "what a server says pushes nothing of ours out"


def test_the_labels_of_a_target_stand_before_the_ways_to_it() -> None:
    failed = run("timeout").outcome
    firing = Firing(target="notes", symptom=Symptom.NO_ANSWER, outcomes=(failed,), since=at(-2))
    labels = {"team": "search", "env": "prod\x1b[2J"}
    [message] = messages_of([firing], LINKS, lambda target: labels if target == "notes" else {})
    assert f"\nlabels: team=search, env=prod\n{WAYS}" in message.text
    resolved = Resolved(target="notes", symptom=Symptom.NO_ANSWER, probes=("a",), since=at(-2), until=at(0))
    assert "labels: team=search" in message_of(resolved, LINKS, labels).text
