"""Tasks: a call that is answered by a promise, followed to its end by polling.

modern      the extension `io.modelcontextprotocol/tasks`: a client says that it can follow, the server decides for each
            call; `tasks/get` has the result in it
handshake   2025-11-25, experimental: a client asks for a task where the server and its tool offer that; `tasks/result`
            has the result

A task that the prober gives up is cancelled: a job that nobody waits for would be left by every run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from prober.assertions.result_shapes import MODERN
from prober.client.asked_input import input_required
from prober.client.envelope import is_task
from prober.client.jsonrpc import is_error, rpc_failure
from prober.client.requester import Requester
from prober.json_values import cap, render
from prober.outcome import Evidence, Failure, Reason

_CALL: Final = "tools/call"
_GET: Final = "tasks/get"
_RESULT: Final = "tasks/result"
TASK_STEPS: Final = frozenset({_GET, _RESULT})
"""The requests after a call by which its answer comes."""
_STATUSES: Final = ("working", "input_required", "completed", "failed", "cancelled")
_WORKING: Final = "working"
_USUAL: Final = 1.0
_FASTEST: Final = 0.2
_SLOWEST: Final = 86_400
"""Seconds between two polls: where the server suggests nothing, at least, and at most; the deadline comes before."""
_SPARE: Final = 1.0
"""Seconds that the last poll leaves for its answer and for judging it, never more than a quarter of a call's time."""
_PARTING: Final = 2.0
"""Seconds that cancelling a task may take, never more than half of what is left."""
_KEPT: Final = 60.0
"""Seconds beyond the deadline for which the server is asked to keep a task."""
_NOT_FOLLOWED: Final = frozenset({Reason.TIMEOUT, Reason.INPUT_REQUIRED})


async def call_and_follow(
    requester: Requester,
    params: Mapping[str, Any],
    *,
    listing: Mapping[str, Any],
    capabilities: Mapping[str, Any],
) -> dict[str, Any]:
    """The result of a call of the tool with this `listing`, at once or by a task.

    Raises Failure with `rpc_error` or `tool_error` for a task that failed or was cancelled, with `input_required` for
    one that asks, and with `timeout` for one that still works shortly before the deadline.
    """
    modern = requester.conversation.era == MODERN
    if not modern and _offers_task(listing, capabilities):
        params = {**params, "task": {"ttl": round((requester.deadline.left() + _KEPT) * 1000)}}
    result = await requester.request(_CALL, params, input_schema=listing.get("inputSchema"), follows=True)
    if not is_task(result, modern=modern):
        return result
    following = _Following(requester=requester, modern=modern, tool=str(params["name"]))
    following.take(result if modern else result["task"], _CALL)
    try:
        return await following.end()
    except Failure as failure:
        failure.step = failure.step or _GET
        if failure.reason in _NOT_FOLLOWED:
            await following.cancel(capabilities)
        raise


def wants_task(listing: Mapping[str, Any]) -> str | None:
    """What a tool says of tasks: `required`, `optional`, `forbidden` or nothing."""
    execution = listing.get("execution")
    found = execution.get("taskSupport") if isinstance(execution, dict) else None
    return found if isinstance(found, str) else None


def _offers_task(listing: Mapping[str, Any], capabilities: Mapping[str, Any]) -> bool:
    """Whether both the tool and the server do (2025-11-25, Tasks, "Tool-Level Negotiation")."""
    found: Any = capabilities
    for name in ("tasks", "requests", "tools", "call"):
        found = found.get(name) if isinstance(found, dict) else None
    return found is not None and wants_task(listing) in ("optional", "required")


@dataclass(kw_only=True)
class _Following:
    """One task, and what is known of it."""

    requester: Requester
    modern: bool
    tool: str
    id: str = ""
    state: Mapping[str, Any] = field(default_factory=dict)

    def take(self, state: Mapping[str, Any], method: str) -> None:
        """Note what the server says of the task. Raises Failure where that is none."""
        lifetime = "ttlMs" if self.modern else "ttl"
        for name, right, expected in (
            ("taskId", _is_text(state.get("taskId")), "a text"),
            ("taskId", self.id in ("", state.get("taskId")), render(self.id)),
            ("status", state.get("status") in _STATUSES, " or ".join(_STATUSES)),
            ("createdAt", _is_text(state.get("createdAt")), "a text"),
            (lifetime, lifetime in state and _is_time(state[lifetime]), "a number or null"),
        ):
            if not right:
                seen = render(state[name]) if name in state else "nothing"
                raise Failure(
                    Reason.BAD_RESULT,
                    f"the task is not what its specification defines: `{name}` is {seen}",
                    step=method,
                    evidence=Evidence(pointer=f"/{name}", expected=expected, seen=seen),
                )
        self.id, self.state = state["taskId"], state

    async def end(self) -> dict[str, Any]:
        """Wait for the end of the task. The result of the call."""
        began, last = asyncio.get_running_loop().time(), False
        spare = min(_SPARE, self.requester.deadline.left() / 4)
        while self.state["status"] == _WORKING:
            if last:
                took = asyncio.get_running_loop().time() - began
                raise Failure(Reason.TIMEOUT, f"the task of {self.tool} still works after {took:.1f} s{self._said()}")
            room = max(0.0, self.requester.deadline.left() - spare)
            last = self._pause() >= room
            await asyncio.sleep(min(self._pause(), room))
            self.take(await self._ask(_GET), _GET)
        match self.state["status"]:
            case "cancelled":
                raise Failure(Reason.TOOL_ERROR, f"the server cancelled the task of {self.tool}{self._said()}")
            case "input_required":
                raise input_required(self.state)
            case _:
                return await (self._from_state() if self.modern else self._fetched())

    async def cancel(self, capabilities: Mapping[str, Any]) -> None:
        """Ask the server to stop, where it can. What it says to that changes nothing."""
        offered = capabilities.get("tasks")
        if not self.modern and not (isinstance(offered, dict) and "cancel" in offered):
            return
        with suppress(Failure, TimeoutError):
            async with asyncio.timeout(min(_PARTING, self.requester.deadline.left() / 2)):
                await self._ask("tasks/cancel")

    async def _ask(self, method: str) -> dict[str, Any]:
        return await self.requester.request(method, {"taskId": self.id}, any_shape=True, follows=True)

    async def _fetched(self) -> dict[str, Any]:
        """The result, asked for by itself; the server answers by an error where the call ended with one."""
        result = await self._ask(_RESULT)
        await self._check(result, _RESULT)
        return result

    async def _from_state(self) -> dict[str, Any]:
        """The result that came with the state of the task."""
        if self.state["status"] == "failed":
            error = self.state.get("error")
            if not is_error(error):
                raise self._lacks("error", error, "an error of JSON-RPC")
            raise rpc_failure(error)
        result = self.state.get("result")
        if not isinstance(result, dict):
            raise self._lacks("result", result, "an object")
        result = {"resultType": "complete", **result}
        await self._check(result, _GET)
        return result

    async def _check(self, result: dict[str, Any], step: str) -> None:
        try:
            await self.requester.check_shape(_CALL, result)
        except Failure as failure:
            failure.step = failure.step or step
            raise

    def _lacks(self, name: str, seen: Any, expected: str) -> Failure:
        return Failure(
            Reason.BAD_RESULT,
            f"the task of {self.tool} is {self.state['status']}, and its `{name}` is not {expected}",
            evidence=Evidence(pointer=f"/{name}", expected=expected, seen=render(seen)),
        )

    def _pause(self) -> float:
        """Seconds until the next poll."""
        suggested = self.state.get("pollIntervalMs" if self.modern else "pollInterval")
        if suggested is None or not _is_time(suggested):
            return _USUAL
        return max(_FASTEST, float(min(suggested, _SLOWEST * 1000)) / 1000)

    def _said(self) -> str:
        text = self.state.get("statusMessage")
        return f": {cap(' '.join(text.split()), 200)}" if isinstance(text, str) and text.strip() else ""


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _is_time(value: Any) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool) and value >= 0)
