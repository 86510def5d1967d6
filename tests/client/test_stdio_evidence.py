"""What a failure of a stdio server shows: how the process ended, its last words, and what it printed by mistake."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from prober.outcome import Outcome, Reason
from tests.client.scripted import INITIALIZED, answer, command
from tests.running import run_document


async def outcome_of(folder: Path, words: Any, **probe: Any) -> Outcome:
    document = {
        "targets": {"server": {"command": list(words)}},
        "probes": {"p": {"target": "server", "kind": "catalog", "timeout": "1s", **probe}},
    }
    [outcome] = await run_document(document, folder)
    return outcome


def details(outcome: Outcome) -> list[str]:
    return [each.detail for each in outcome.evidence if each.detail]


async def test_a_line_before_a_crash_does_not_hide_the_crash_and_is_shown(tmp_path: Path) -> None:
    script = "echo Usage: server --key KEY; echo no key >&2; exit 2"
    outcome = await outcome_of(tmp_path, ["/bin/sh", "-c", script])
    assert (outcome.reason, outcome.message) == (Reason.PROCESS_EXITED, "the process exited with status 2")
    assert details(outcome) == ["no key", "standard output: Usage: server --key KEY"]


@pytest.mark.parametrize(
    ("printed", "reason"),
    [
        ("Server is listening on stdio", Reason.MALFORMED_JSON),
        ('{"level":30,"msg":"listening"}', Reason.MALFORMED_MESSAGE),
    ],
    ids=["text", "a log in JSON"],
)
async def test_what_is_printed_to_stdout_is_quoted_with_what_to_do(
    printed: str, reason: Reason, tmp_path: Path
) -> None:
    script = f"echo '{printed}'; echo why >&2; cat > /dev/null"
    outcome = await outcome_of(tmp_path, ["/bin/sh", "-c", script])
    assert outcome.reason is reason
    assert outcome.message == f"the server prints to stdout; log to stderr: {printed!r} is no message"
    assert "standard error: why" in details(outcome)


async def test_a_message_that_is_only_wrong_is_not_taken_for_a_print(tmp_path: Path) -> None:
    wrong = {"server/discover": [{"lines": ['{"jsonrpc":"2.0","id":{id}}']}]}
    outcome = await outcome_of(tmp_path, command(wrong))
    assert outcome.reason is Reason.MALFORMED_MESSAGE
    assert outcome.message.startswith("the answer is not a JSON-RPC 2.0 message")


NOTHINGS = ['{"result": null}', '{"jsonrpc":"2.0","id":null,"result":null}', '{"jsonrpc":"2.0","result":{}}']


@pytest.mark.parametrize("nothing", NOTHINGS)
async def test_an_answer_to_a_notification_is_called_that(nothing: str, tmp_path: Path) -> None:
    script = {"initialize": [answer(INITIALIZED)], "notifications/initialized": [{"lines": [nothing]}]}
    refused = {"server/discover": [{"lines": ['{"jsonrpc":"2.0","id":{id},"error":{"code":-32601,"message":"no"}}']}]}
    outcome = await outcome_of(tmp_path, command({**refused, **script}))
    assert (outcome.reason, outcome.step) == (Reason.WRONG_ID, "tools/list")
    assert outcome.message.startswith("the server answered notifications/initialized, which is a notification")


async def test_a_timeout_has_the_end_of_standard_error(tmp_path: Path) -> None:
    refused = '{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no"}}'
    script = f"read line; echo '{refused}'; read line; echo waiting for the database >&2; sleep 60"
    outcome = await outcome_of(tmp_path, ["/bin/sh", "-c", script])
    assert (outcome.reason, outcome.step) == (Reason.TIMEOUT, "initialize")
    assert "standard error: waiting for the database" in details(outcome)


async def test_a_secret_in_standard_error_is_masked(tmp_path: Path) -> None:
    document = {
        "targets": {"server": {"command": ["/bin/sh", "-c", "echo key $KEY >&2; exit 2"], "env": {"KEY": "hush-hush"}}},
        "probes": {"p": {"target": "server", "kind": "handshake"}},
    }
    [outcome] = await run_document(document, tmp_path)
    assert outcome.reason is Reason.PROCESS_EXITED
    assert "hush-hush" not in json.dumps([vars(each) for each in outcome.evidence])


@pytest.mark.parametrize("length", range(2000, 2040, 3))
async def test_a_secret_that_the_end_of_standard_error_begins_in_the_middle_of_is_masked(
    length: int, tmp_path: Path
) -> None:
    """Only the last 2,000 bytes are kept, wherever they begin."""
    script = f'printf "%s %0{length - 15}d" "$KEY" 0 >&2; exit 2'
    document = {
        "targets": {"server": {"command": ["/bin/sh", "-c", script], "env": {"KEY": "hush/hush+hush"}}},
        "probes": {"p": {"target": "server", "kind": "handshake"}},
    }
    [outcome] = await run_document(document, tmp_path)
    assert "000" in details(outcome)[0]
    assert "hush" not in json.dumps([vars(each) for each in outcome.evidence])
