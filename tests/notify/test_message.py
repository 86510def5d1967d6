"""What people read."""

from __future__ import annotations

from prober.notify.alert_groups import Firing, Resolved
from prober.notify.message import MAX_MESSAGES, MAX_TEXT, Message, message_of, messages_of
from prober.outcome import Evidence, Outcome, Reason
from tests.notify.results import at, run


def began(*outcomes: Outcome) -> Message:
    reason = outcomes[0].reason
    assert reason is not None
    return message_of(Firing(target="notes", reason=reason, outcomes=outcomes, since=at(-2)))


def test_a_failure_says_who_why_since_when_and_what_proves_it() -> None:
    evidence = (
        Evidence(pointer="/completedSteps", keyword="type", seen="null", expected="array"),
        Evidence(detail="more of it"),
    )
    failed = run("schema_mismatch", message="the answer is wrong", step="tools/call", evidence=evidence).outcome
    assert began(failed, run("schema_mismatch", probe="b").outcome) == Message(
        title="notes fails: schema_mismatch",
        text="probes: a, b\n"
        "schema_mismatch at tools/call: the answer is wrong\n"
        "at: /completedSteps (type)\n"
        "expected: array\n"
        "seen: null\n"
        "next: Compare the answer with the schema at the path where they differ. If the answer is right, change"
        " `schema` of the probe a.\n"
        "since 2026-01-31 11:58:00 UTC",
        bad=True,
    )


def test_an_end_says_how_long_it_was() -> None:
    ended = Resolved(target="notes", reason=Reason.TIMEOUT, probes=("a",), since=at(0), until=at(75))
    assert message_of(ended) == Message(
        title="notes is well again, it failed: timeout",
        text="probe: a\nfailed for 1 h 15 min: from 2026-01-31 12:00:00 UTC to 2026-01-31 13:15:00 UTC",
        bad=False,
    )


def test_an_end_while_the_target_fails_for_another_reason_says_so() -> None:
    others = (Reason.TOOL_ERROR,)
    ended = Resolved(target="notes", reason=Reason.TIMEOUT, probes=("a",), since=at(0), until=at(1), others=others)
    message = message_of(ended)
    assert message.title == "notes no longer fails: timeout"
    assert message.text.endswith("\nthe target still fails: tool_error")


def test_many_changes_at_once_are_one_list_of_each_kind() -> None:
    failed = [
        Firing(target=f"t{number}", reason=Reason.TIMEOUT, outcomes=(run("timeout").outcome,), since=at(0))
        for number in range(25)
    ]
    ended = Resolved(target="u", reason=Reason.TOOL_ERROR, probes=("a",), since=at(0), until=at(1))
    assert [message.title for message in messages_of([*failed[: MAX_MESSAGES - 1], ended])][-1] == (
        "u is well again, it failed: tool_error"
    )
    bad, good = messages_of([ended, *failed])
    listed = "\n".join(f"t{number}: timeout" for number in range(20))
    assert bad == Message(title="25 targets fail", text=f"{listed}\nand 5 more", bad=True)
    assert good == Message(title="u no longer fails", text="u: tool_error", bad=False)


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
    assert message.text.splitlines()[-1] == "since 2026-01-31 11:58:00 UTC"
