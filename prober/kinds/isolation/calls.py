"""The calls of all clients by their nonces, and the answers that reached the wrong one.

An answer is another client's only if it holds the nonce of that client's call and not the nonce of the call that it
answers. An answer with both may come of a tool that shows what it was asked before; it proves nothing.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

_NONCE: Final = re.compile(r"probe-[0-9a-f]{16}")


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call of one client."""

    client: int
    number: int
    request_id: int
    nonce: str

    def __str__(self) -> str:
        return f"client {self.client}'s call {self.number} (JSON-RPC id {self.request_id}) with {self.nonce}"


@dataclass(frozen=True, kw_only=True)
class Crossing:
    """An answer that reached another client than its own."""

    of: Call
    """The call whose answer it is."""
    reached: Call
    """The call of the client that got it: the one it came for, or the latest of that client."""
    in_place: bool
    """Whether it came as the answer to that call, and not beside it."""


class Calls:
    """All calls of one run."""

    def __init__(self) -> None:
        self._by_nonce: dict[str, Call] = {}
        self._latest: dict[int, Call] = {}
        self.crossings: list[Crossing] = []
        self.open = self.most_open = 0

    @property
    def made(self) -> int:
        """How many there were."""
        return len(self._by_nonce)

    def begin(self, *, client: int, number: int, request_id: int) -> Call:
        """A call that is about to be made, with a nonce of its own."""
        nonce = f"probe-{secrets.token_hex(8)}"
        call = Call(client=client, number=number, request_id=request_id, nonce=nonce)
        self._by_nonce[nonce] = self._latest[client] = call
        return call

    def tells(self, call: Call, answer: Mapping[str, Any]) -> bool:
        """Take in the answer to a call; whether it tells whose it is. If it is another client's, that is noted."""
        text = json.dumps(answer)
        return call.nonce in text or self._crossed(call, text, in_place=True)

    def stray(self, client: int, text: str) -> None:
        """Take in what came to a client and is the answer to none of its open requests."""
        latest = self._latest.get(client)
        if latest is not None:
            self._crossed(latest, text, in_place=False)

    def _crossed(self, reached: Call, text: str, *, in_place: bool) -> bool:
        """Note each call of another client whose nonce is in the text; whether there was one."""
        others = [self._by_nonce[nonce] for nonce in dict.fromkeys(_NONCE.findall(text)) if nonce in self._by_nonce]
        found = [call for call in others if call.client != reached.client]
        self.crossings += [Crossing(of=call, reached=reached, in_place=in_place) for call in found]
        return bool(found)
