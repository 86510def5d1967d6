"""Asks a server as somebody who has no credentials would, or with a token that the prober made up.

Nothing that the configuration gives for entry goes along: no header of the target, no token, no query of its URL. The
proxy and the files of `tls` do, for without them there is no connection; to another origin no client certificate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from prober.client.exchange import ExchangeLog
from prober.client.http.http_client import HttpClient
from prober.client.http.http_response import beginning, note_head, read_body
from prober.config.fields.urls import origin_of
from prober.config.model import Limits, Target

SOME: Final = Limits(body=64 * 1024, decompressed=64 * 1024)
"""More than a document of metadata needs."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back. The body is whole for `fetch`, and for `ask` what there was of it within a moment."""

    status: int
    headers: Mapping[str, str]
    content_type: str | None
    body: bytes


def without_credentials(target: Target, url: str) -> Target:
    """The target with another URL, as somebody reaches it who has no credentials for it."""
    at_target = origin_of(url) == origin_of(target.url or "")
    tls = target.tls if at_target else replace(target.tls, client_certificate=None, client_key=None)
    return replace(target, url=url, headers={}, auth=None, tls=tls)


class Stranger:
    """One conversation with the origin of a target, or with another that the configuration names."""

    def __init__(self, target: Target, url: str, *, log: ExchangeLog):
        self._url = url.partition("?")[0]
        self._client = HttpClient(without_credentials(target, self._url))
        self._log = log

    async def ask(
        self, method: str, *, step: str, headers: Mapping[str, str], content: bytes = b"", token: str | None = None
    ) -> Answer:
        """A request to the target's own address. Raises Failure where no HTTP answer comes."""
        own = {**headers, "Authorization": f"Bearer {token}"} if token is not None else headers
        with self._log.exchange(step) as recorder:
            async with self._client.send(method, self._url, headers=own, content=content, recorder=recorder) as answer:
                note_head(answer, recorder)
                body = await beginning(answer, recorder)
        return Answer(status=answer.status_code, headers=answer.headers, content_type=recorder.content_type, body=body)

    async def fetch(self, url: str, *, step: str) -> Answer:
        """A document. Raises Failure where none comes, or one that is too large."""
        with self._log.exchange(step) as recorder:
            recorder.sent = url.encode()
            headers = {"Accept": "application/json"}
            async with self._client.send("GET", url, headers=headers, recorder=recorder) as answer:
                note_head(answer, recorder)
                body = await read_body(answer, SOME, recorder)
        return Answer(status=answer.status_code, headers=answer.headers, content_type=recorder.content_type, body=body)

    async def aclose(self) -> None:
        await self._client.aclose()
