"""`replay`: the probe of a stored failure is run once more, by the configuration of now; what is stored is trusted
with nothing but arguments."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from prober.report.json_report import document as report
from tests.cli.command import Done, quickly, written
from tests.daemon.process import daemon
from tests.daemon.watching import api, until
from tests.kinds.offering import ERAS, Tool, called, document, gives, offering, tool
from tests.peers.protocol import Era, Message
from tests.real.process import free_port
from tests.running import run_document

SECRET: Final = "s3cr3t-0f-th3-t3nant"
NOON: Final = datetime(2026, 1, 31, 12, tzinfo=UTC)
Edit = Callable[[str], str]
WANTED: Final = [{"path": "$.count", "equals": 3}]


def counting(*counts: int, **listing: Any) -> Tool:
    """A tool that answers with one count after the other, and stays with the last."""
    left = list(counts)
    return tool("count", lambda _: gives({"count": left.pop(0) if len(left) > 1 else left[0]})({}), **listing)


def probing(**more: Any) -> dict[str, Any]:
    return {"kind": "call", "tool": "count", "arguments": {"of": "notes"}, "expect": WANTED, **more}


async def failed(configuration: Mapping[str, Any], folder: Path, *, edit: Edit = str, **environ: str) -> str:
    """A run that failed, as the file of a report, whose text may be edited."""
    written(configuration, folder)
    outcomes = await run_document(dict(configuration), folder, **environ)
    assert [each.verdict for each in outcomes] == ["fail"]
    text = edit(json.dumps(report(outcomes, started_at=NOON, verbose=True)))
    assert not any(secret in text for secret in environ.values())
    (folder / "run.json").write_text(text)
    return str(folder / "run.json")


async def replay(word: str, folder: Path, *words: str, **environ: str) -> Done:
    return await quickly("replay", word, "--config", str(folder / "probes.yaml"), *words, env=environ)


@pytest.mark.parametrize("era", ERAS)
async def test_a_failure_that_stays_still_happens_with_the_same_answer(era: Era, tmp_path: Path) -> None:
    async with offering(counting(2), era=era) as peer:
        done = await replay(await failed(document(peer, probing()), tmp_path), tmp_path)
        assert called(peer) == [("count", {"of": "notes"})] * 2
    assert done.code == 1, done.err
    assert done.out.splitlines()[-2:] == [
        "answers: the same, as far as they are kept",
        "still happens: expectation_failed",
    ]
    assert done.out.startswith("then  2026-01-31T12:00:00.000Z: fail: expectation_failed at tools/call: ")


@pytest.mark.parametrize("era", ERAS)
async def test_a_failure_that_is_gone_does_not_happen_any_more_and_the_difference_is_named(
    era: Era, tmp_path: Path
) -> None:
    async with offering(counting(2, 3), era=era) as peer:
        done = await replay(await failed(document(peer, probing()), tmp_path), tmp_path)
    assert done.code == 0, done.err
    assert "answers differ: /result/structuredContent/count: was 2, is 3" in done.out
    assert done.out.endswith("does not happen any more: the probe p0 passed this once\n")


async def test_another_failure_in_its_place_is_no_repetition(tmp_path: Path) -> None:
    async with offering(counting(2)) as peer:
        file = await failed(document(peer, probing()), tmp_path)
        written(document(peer, probing(schema={"required": ["total"]})), tmp_path)
        done = await replay(file, tmp_path)
    assert (done.code, done.out.splitlines()[-1]) == (
        1,
        "fails for another reason: schema_mismatch instead of expectation_failed",
    )


async def test_a_server_that_cannot_be_asked_any_more_fails_for_another_reason(tmp_path: Path) -> None:
    async with offering(counting(2)) as peer:
        file = await failed(document(peer, probing()), tmp_path)
    done = await replay(file, tmp_path)
    assert done.code == 1
    assert "answers: not compared, of one of them nothing was kept" in done.out
    assert done.out.endswith("fails for another reason: connect_refused instead of expectation_failed\n")


async def test_where_there_was_no_answer_none_is_called_the_same(tmp_path: Path) -> None:
    probe = {"target": "peer", **probing()}
    nobody = {"url": f"http://127.0.0.1:{free_port()}/mcp", "protocol": "modern"}
    file = await failed({"targets": {"peer": nobody}, "probes": {"p0": probe}}, tmp_path)
    done = await replay(file, tmp_path)
    assert done.code == 1
    assert done.out.splitlines()[-2:] == [
        "answers: there was none, neither then nor now",
        "still happens: connect_refused",
    ]


async def test_arguments_that_were_changed_since_are_those_of_then(tmp_path: Path) -> None:
    async with offering(counting(2)) as peer:
        file = await failed(document(peer, probing()), tmp_path)
        written(document(peer, probing(arguments={"of": "tasks"})), tmp_path)
        done = await replay(file, tmp_path)
        assert called(peer) == [("count", {"of": "notes"})] * 2
    assert done.code == 1
    assert 'repeated: the arguments have changed since; run with those of then: {"of": "notes"}' in done.out


async def test_secrets_come_from_the_configuration_and_are_never_shown(tmp_path: Path) -> None:
    settings = probing(arguments={"of": "${TENANT}"})
    async with offering(counting(2)) as peer:
        file = await failed(document(peer, settings), tmp_path, TENANT=SECRET)
        done = await replay(file, tmp_path, TENANT=SECRET)
        changed = await replay(file, tmp_path, TENANT="another-0ne-0f-th3m")
        written(document(peer, probing(arguments={"of": "tasks"})), tmp_path)
        gone = await replay(file, tmp_path)
        assert [arguments["of"] for _, arguments in called(peer)] == [SECRET, SECRET, "another-0ne-0f-th3m", "tasks"]
    assert SECRET not in done.out + done.err
    assert "repeated:" not in done.out + changed.out
    assert "those of then hold a secret that is masked: run with those of now" in gone.out


async def test_a_probe_that_may_write_is_run_again_only_with_yes(tmp_path: Path) -> None:
    async with offering(counting(2, read_only=False)) as peer:
        configuration = document(peer, probing(allow_writes=True))  # a call needs no leave of its target
        file = await failed(configuration, tmp_path)
        refused = await replay(file, tmp_path)
        assert len(called(peer)) == 1
        done = await replay(file, tmp_path, "--yes")
        assert len(called(peer)) == 2
    assert (refused.code, refused.out) == (2, "")
    assert refused.err == "Nothing was run: the probe p0 may write. To run it again all the same: --yes\n"
    assert done.code == 1


async def test_a_stored_run_cannot_have_a_tool_called_that_the_probe_does_not_name(tmp_path: Path) -> None:
    async with offering(counting(2), tool("drop", read_only=False)) as peer:
        file = await failed(
            document(peer, probing()), tmp_path, edit=lambda text: text.replace('\\"count\\"', '\\"drop\\"')
        )
        done = await replay(file, tmp_path)
        assert len(called(peer)) == 1
    assert done.code == 2
    assert done.err == "Nothing was run: the probe p0 asked for 'drop' when it failed; now it asks for 'count'.\n"


RUN: Final[Message] = {"target": "peer", "probe": "p0", "verdict": "fail", "reason": "timeout"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "no JSON: "),
        ("[]", "expected a JSON object"),
        ('{"summary": {}}', "it has none of the lists results, runs, failures"),
        ('{"results": []}', "there is no such run"),
        ('{"results": [1]}', "/results/0: expected an object"),
        ('{"runs": [{"target": "peer"}]}', "/runs/0/probe: is missing"),
        (json.dumps({"runs": [{**RUN, "message": 3}]}), "/runs/0/message: expected a text"),
        (json.dumps({"results": [{**RUN, "verdict": "pass"}]}), "no failure is in it, of 1 runs"),
        (json.dumps({"results": [RUN, {**RUN, "probe": "p1"}]}), "Choose one with --probe: p0, p1"),
        (json.dumps({"results": [{**RUN, "probe": "p00"}]}), "no probe 'p00', which failed; did you mean p0?"),
        (json.dumps({"results": [{**RUN, "target": "other"}]}), "failed on the target 'other'; the configuration has"),
        (json.dumps({"results": [{**RUN, "kind": "race"}]}), "was of kind race; now it is of kind call"),
        ('{"results": ' + "[" * 100_000, "no JSON"),
    ],
)
async def test_what_is_no_stored_failure_is_refused(content: str, said: str, tmp_path: Path) -> None:
    async with offering(counting(2)) as peer:
        written(document(peer, probing()), tmp_path)
        (tmp_path / "run.json").write_text(content)
        done = await replay(str(tmp_path / "run.json"), tmp_path)
        assert called(peer) == []
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert len(done.err.splitlines()) == 1


async def test_a_word_that_is_neither_id_nor_file_is_refused(tmp_path: Path) -> None:
    done = await replay("nowhere.json", tmp_path)
    assert done.code == 2
    assert done.err.startswith("nowhere.json: neither the id of a run, such as 2026-01-31T12:00:00.000Z, nor a file")


async def test_a_race_is_repeated_with_its_seed(tmp_path: Path) -> None:
    async with offering(tool("add", gives({"count": 1}), read_only=False), tool("get", gives({"count": 1}))) as peer:
        race = {"kind": "race", "model": "counter", "clients": 2, "operations": 8, "allow_writes": True}
        race |= {
            "seed": 7,
            "increment": {"tool": "add", "value": "$.count"},
            "read": {"tool": "get", "value": "$.count"},
        }
        file = await failed(document(peer, race, allow_writes=True), tmp_path)
        written(document(peer, {**race, "seed": 8}, allow_writes=True), tmp_path)
        done = await replay(file, tmp_path, "--yes")
    assert done.code == 1, done.err
    assert "repeated: with the seed 7 of then" in done.out
    assert "--seed 7\n" in done.out


@pytest.mark.parametrize("era", ERAS)
async def test_the_printed_curl_sends_the_same_request(era: Era, tmp_path: Path) -> None:
    """With a real curl: the peer of the handshake era insists on its session, that of the modern era on its headers."""
    assert shutil.which("curl")
    headers = {"X-Tenant": "key ${TENANT}"}
    async with offering(counting(2), era=era) as peer:
        file = await failed(document(peer, probing(), headers=headers), tmp_path, TENANT=SECRET)
        [before] = [each for each in peer.requests if each.rpc_method == "tools/call"]
        done = await replay(file, tmp_path, "--curl", TENANT=SECRET)
        assert len(called(peer)) == 1
        assert (done.code, done.err) == (0, "")
        assert SECRET not in done.out
        assert done.out.startswith("# set for the target peer:\n# HEADER_X_TENANT: the value of the header X-Tenant\n")
        shell = await asyncio.create_subprocess_exec(
            "bash", "-eu", "-c", done.out, env={**os.environ, "HEADER_X_TENANT": f"key {SECRET}"},
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, _ = await asyncio.wait_for(shell.communicate(), 30)
        [_, after] = [each for each in peer.requests if each.rpc_method == "tools/call"]
    assert b'"count": 2' in out or b'"count":2' in out
    assert (after.message, after.headers.get("x-tenant")) == (before.message, f"key {SECRET}")


async def test_curl_is_refused_where_it_cannot_speak_to_the_server_or_nothing_was_kept(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(json.dumps({"results": [RUN]}))
    probes = {"p0": {"target": "peer", **probing()}}
    written({"targets": {"peer": {"command": ["true"]}}, "probes": probes}, tmp_path)
    stdio = await replay(str(tmp_path / "run.json"), tmp_path, "--curl")
    written({"targets": {"peer": {"url": "http://127.0.0.1:9/mcp"}}, "probes": probes}, tmp_path)
    nothing = await replay(str(tmp_path / "run.json"), tmp_path, "--curl")
    assert (stdio.code, nothing.code) == (2, 2)
    assert stdio.err == "Nothing was run: curl cannot send it: the target peer speaks stdio.\n"
    assert nothing.err.startswith("Nothing was run: no request of this run was kept. A report keeps them with")


async def test_the_id_of_a_run_is_looked_up_in_a_daemon_or_in_its_history(tmp_path: Path) -> None:
    """The daemon has the request, its history has the failure alone."""
    async with offering(counting(2)) as peer:
        configuration = document(peer, probing(interval="2s", timeout="2s"))
        path, history = written(configuration, tmp_path), tmp_path / "history.db"

        with ExitStack() as stack:
            running = await asyncio.to_thread(stack.enter_context, daemon(path, "--history", history, history=True))
            kept = await asyncio.to_thread(until, lambda: api(running, "runs")["runs"] or None)
            url, run_id = running.url, kept[-1]["run_id"]
            of_daemon = await replay(run_id, tmp_path, "--daemon", url)
            unknown = await replay("2026-01-31T12:00:00.000Z", tmp_path, "--daemon", url)
            await asyncio.to_thread(running.stop)
        of_history = await replay(run_id, tmp_path, "--history", str(history))
        gone = await replay(run_id, tmp_path, "--daemon", url)
    assert of_daemon.code == 1, of_daemon.err
    assert f"then  {run_id}: fail: expectation_failed at tools/call: " in of_daemon.out
    assert "answers: the same, as far as they are kept" in of_daemon.out
    assert of_history.code == 1, of_history.err
    assert f"then  {run_id}: fail: expectation_failed at tools/call: " in of_history.out
    assert "answers: not compared, of one of them nothing was kept" in of_history.out
    assert (unknown.code, unknown.err) == (2, "2026-01-31T12:00:00.000Z: there is no such run\n")
    assert gone.code == 2
    assert gone.err.startswith(f"--daemon {url}: ConnectError")
