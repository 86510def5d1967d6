"""CASES: every fault at every place where it applies, and the reason that a prober must give.

@pytest.mark.parametrize("case", CASES, ids=str)
async def test_…(case, tmp_path):
    async with case.ground(tmp_path) as ground:
        ...     # ground.document is a configuration with one target, `peer`, and one probe, `case`
        ...     # ground.peer has seen what was sent; ground.folder is where the configuration file belongs
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from prober.contract.contract import contract_of, dump_contract
from prober.outcome import Reason
from tests.peers import connect_faults, http_faults, legacy_faults, stdio_faults
from tests.peers.child import StdioPeer
from tests.peers.fault import Fault
from tests.peers.http_peer import HttpPeer, Script, http_peer
from tests.peers.legacy_peer import LegacyPeer, legacy_peer
from tests.peers.protocol import ECHO, FACTS, FORGET, GREET, ITEM, Era, Step

Transport = Literal["http", "sse", "stdio"]

NOT_BY_A_PEER: Final = frozenset({Reason.INTERNAL_ERROR, Reason.PROBER_SHORTAGE, Reason.NOT_RUN})
"""Reasons that no peer can bring about."""
ELSEWHERE: Final = frozenset({Reason.ANSWER_CROSSED, Reason.METRICS_UNTRUE})
"""Reasons that take several clients, or a second server: see tests/kinds/test_isolation.py and test_metrics.py."""

AMPLE: Final = "10s"
SHORT: Final = "500ms"
SHORT_WITH_START: Final = "1500ms"
"""For a child process, which must have started by then."""

PROBE_OF: Final[Mapping[Step, Mapping[str, Any]]] = {
    "connect": {"kind": "handshake"},
    "discover": {"kind": "handshake"},
    "initialize": {"kind": "handshake"},
    "initialized": {"kind": "handshake"},
    "list": {"kind": "catalog"},
    "call": {"kind": "call", "tool": "echo", "arguments": {"message": "hi"}},
    "read": {"kind": "read", "uri": FACTS["uri"]},
    "prompt": {"kind": "prompt", "prompt": "greet", "arguments": {"name": "Ada"}},
    "listen": {"kind": "stream", "hold": "1s"},
    "close": {"kind": "handshake"},
    "ping": {"kind": "session"},
    "unknown": {"kind": "http"},
}
"""The probe that comes by a step, in the words of the configuration."""


@dataclass(frozen=True, kw_only=True)
class Ground:
    """A case that is set up: what to run, and who has seen it."""

    folder: Path
    document: Mapping[str, Any]
    peer: HttpPeer | LegacyPeer | StdioPeer | None
    """None where nothing of ours answers."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """One fault at one place. `reason` is None where the probe passes."""

    transport: Transport
    era: Era
    step: Step
    fault: str | None
    """None: a well-behaved peer."""
    reason: Reason | None
    protocol: Literal["modern", "handshake", "auto"]
    kind: str | None = None
    """The kind of probe that a well-behaved peer has to pass, where the step does not say it."""

    @property
    def name(self) -> str:
        protocol = "auto-" if self.protocol == "auto" else ""
        well = f"well-{self.kind}" if self.kind else "well"
        return f"{self.transport}-{protocol}{self.era}-{self.step}-{self.fault or well}"

    def __str__(self) -> str:
        return self.name

    @property
    def probed(self) -> str:
        """The kind of its probe."""
        return str(self._probe()["kind"])

    @property
    def timeout(self) -> str:
        """The deadline of the probe: short where it is to pass."""
        if self.reason not in (Reason.TIMEOUT, Reason.CONNECT_TIMEOUT):
            return AMPLE
        return SHORT_WITH_START if self.transport == "stdio" else SHORT

    @asynccontextmanager
    async def ground(self, folder: Path) -> AsyncIterator[Ground]:
        """The peer behaves as this case says for as long as the block lasts. `folder` is the case's own."""
        (folder / "contract.json").write_text(CONTRACT)
        async with _SETTINGS[self.transport](self, folder) as (target, peer):
            document = {
                "targets": {"peer": {"protocol": self.protocol, **target}},
                "probes": {"case": {"target": "peer", "timeout": self.timeout, **self._probe()}},
            }
            yield Ground(folder=folder, document=document, peer=peer)

    def _probe(self) -> dict[str, Any]:
        if self.kind is not None:
            return {"kind": self.kind}
        own = fault_of(self).probe if self.fault else {}
        return dict(own) if "kind" in own else {**PROBE_OF[self.step], **own}


CONTRACT: Final = dump_contract(contract_of(tools=[ECHO, FORGET], prompts=[GREET], resources=[FACTS], templates=[ITEM]))
"""What a well-behaved peer offers."""

FAULTS: Final[Mapping[Transport, Mapping[str, Fault[Any]]]] = {
    "http": {**connect_faults.FAULTS, **http_faults.FAULTS},
    "sse": legacy_faults.FAULTS,
    "stdio": {**connect_faults.SPAWN_FAULTS, **stdio_faults.FAULTS},
}


def fault_of(case: Case) -> Fault[Any]:
    assert case.fault is not None
    return FAULTS[case.transport][case.fault]


@asynccontextmanager
async def _http(case: Case, folder: Path) -> AsyncIterator[tuple[dict[str, Any], HttpPeer | None]]:
    if case.fault and case.step == "connect":
        async with fault_of(case).act(case.era, folder) as target:
            yield target, None
        return
    fault = fault_of(case) if case.fault else None
    faults = {case.step: fault.act} if fault else {}
    async with http_peer(Script(era=case.era, faults=faults, after=fault.after if fault else 0)) as peer:
        yield {"url": peer.url}, peer


@asynccontextmanager
async def _sse(case: Case, folder: Path) -> AsyncIterator[tuple[dict[str, Any], LegacyPeer]]:
    async with legacy_peer({case.step: fault_of(case).act} if case.fault else {}) as peer:
        yield {"url": peer.url, "transport": "sse"}, peer


@asynccontextmanager
async def _stdio(case: Case, folder: Path) -> AsyncIterator[tuple[dict[str, Any], StdioPeer | None]]:
    if case.fault and case.step == "connect":
        async with fault_of(case).act(case.era, folder) as target:
            yield {"startup_timeout": case.timeout, **target}, None
        return
    peer = StdioPeer(folder, era=case.era, step=case.step, fault=case.fault, startup_timeout=case.timeout)
    yield peer.target, peer


_SETTINGS: Final = {"http": _http, "sse": _sse, "stdio": _stdio}


def _pinned() -> Iterator[Case]:
    """Every fault at every place, the era known beforehand."""
    for transport, faults in FAULTS.items():
        for name, fault in faults.items():
            for era, step in sorted(fault.where):
                yield Case(transport=transport, era=era, step=step, fault=name, reason=fault.reason, protocol=era)


def _well_behaved() -> Iterator[Case]:
    """No fault at all, over every transport and in every era that it has."""
    for transport in FAULTS:
        eras: tuple[Era, ...] = ("handshake",) if transport == "sse" else ("modern", "handshake")
        for era in eras:
            for step in ("connect", "list", "call", "read", "prompt"):
                yield Case(transport=transport, era=era, step=step, fault=None, reason=None, protocol=era)


_TELLS_NOTHING: Final = (
    ("http_401", Reason.UNAUTHORIZED),
    ("http_403", Reason.FORBIDDEN),
    ("http_429", Reason.RATE_LIMITED),
    ("http_500", Reason.SERVER_ERROR),
    ("http_503", Reason.UNAVAILABLE),
    ("silence", Reason.TIMEOUT),
    ("closed", Reason.CONNECTION_CLOSED),
    ("reset", Reason.CONNECTION_RESET),
    ("http_400_unsupported_version", Reason.VERSION_UNSUPPORTED),
)
"""What a modern server may say to `server/discover`, and must not be taken for a server of the other era."""

_TURNS_DOWN: Final[Mapping[Transport, tuple[str, ...]]] = {
    "http": ("http_400", "http_400_with_error", "http_404", "http_405"),
    "stdio": ("passed_over", "exits"),
}
"""What servers of the handshake era do with `server/discover`, which they do not know."""


_RULES: Final[tuple[tuple[Step, str], ...]] = (("ping", "session"), ("unknown", "http"), ("list", "clients"))
"""Kinds of probes that hold a server against rules, with a place where a peer breaks one."""


def _of_rules() -> Iterator[Case]:
    """No fault at all: beside each peer that breaks a rule there is one that keeps it."""
    eras: tuple[Era, ...] = ("modern", "handshake")
    for era in eras:
        for step, kind in _RULES:
            yield Case(transport="http", era=era, step=step, fault=None, reason=None, protocol=era, kind=kind)


def _auto() -> Iterator[Case]:
    """`protocol: auto`: the era is learnt from the peer, and never from its failing."""
    eras: tuple[Era, ...] = ("modern", "handshake")
    for transport, names in _TURNS_DOWN.items():
        for era in eras:
            for step in ("connect", "call"):
                yield Case(transport=transport, era=era, step=step, fault=None, reason=None, protocol="auto")
        for name in names:
            yield Case(transport=transport, era="handshake", step="discover", fault=name, reason=None, protocol="auto")
    for name, reason in _TELLS_NOTHING:
        yield Case(transport="http", era="modern", step="discover", fault=name, reason=reason, protocol="auto")


CASES: Final[tuple[Case, ...]] = (*_well_behaved(), *_of_rules(), *_pinned(), *_auto())
