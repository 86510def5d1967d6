"""Hostile and large cases end in time, with the right reason, and never hold up the event loop."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from asyncio.base_subprocess import BaseSubprocessTransport
from typing import Any

import pytest

from prober.assertions.checks import Case, Check, Finding, Instance, Rule, case_of
from prober.assertions.expectations import compile_expectation
from prober.assertions.json_schema.schema import first_mismatch, load_schema, load_server_schema
from prober.assertions.judge import Judge
from prober.assertions.result_shapes import Shape
from prober.assertions.worker.protocol import WorkerCrashError, json_pieces
from prober.outcome import Reason
from tests.assertions.samples import doubling
from tests.assertions.ticking import PROMISE, ticking
from tests.withheld import withheld

AMPLE = 60.0
"""Seconds for what has to end by itself, on a machine that is busy with other things."""
SHORT = 0.5
"""Seconds for what never would."""
APART = load_schema({"type": "object", "unevaluatedProperties": False}, folder=None)
"""A harmless schema whose cost is not known, so that it goes to a worker."""

ITEM = {
    "id": 1,
    "name": "a step of a workflow",
    "tags": ["a", "b"],
    "when": "2024-01-01T00:00:00Z",
    "note": None,
    "pad": "x" * 60,
}
ITEMS = {
    "type": "object",
    "properties": {
        "items": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["id", "name"],
                "properties": {
                    "id": {"type": "integer"},
                    "name": {"type": "string"},
                    "tags": {"items": {"type": "string"}},
                },
            },
        }
    },
}


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def received(value: Any) -> Instance:
    """An instance as it comes from a server: with the text around it."""
    return Instance(value=value, source=json.dumps({"result": value}).encode(), within=("result",))


def case(rule: Rule, value: Any, reason: Reason = Reason.SCHEMA_MISMATCH) -> Case:
    return Case(checks=(Check(reason=reason, rule=rule, instance=received(value)),))


def nested(levels: int) -> Any:
    value: Any = {}
    for _ in range(levels):
        value = {"child": value}
    return value


async def found(judge: Judge, one: Case, *, within: float = AMPLE, target: str = "") -> Finding | None:
    return await judge.judge(one, deadline=asyncio.get_running_loop().time() + within, target=target)


@pytest.mark.parametrize(
    ("schema", "value", "workers"),
    [
        pytest.param({"type": "array"}, [], 0, id="it fits"),
        pytest.param({"type": "array"}, None, 0, id="a small one"),
        pytest.param({"items": {"type": "string"}}, ["x"] * 5_000 + [1], 1, id="a large one"),
        pytest.param({"pattern": "a$"}, "b", 1, id="a pattern, which may take for ever to Python"),
        pytest.param({"minLength": 2_000_000}, "b" * 1_100_000, 1, id="a long one"),
        pytest.param({"not": {}}, nested(50), 1, id="a deep one"),
    ],
)
async def test_a_mismatch_that_is_not_surely_put_into_words_at_once_is_for_a_worker(
    schema: Any, value: Any, workers: int
) -> None:
    async with Judge(allowance=AMPLE) as judge, ticking() as ticks:
        finding = await found(judge, case(load_schema(schema, folder=None), value))
        assert (finding is not None and finding.reason is Reason.SCHEMA_MISMATCH) or (value == [] and finding is None)
        assert len(judge.pids) == workers
    assert ticks.longest < PROMISE


WORDED: dict[str, tuple[Any, Any]] = {
    "many members": ({"additionalProperties": {"type": "null", "not": {}}}, {f"m{number}": 1 for number in range(290)}),
    "many alternatives": ({"anyOf": [{"required": [f"r{number}"]} for number in range(150)]}, {"a": 1}),
    "long texts": ({"items": {"items": {"items": {"type": "null"}}}}, [[["x" * 1_000] * 19]]),
    "a long text in many errors": ({"anyOf": [{"maxLength": number} for number in range(60)]}, "x" * 10_000),
    "levels": ({"items": {"$ref": "#"}, "not": {"type": "null"}}, [[[[[[[[[[[[[[[[[[None]]]]]]]]]]]]]]]]]]),
}


@pytest.mark.parametrize(("schema", "value"), WORDED.values(), ids=WORDED)
async def test_what_is_put_into_words_at_once_ends_within_the_promise(schema: Any, value: Any) -> None:
    loaded = load_schema(schema, folder=None)
    assert first_mismatch(loaded, value) is not None
    spent = []
    for _ in range(3):
        async with Judge(allowance=AMPLE) as judge, ticking() as ticks:
            finding = await found(judge, case(load_schema(schema, folder=None), value))
            assert finding is not None
            assert finding.reason is Reason.SCHEMA_MISMATCH
            assert judge.pids == (), "to be on the near side of the edge"
        spent.append(ticks.longest)
    assert min(spent) < PROMISE


async def test_a_worker_is_started_once_and_gone_in_the_end() -> None:
    async with Judge(allowance=AMPLE) as judge:
        assert await found(judge, case(APART, {})) is None
        (pid,) = judge.pids
        finding = await found(judge, case(APART, {"a": 1}))
        assert finding is not None
        assert (
            finding.message == '(root): unevaluatedProperties: expected no member beyond those declared, seen {"a": 1}'
        )
        assert judge.pids == (pid,)
        assert is_alive(pid)
        assert os.getsid(pid) == pid
    assert not is_alive(pid)
    assert not judge.pids


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        pytest.param(load_schema({"pattern": "^(a+)+$"}, folder=None), "a" * 32 + "b", id="a pattern of the operator"),
        pytest.param(load_server_schema({"pattern": "^(?!x)(a+)+$"}), "a" * 32 + "b", id="a pattern of the server"),
        pytest.param(load_server_schema(doubling(26)), "x", id="a schema that doubles"),
        pytest.param(compile_expectation({"path": "$", "matches": "^(a+)+$"}), "a" * 32 + "b", id="an expectation"),
        pytest.param(
            compile_expectation({"path": "$[?search(@.text, '(a+)+b')]", "exists": True}),
            [{"text": "a" * 5_000}] * 20,
            id="a path",
        ),
    ],
)
async def test_what_would_take_for_ever_is_undecided_and_its_worker_killed(rule: Rule, value: Any) -> None:
    async with Judge(allowance=SHORT) as judge, ticking() as ticks:
        finding = await found(judge, case(rule, value))
        assert finding is not None
        assert finding.reason is Reason.UNDECIDED
        assert finding.message == "could not be judged: it was not finished after the 0.5 s that it may take"
        gone = judge.pids
    assert ticks.longest < PROMISE
    assert not any(map(is_alive, gone))


async def test_two_to_the_seventeenth_schemas_are_judged_apart() -> None:
    async with Judge(allowance=AMPLE) as judge, ticking() as ticks:
        finding = await found(judge, case(load_server_schema(doubling(17)), 1))
        assert finding is None
        assert len(judge.pids) == 1
    assert ticks.longest < PROMISE


@pytest.mark.parametrize(
    ("value", "reason", "workers"),
    [
        pytest.param({"items": [ITEM] * 7_000}, None, 0, id="sound"),
        pytest.param({"items": [ITEM] * 14_000}, None, 1, id="sound, two megabytes"),
        pytest.param(
            {"items": [ITEM] * 6_999 + [ITEM | {"id": "x"}]}, Reason.SCHEMA_MISMATCH, 1, id="the last item wrong"
        ),
        pytest.param(
            {"items": [ITEM | {"id": "x", "name": 1}] * 7_000}, Reason.SCHEMA_MISMATCH, 1, id="every item wrong"
        ),
    ],
)
async def test_a_megabyte_is_judged_within_the_promise(value: Any, reason: Reason | None, workers: int) -> None:
    one = case(load_schema(ITEMS, folder=None), value)
    source = one.checks[0].instance.source
    assert source is not None
    assert len(source) > 1_000_000
    async with Judge(allowance=AMPLE) as judge, ticking() as ticks:
        finding = await found(judge, one)
        assert (finding and finding.reason) == reason
        assert len(judge.pids) == workers
    assert ticks.longest < PROMISE


async def test_expectations_over_a_megabyte_are_judged_apart() -> None:
    value = {"items": [ITEM] * 6_999 + [ITEM | {"id": None}]}
    async with Judge(allowance=AMPLE) as judge, ticking() as ticks:
        finding = await found(judge, case(compile_expectation({"path": "$.items[*].id", "type": "integer"}), value))
        assert finding is not None
        assert finding.message == "/items/6999/id: type: expected integer, seen null"
    assert ticks.longest < PROMISE


@pytest.mark.slow
@pytest.mark.parametrize(
    "value",
    [
        pytest.param({"items": [ITEM] * 7_000}, id="items"),
        pytest.param([[[]] * 1_000] * 600, id="tiny ones"),
        pytest.param(
            {f"name {number}": {"é\n": [None, True, 1.5, "\ud800"]} for number in range(50_000)}, id="members"
        ),
        pytest.param([["x" * 1_000_000], {"a": {"b": [0] * 100_000}}], id="a long text and a long list"),
    ],
)
async def test_a_megabyte_without_its_text_is_written_in_turns(value: Any) -> None:
    assert json.loads("".join(json_pieces(value))) == value
    check = Check(reason=Reason.SCHEMA_MISMATCH, rule=APART, instance=Instance(value=value))
    async with Judge(allowance=AMPLE) as judge, ticking() as ticks:
        finding = await found(judge, Case(checks=(check, check)))
        assert finding is not None
        assert finding.reason is Reason.SCHEMA_MISMATCH
        assert len(judge.pids) == 1
    assert ticks.longest < PROMISE


async def test_a_large_result_has_its_shape_looked_at_apart() -> None:
    tools = [
        {"name": f"t{number}", "inputSchema": {"type": "object"}, "description": "x" * 80} for number in range(7_000)
    ]
    rule = Shape(method="tools/list", version="2025-11-25")
    one = case(rule, {"tools": [*tools, {"name": 5, "inputSchema": {"type": "object"}}]}, Reason.BAD_RESULT)
    async with Judge(allowance=AMPLE) as judge, ticking() as ticks:
        finding = await found(judge, one)
        assert finding is not None
        assert finding.reason is Reason.BAD_RESULT
        assert finding.evidence.pointer == "/tools/7000/name"
        assert len(judge.pids) == 1
    assert ticks.longest < PROMISE


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ({"type": "object", "properties": {"child": {"$ref": "#"}}}, None),
        ({"type": "object", "properties": {"child": {"$ref": "#"}}, "minProperties": 1}, Reason.SCHEMA_MISMATCH),
    ],
)
async def test_a_value_of_a_thousand_levels_is_judged(schema: Any, reason: Reason | None) -> None:
    levels = 1_000
    text = b'{"child": ' * levels + b"{}" + b"}" * levels
    instance = Instance(value=nested(levels), source=text)
    async with Judge(allowance=AMPLE) as judge, ticking() as ticks:
        finding = await found(judge, case_of(judged=instance, schema=load_schema(schema, folder=None)))
        assert (finding and finding.reason) == reason
    assert ticks.longest < PROMISE


async def test_a_value_too_deep_for_the_worker_is_undecided() -> None:
    levels = 100_000
    instance = Instance(value=nested(levels), source=b'{"child": ' * levels + b"{}" + b"}" * levels)
    async with Judge(allowance=AMPLE) as judge:
        finding = await found(judge, case_of(judged=instance, schema=APART))
        assert finding is not None
        assert finding.message == "could not be judged: the schema or the value is nested too deeply"
        assert await found(judge, case(APART, {})) is None
    del instance


async def test_a_large_flawed_schema_of_a_server_is_found_out_apart() -> None:
    properties: dict[str, Any] = {
        f"p{number}": {"type": "array", "items": {"type": "string"}} for number in range(2_000)
    }
    async with Judge(allowance=AMPLE) as judge, ticking() as ticks:
        flawed = load_server_schema({"type": "object", "properties": {**properties, "last": {"type": "text"}}})
        finding = await found(judge, case(flawed, {}, Reason.OUTPUT_SCHEMA_MISMATCH))
        assert finding is not None
        assert finding.reason is Reason.OUTPUT_SCHEMA_INVALID
        assert finding.evidence.pointer == "/properties/last/type"
        sound = load_server_schema({"type": "object", "properties": properties})
        finding = await found(judge, case(sound, {"p7": [1]}, Reason.OUTPUT_SCHEMA_MISMATCH))
        assert finding is not None
        assert finding.message == "/p7/0: type: expected string, seen 1"
    assert ticks.longest < PROMISE


@pytest.mark.slow
async def test_too_much_memory_is_undecided() -> None:
    # Every alternative finds every element wrong, and the message of each error holds the element.
    schema = load_schema(
        {"anyOf": [{"items": {"type": "null", "title": str(number)}} for number in range(500)]}, folder=None
    )
    value = ["x" * 100_000] * 20
    async with Judge(allowance=AMPLE) as judge:
        finding = await found(judge, case(schema, value))
        assert finding is not None
        assert finding.reason is Reason.UNDECIDED
        assert finding.message == "could not be judged: it took too much memory"


@pytest.mark.clock
async def test_the_deadline_ends_judging_before_the_allowance_does() -> None:
    loop = asyncio.get_running_loop()
    endless = case(load_schema({"pattern": "^(?!x)(a+)+$"}, folder=None), "a" * 32 + "b")
    async with Judge(allowance=AMPLE) as judge:
        assert await found(judge, case(APART, {})) is None
        async with withheld() as late:
            deadline = loop.time() + 0.3
            finding = await judge.judge(endless, deadline=deadline)
            ended = loop.time()
        assert ended < deadline + late.seconds
        assert finding is not None
        assert finding.reason is Reason.UNDECIDED
        assert finding.message == "could not be judged: it was not finished at the deadline"
        finding = await found(judge, endless, within=0.0)
        assert finding is not None
        assert finding.message == "could not be judged: the worker process was not ready before the deadline"
        assert finding.reason is Reason.PROBER_SHORTAGE


async def test_no_more_workers_than_allowed_and_the_others_wait() -> None:
    endless = case(load_schema({"pattern": "^(?!x)(a+)+$"}, folder=None), "a" * 32 + "b")
    async with Judge(allowance=AMPLE, workers=1) as judge:
        assert await found(judge, case(APART, {})) is None
        (pid,) = judge.pids
        busy = asyncio.create_task(found(judge, endless))
        await asyncio.sleep(0)
        finding = await found(judge, case(APART, {}), within=0.2)
        assert finding is not None
        assert finding.message == "could not be judged: every worker process was busy until the deadline"
        assert finding.reason is Reason.PROBER_SHORTAGE
        waiting = asyncio.create_task(found(judge, case(APART, {"a": 1})))
        assert judge.pids == (pid,)
        os.kill(pid, signal.SIGKILL)
        finding = await busy
        assert finding is not None
        assert finding.reason is Reason.UNDECIDED
        assert finding.message.startswith("could not be judged: the worker process was ended by SIGKILL")
        finding = await waiting
        assert finding is not None
        assert finding.reason is Reason.SCHEMA_MISMATCH


async def test_a_worker_that_is_given_up_is_killed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second signal could take the exit status from asyncio, which says so on standard error."""
    killed: list[Any] = []

    def counted(transport: Any, kill: Any = BaseSubprocessTransport.kill) -> None:
        killed.append(transport)
        kill(transport)

    monkeypatch.setattr(BaseSubprocessTransport, "kill", counted)
    endless = case(load_schema({"pattern": "^(a+)+$"}, folder=None), "a" * 32 + "b")
    async with Judge(allowance=SHORT) as judge:
        assert await found(judge, endless) is not None
    assert len(killed) == 1


async def test_a_worker_that_died_while_idle_is_replaced() -> None:
    async with Judge(allowance=AMPLE) as judge:
        assert await found(judge, case(APART, {})) is None
        (pid,) = judge.pids
        os.kill(pid, signal.SIGKILL)
        async with asyncio.timeout(AMPLE):
            while judge.pids:  # noqa: ASYNC110 - another process ends, which is no event of ours
                await asyncio.sleep(0.01)
        assert await found(judge, case(APART, {})) is None
        assert judge.pids != (pid,)


async def test_a_cancelled_case_leaves_no_worker_behind() -> None:
    endless = case(load_schema({"pattern": "^(?!x)(a+)+$"}, folder=None), "a" * 32 + "b")
    async with Judge(allowance=AMPLE) as judge:
        assert await found(judge, case(APART, {})) is None
        (pid,) = judge.pids
        task = asyncio.create_task(found(judge, endless))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await found(judge, case(APART, {"a": 1})) is not None
    assert not is_alive(pid)


@pytest.mark.parametrize(
    ("program", "why"),
    [
        ("/nonexistent/python", "no worker process could be started: No such file or directory"),
        ("/bin/false", "the worker process exited with status 1"),
    ],
)
async def test_without_workers_the_cheap_cases_are_still_judged(
    monkeypatch: pytest.MonkeyPatch, program: str, why: str
) -> None:
    monkeypatch.setattr("sys.executable", program)
    async with Judge(allowance=AMPLE) as judge:
        finding = await found(judge, case(APART, {}))
        assert finding is not None
        assert finding.reason is Reason.PROBER_SHORTAGE
        assert finding.message == f"could not be judged: {why}"
        assert await found(judge, case(load_schema({"type": "object"}, folder=None), {})) is None


async def test_a_value_too_deep_to_be_written_is_undecided() -> None:
    one = case_of(judged=Instance(value=nested(5_000)), schema=APART)
    async with Judge(allowance=AMPLE) as judge:
        finding = await found(judge, one)
        assert finding is not None
        assert finding.message == "could not be judged: the schema or the value is nested too deeply"


async def test_cases_are_judged_side_by_side() -> None:
    async with Judge(allowance=AMPLE) as judge:
        values = [{"a": 1} if number % 2 else {} for number in range(20)]
        findings = await asyncio.gather(
            *(found(judge, case(APART, value), target=str(number)) for number, value in enumerate(values))
        )
        assert [finding is not None for finding in findings] == [bool(value) for value in values]
        assert len(judge.pids) == 2


ENDLESS = case(load_schema({"pattern": "^(?!x)(a+)+$"}, folder=None), "a" * 32 + "b")
"""A case that no worker finishes, of an operator whose pattern only jsonschema knows."""


async def test_targets_with_hopeless_cases_leave_a_worker_for_the_others() -> None:
    async with Judge(allowance=SHORT) as judge:
        for name in ("a", "b", "c"):
            assert await found(judge, ENDLESS, target=name) is not None

        async def hopeless(name: str) -> None:
            for _ in range(3):
                finding = await found(judge, ENDLESS, target=name)
                assert finding is not None
                assert finding.reason is Reason.UNDECIDED

        tasks = [asyncio.create_task(hopeless(name)) for name in ("a", "b", "c")]
        findings = [await found(judge, case(APART, {"a": 1}), within=3, target="good") for _ in range(4)]
        assert [finding and finding.reason for finding in findings] == [Reason.SCHEMA_MISMATCH] * 4
        assert not all(task.done() for task in tasks)
        await asyncio.gather(*tasks)


async def test_a_target_has_one_worker_at_a_time() -> None:
    async with Judge(allowance=AMPLE) as judge:
        await asyncio.gather(*(found(judge, case(APART, {"a": number}), target="one") for number in range(5)))
        assert len(judge.pids) == 1


async def test_a_mistake_of_our_own_in_a_worker_is_raised_here_with_its_traceback() -> None:
    broken = case(load_schema({"unevaluatedProperties": False}, folder=None), {})
    object.__setattr__(broken.checks[0].instance, "within", ("result", "nowhere"))
    async with Judge(allowance=AMPLE) as judge:
        with pytest.raises(WorkerCrashError, match=r"(?s)^Traceback .*KeyError: 'nowhere'"):
            await found(judge, broken)
        assert await found(judge, case(APART, {})) is None


async def test_a_worker_knows_nothing_of_our_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "a-secret-token")
    async with Judge(allowance=AMPLE) as judge:
        assert await found(judge, case(APART, {})) is None
        (pid,) = judge.pids
        with open(f"/proc/{pid}/environ", "rb") as environ:  # noqa: ASYNC230, PTH123 - a file of the system
            assert b"a-secret-token" not in environ.read()


ORPHANED = """
import asyncio, os, sys
from prober.assertions.checks import Instance, case_of
from prober.assertions.json_schema.schema import load_schema
from prober.assertions.judge import Judge

async def main():
    judge = Judge(allowance=0.5)
    harmless = load_schema({"unevaluatedProperties": False}, folder=None)
    endless = load_schema({"pattern": "^(a+)+$"}, folder=None)
    late = asyncio.get_running_loop().time() + 60
    await judge.judge(case_of(judged=Instance(value={}), schema=harmless), deadline=late)
    print(*judge.pids, flush=True)
    if sys.argv[1] == "busy":
        asyncio.create_task(judge.judge(case_of(judged=Instance(value="a" * 40 + "b"), schema=endless), deadline=late))
        await asyncio.sleep(0.1)
    os._exit(0)

asyncio.run(main())
"""


@pytest.mark.slow
@pytest.mark.parametrize("state", ["idle", "busy"])
async def test_a_worker_does_not_outlive_a_parent_that_dies(state: str) -> None:
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", ORPHANED, state, stdout=asyncio.subprocess.PIPE)
    output, _ = await parent.communicate()
    pid = int(output)
    async with asyncio.timeout(AMPLE):
        while is_alive(pid):  # noqa: ASYNC110 - another process ends, which is no event of ours
            await asyncio.sleep(0.02)
