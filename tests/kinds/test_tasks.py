"""`task: follow`: a call that is answered by a task is followed to its end, in both eras."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import pytest

from prober.outcome import Outcome, Reason, Situation, Verdict
from tests.kinds.offering import ERAS, gives, offering, probed, respond, tool
from tests.peers.http_acts import status_with_error
from tests.peers.http_peer import Act, Call
from tests.peers.messages import dump
from tests.peers.protocol import META, Era, Message, RpcError
from tests.peers.wire import JSON

ID: Final = "task-of-the-test-1"
EXTENSION: Final = META + "tasks"
CALL: Final[dict[str, Any]] = {"kind": "call", "tool": "dig"}
FOLLOW: Final[dict[str, Any]] = CALL | {"task": "follow"}
DUG: Final[Message] = {"content": [{"type": "text", "text": "{}"}], "structuredContent": {"depth": 3}}
DIG: Final = tool("dig", execution={"taskSupport": "optional"})
OF_TASKS: Final[Message] = {"tasks": {"requests": {"tools": {"call": {}}}, "cancel": {}}}


def state(status: str, era: Era, **more: Any) -> Message:
    times = {"createdAt": "2026-11-29T10:00:00Z", "lastUpdatedAt": "2026-11-29T10:00:00Z"}
    pace = {"ttlMs": 60000, "pollIntervalMs": 200} if era == "modern" else {"ttl": 60000, "pollInterval": 200}
    return {"taskId": ID, "status": status, **times, **pace, **more}


class Digger:
    """A server that answers each call by a task, as both eras have it."""

    def __init__(self, era: Era, *states: Message, result: Message | RpcError = DUG, capabilities: Message = OF_TASKS):
        self.era, self.result, self.capabilities = era, result, capabilities
        self.states = [*states]
        self.asked: list[tuple[str, Message]] = []

    async def initialize(self, call: Call) -> None:
        good = dict(call.good.message or {})
        result = good["result"] | {"capabilities": {**good["result"]["capabilities"], **self.capabilities}}
        await call.respond(200, {"Content-Type": JSON}, dump(good | {"result": result}))

    async def call(self, call: Call) -> None:
        params = call.request.message["params"]
        self.asked.append(("tools/call", params))
        declared = params["_meta"][META + "clientCapabilities"] if self.era == "modern" else {}
        wanted = EXTENSION in declared.get("extensions", {}) if self.era == "modern" else "task" in params
        if not wanted:
            return await respond(call, DUG)
        told = state("working", self.era)
        return await respond(call, told | {"resultType": "task"} if self.era == "modern" else {"task": told})

    async def tasks(self, call: Call) -> None:
        method, params = call.request.rpc_method or "", call.request.message["params"]
        self.asked.append((method, params))
        if self.era == "modern":
            assert call.request.headers["mcp-name"] == params["taskId"] == ID
            assert EXTENSION in params["_meta"][META + "clientCapabilities"]["extensions"]
        if method == "tasks/get":
            return await respond(call, self.states.pop(0) if len(self.states) > 1 else self.states[0])
        if method == "tasks/result" and isinstance(self.result, RpcError):
            return await status_with_error(200, self.result)(call)
        return await respond(call, {} if method == "tasks/cancel" or isinstance(self.result, RpcError) else self.result)

    @property
    def methods(self) -> list[str]:
        return [method for method, _ in self.asked]


async def followed(digger: Digger, folder: Path, probe: dict[str, Any] = FOLLOW, **more: Any) -> Outcome:
    acts: dict[Any, Act] = {"call": digger.call, "unknown": digger.tasks}
    if digger.era == "handshake":
        acts["initialize"] = digger.initialize
    async with offering(DIG, era=digger.era, faults=acts) as peer:
        return await probed(peer, probe | more, folder)


def ended(era: Era, **more: Any) -> Message:
    """The task is done; in the modern era the result is in it."""
    return state("completed", era, **({"result": DUG} if era == "modern" else {}), **more)


@pytest.mark.parametrize("era", ERAS)
async def test_the_result_of_a_task_is_judged_and_its_whole_time_is_the_latency(era: Era, tmp_path: Path) -> None:
    digger = Digger(era, state("working", era), ended(era))
    outcome = await followed(digger, tmp_path, expect=[{"path": "$.depth", "equals": 3}], latency={"warn": "300ms"})
    assert (outcome.verdict, outcome.message) == (Verdict.PASS, "")
    fetched = ["tasks/result"] if era == "handshake" else []
    assert digger.methods == ["tools/call", "tasks/get", "tasks/get", *fetched]
    assert 0.4 <= outcome.facts["latency_seconds"] < 5
    [warning] = outcome.warnings
    assert warning.startswith("the answer took ")
    outcome = await followed(Digger(era, ended(era)), tmp_path, expect=[{"path": "$.depth", "equals": 4}])
    assert outcome.reason is Reason.EXPECTATION_FAILED


@pytest.mark.parametrize("era", ERAS)
async def test_without_follow_no_server_hears_of_tasks(era: Era, tmp_path: Path) -> None:
    digger = Digger(era, ended(era))
    outcome = await followed(digger, tmp_path, CALL)
    assert outcome.verdict is Verdict.PASS
    assert digger.methods == ["tools/call"]


async def test_an_answer_at_once_is_an_answer(tmp_path: Path) -> None:
    """In the modern era the server decides for each call; in the handshake era, the tool says what it can."""
    async with offering(tool("dig", gives({"depth": 3}))) as peer:
        outcome = await probed(peer, FOLLOW | {"expect": [{"path": "$.depth", "equals": 3}]}, tmp_path)
    assert outcome.verdict is Verdict.PASS, outcome.message
    digger = Digger("handshake", capabilities={})
    outcome = await followed(digger, tmp_path)
    assert (outcome.verdict, digger.methods) == (Verdict.PASS, ["tools/call"])
    assert "task" not in digger.asked[0][1]


@pytest.mark.clock
@pytest.mark.parametrize("era", ERAS)
async def test_a_task_that_works_on_until_the_deadline_is_a_timeout_and_is_cancelled(era: Era, tmp_path: Path) -> None:
    digger = Digger(era, state("working", era, statusMessage="digging"))
    outcome = await followed(digger, tmp_path, timeout="1500ms")
    assert (outcome.reason, outcome.step) == (Reason.TIMEOUT, "tasks/get"), outcome.message
    assert re.fullmatch(r"the task of dig still works after [01]\.\d s: digging", outcome.message), outcome.message
    assert digger.methods[-1] == "tasks/cancel"


@pytest.mark.parametrize("era", ERAS)
async def test_a_task_that_asks_is_told_with_what_it_asks_and_is_cancelled(era: Era, tmp_path: Path) -> None:
    asks = {"city": {"method": "elicitation/create", "params": {"message": "Which city?"}}}
    digger = Digger(era, state("input_required", era, inputRequests=asks))
    outcome = await followed(digger, tmp_path)
    assert (outcome.reason, outcome.step) == (Reason.INPUT_REQUIRED, "tasks/get")
    assert 'a person\'s input, "Which city?"' in outcome.message
    assert digger.methods[-1] == "tasks/cancel"


@pytest.mark.parametrize("era", ERAS)
async def test_a_task_that_fails_fails_by_its_error(era: Era, tmp_path: Path) -> None:
    error = {"code": -32603, "message": "the shovel broke"}
    failed = state("failed", era, **({"error": error} if era == "modern" else {}))
    outcome = await followed(Digger(era, failed, result=RpcError(-32603, "the shovel broke")), tmp_path)
    step = "tasks/get" if era == "modern" else "tasks/result"
    assert (outcome.reason, outcome.step) == (Reason.RPC_ERROR, step), outcome.message
    assert outcome.message == "error -32603: the shovel broke"


@pytest.mark.parametrize("era", ERAS)
async def test_a_task_that_the_server_cancels_is_an_error_of_the_tool(era: Era, tmp_path: Path) -> None:
    outcome = await followed(Digger(era, state("cancelled", era, statusMessage="no time")), tmp_path)
    assert (outcome.reason, outcome.message) == (Reason.TOOL_ERROR, "the server cancelled the task of dig: no time")


@pytest.mark.parametrize("era", ERAS)
async def test_a_task_whose_result_is_an_error_of_the_tool_is_one(era: Era, tmp_path: Path) -> None:
    wrong = {"content": [{"type": "text", "text": "no ground"}], "isError": True}
    done = state("completed", era, **({"result": wrong} if era == "modern" else {}))
    outcome = await followed(Digger(era, done, result=wrong), tmp_path)
    assert (outcome.reason, outcome.message) == (Reason.TOOL_ERROR, "dig answered with an error: no ground")


LIFETIME: Final[dict[Era, str]] = {"modern": "ttlMs", "handshake": "ttl"}


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize(
    ("wrong", "seen"),
    [
        ({"status": "done"}, '`status` is "done"'),
        ({"taskId": "another"}, '`taskId` is "another"'),
        ({"createdAt": None}, "`createdAt` is null"),
        ({"LIFETIME": "long"}, 'is "long"'),
    ],
)
async def test_a_task_of_another_shape_is_a_bad_result(wrong: Message, seen: str, era: Era, tmp_path: Path) -> None:
    wrong = {LIFETIME[era] if name == "LIFETIME" else name: value for name, value in wrong.items()}
    outcome = await followed(Digger(era, state("working", era) | wrong), tmp_path)
    assert (outcome.reason, outcome.step) == (Reason.BAD_RESULT, "tasks/get"), outcome.message
    assert seen in outcome.message


@pytest.mark.parametrize("era", ERAS)
async def test_a_task_that_ends_without_a_result_of_a_tool_is_a_bad_result(era: Era, tmp_path: Path) -> None:
    done = state("completed", era, **({"result": {}} if era == "modern" else {}))
    outcome = await followed(Digger(era, done, result={}), tmp_path)
    assert outcome.reason is Reason.BAD_RESULT, outcome.message
    outcome = await followed(Digger("modern", state("completed", "modern")), tmp_path)
    assert outcome.message == "the task of dig is completed, and its `result` is not an object"


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("pause", [0, -1, "soon", 10**400])
async def test_a_pause_between_polls_that_makes_no_sense_is_no_harm(pause: Any, era: Era, tmp_path: Path) -> None:
    name = "pollIntervalMs" if era == "modern" else "pollInterval"
    digger = Digger(era, state("working", era) | {name: pause}, ended(era))
    outcome = await followed(digger, tmp_path, timeout="4s")
    assert (outcome.verdict, outcome.message) == (Verdict.PASS, "")


async def test_a_tool_that_must_be_followed_says_what_to_write(tmp_path: Path) -> None:
    required = tool("dig", execution={"taskSupport": "required"})
    refuses: Act = status_with_error(200, RpcError(-32601, "dig requires task augmentation"))
    async with offering(required, era="handshake", faults={"call": refuses}) as peer:
        outcome = await probed(peer, CALL, tmp_path)
    assert outcome.reason is Reason.RPC_ERROR
    assert outcome.evidence[0].situation == Situation.CAPABILITY_WANTED
