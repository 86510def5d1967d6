"""One request of a run: one message out, its answer in, the result's shape checked against the revision's own types."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from prober.assertions import result_shapes
from prober.assertions.checks import Case, Check, Instance
from prober.assertions.judge import Judge
from prober.assertions.result_shapes import HANDSHAKE, MODERN
from prober.client import envelope
from prober.client.asked_input import input_required
from prober.client.conversation import Conversation
from prober.client.era_detection import not_discovered, of_another_era
from prober.client.exchange import ExchangeLog, ExchangeRecorder
from prober.client.target_cache import TargetCache
from prober.config.model import Target
from prober.deadline import Deadline
from prober.outcome import Failure, Reason

_LARGE: Final = 256 * 1024
"""Bytes of an answer that took the event loop some milliseconds to parse: others come first before it is looked at."""


@dataclass(kw_only=True)
class Requester:
    """Sends the requests of one run in a conversation, and records them."""

    target: Target
    conversation: Conversation
    log: ExchangeLog
    target_cache: TargetCache
    judge: Judge
    deadline: Deadline
    token: str | None = None

    @property
    def mirrors_arguments(self) -> bool:
        """Whether `x-mcp-header` in the schema of a tool means something: in the modern era, over HTTP."""
        return self.conversation.era == MODERN and self.target.transport == "http"

    async def request(
        self,
        method: str,
        params: Mapping[str, Any],
        *,
        input_schema: Mapping[str, Any] | None = None,
        any_shape: bool = False,
        follows: bool = False,
    ) -> dict[str, Any]:
        """The result of one request; `input_schema` is that of the tool it calls. Raises Failure with `step` set.

        With `any_shape` the caller looks at the result itself, whether or not it is what the revision defines. One that
        `follows` takes a task for an answer, and says so to the server.
        """
        conversation = self.conversation
        version = conversation.version
        if conversation.era == MODERN and version is not None:
            headers = envelope.modern_headers(method, params, version)
            if input_schema is not None and self.mirrors_arguments:
                headers |= envelope.mirrored(input_schema, params)
            params = envelope.modern_params(params, version, extensions=[envelope.TASKS] if follows else [])
        else:
            headers = envelope.handshake_headers(version)
        with self.exchange(method) as recorder:
            recorder.request_id = next(conversation.ids)
            if recorder.span is not None:
                recorder.name = params["name"] if method in ("tools/call", "prompts/get") else None
                params = envelope.joined(params, recorder.span.traceparent)
            message = {"jsonrpc": "2.0", "id": recorder.request_id, "method": method, "params": params}
            result = await conversation.transport.request(message, headers=headers, recorder=recorder)
            if recorder.bytes_received > _LARGE:
                await asyncio.sleep(0)
            if not any_shape and not (follows and envelope.is_task(result, modern=conversation.era == MODERN)):
                await self.check_shape(method, result)
        if conversation.era == MODERN and method != "server/discover":
            conversation.heard(envelope.server_info(result), version=version)
        return result

    @contextmanager
    def exchange(self, step: str) -> Iterator[ExchangeRecorder]:
        """One exchange, recorded. A failure from inside says at which step it was, and casts doubt on what is known."""
        with self.log.exchange(step) as recorder:
            try:
                yield recorder
            except Failure as failure:
                failure.step = failure.step or step
                self._doubt(failure)
                raise

    def _doubt(self, failure: Failure) -> None:
        """Forget cached facts that this failure contradicts. The run fails all the same; the next one asks anew."""
        if failure.reason is Reason.UNAUTHORIZED and self.token is not None and self.target_cache.tokens is not None:
            self.target_cache.tokens.forget(self.token)
        if self.target_cache.learns_era and of_another_era(failure):
            self.target_cache.era.forget()

    async def check_shape(self, method: str, result: dict[str, Any]) -> None:
        """Raises Failure where the result is not what the revision defines."""
        conversation = self.conversation
        version = conversation.version or result_shapes.versions(HANDSHAKE)[-1]
        if conversation.era == MODERN and result.get("resultType") == "input_required":
            raise input_required(result)
        if method == "server/discover" and (stranger := not_discovered(result)):
            raise stranger
        shape = Check(
            reason=Reason.BAD_RESULT,
            rule=result_shapes.Shape(method=method, version=version),
            instance=Instance(value=result),
        )
        finding = await self.judge.judge(Case(checks=(shape,)), deadline=self.deadline, target=self.target.name)
        if finding is not None:
            message = f"the result is not what {version} defines: {finding.message}"
            raise Failure(finding.reason, message, evidence=finding.evidence)
