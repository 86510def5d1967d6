"""The table of reasons, and of the results that come of them, against the code that gives them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import pytest

from prober import consistency
from prober.config.fields.secret import Secret
from prober.config.model import ClientCredentials, Probe, Target
from prober.kinds import all_kinds
from prober.kinds.auth import AuthSettings
from prober.kinds.call import CallSettings
from prober.kinds.catalog import CatalogSettings
from prober.kinds.clients import ClientsSettings
from prober.kinds.handshake import HandshakeSettings
from prober.kinds.http import HttpSettings
from prober.kinds.isolation import IsolationSettings
from prober.kinds.metrics.settings import MetricsSettings
from prober.kinds.prompt import PromptSettings
from prober.kinds.race import RaceSettings
from prober.kinds.race.models import MODELS
from prober.kinds.read import ReadSettings
from prober.kinds.scenario import ScenarioSettings
from prober.kinds.session import SessionSettings
from prober.kinds.stream import StreamSettings
from prober.metrics.results import reasons_of, results_of
from prober.outcome import Reason, Symptom
from tests.peers.cases import CASES, PROBE_OF, Case, fault_of

SETTINGS: Final[dict[str, Any]] = {
    "handshake": HandshakeSettings(second_opinion=True),
    "session": SessionSettings(),
    "http": HttpSettings(accept=("json",)),
    "catalog": CatalogSettings(as_=Target(name="")),
    "auth": AuthSettings(),
    "clients": ClientsSettings(),
    "stream": StreamSettings(),
    "call": CallSettings(tool="t"),
    "read": ReadSettings(uri="u"),
    "prompt": PromptSettings(prompt="p"),
    "scenario": ScenarioSettings(steps=()),
    "race": RaceSettings(model="counter", calls={}),
    "isolation": IsolationSettings(tool="t", arguments={}),
    "metrics": MetricsSettings(metrics_url="http://127.0.0.1:9/metrics"),
}
WEB: Final = Target(name="t", url="http://127.0.0.1:9/mcp")
LOCAL: Final = Target(name="t", transport="stdio", command=("server",))
GUARDED: Final = Target(
    name="t",
    url="https://mcp.example/mcp",
    auth=ClientCredentials(token_url="https://auth.example", client_id="i", client_secret=Secret("s")),
)


def probe(kind: str, *, allow_writes: bool = False) -> Probe:
    return Probe(name="p", target="t", kind=kind, settings=SETTINGS[kind], allow_writes=allow_writes)


def kind_of(case: Case) -> str:
    own = fault_of(case).probe if case.fault else {}
    return str(own.get("kind", PROBE_OF[case.step]["kind"]))


def test_what_any_peer_can_bring_about_is_in_the_table() -> None:
    targets = {"http": GUARDED, "sse": Target(name="t", transport="sse", url="http://h/sse"), "stdio": LOCAL}
    seen = {(case.transport, kind_of(case), case.reason) for case in CASES if case.reason is not None}
    assert len(seen) > 100
    assert {
        (transport, kind, reason)
        for transport, kind, reason in seen
        if reason not in reasons_of(probe(kind), targets[transport])
    } == set()


def test_every_kind_has_its_reasons() -> None:
    for kind in all_kinds():
        assert {Reason.TIMEOUT, Reason.NOT_RUN, Reason.INTERNAL_ERROR} <= set(reasons_of(probe(kind), WEB))


def test_every_reason_is_one_that_some_probe_can_end_with() -> None:
    sse = Target(name="t", transport="sse", url="https://h/sse")
    possible = {r for kind in all_kinds() for target in (GUARDED, LOCAL, sse) for r in reasons_of(probe(kind), target)}
    possible |= {anomaly for model in MODELS.values() for anomaly in model.anomalies}
    assert possible == set(Reason)


@pytest.mark.parametrize(
    ("kind", "target", "allow_writes", "absent"),
    [
        ("call", LOCAL, False, {Reason.DNS_FAILED, Reason.SERVER_ERROR, Reason.TLS_EXPIRED, Reason.LOST_UPDATE}),
        ("call", WEB, False, {Reason.SPAWN_FAILED, Reason.PROCESS_EXITED, Reason.TLS_EXPIRED, Reason.TOKEN_FAILED}),
        ("call", GUARDED, True, {Reason.NOT_READ_ONLY, Reason.BAD_ENDPOINT, Reason.CONTRACT_BROKEN}),
        ("handshake", GUARDED, False, {Reason.TOOL_MISSING, Reason.SCHEMA_MISMATCH, Reason.TOO_SLOW}),
        ("race", WEB, True, {Reason.TORN_READ, Reason.LOCK_STUCK, Reason.EXCLUSION_BROKEN, Reason.CONTRACT_BROKEN}),
    ],
)
def test_what_cannot_happen_is_no_reason_of_the_probe(
    kind: str, target: Target, allow_writes: bool, absent: set[Reason]
) -> None:
    assert set(reasons_of(probe(kind, allow_writes=allow_writes), target)) & absent == set()


@pytest.mark.parametrize(
    ("kind", "target", "absent"),
    [
        ("handshake", WEB, {Symptom.TOO_SLOW, Symptom.CONTRACT_BROKEN, Symptom.RACE_VIOLATION}),
        ("call", WEB, {Symptom.CONTRACT_BROKEN, Symptom.RACE_VIOLATION}),
        ("call", LOCAL, {Symptom.REJECTED, Symptom.CONTRACT_BROKEN, Symptom.RACE_VIOLATION}),
        ("catalog", GUARDED, {Symptom.TOO_SLOW, Symptom.RACE_VIOLATION}),
        ("race", WEB, {Symptom.CONTRACT_BROKEN}),
    ],
)
def test_a_probe_has_a_counter_of_each_result_it_can_end_with(kind: str, target: Target, absent: set[Symptom]) -> None:
    settings = RaceSettings(model="counter", calls={}) if kind == "race" else SETTINGS[kind]
    results = results_of(Probe(name="p", target="t", kind=kind, settings=settings), target)
    assert results == ("pass", *(symptom for symptom in Symptom if symptom not in absent))


BORROWED: Final = {"log": {Reason.LOST_UPDATE}}
"""A log's lost updates are told by the judge of sets."""


@pytest.mark.parametrize("model", sorted(consistency.MODELS))
def test_a_model_has_the_anomalies_that_its_judge_names(model: str) -> None:
    source = (Path(consistency.__file__).parent / f"{model}_model.py").read_text()
    named = {Reason[name] for name in re.findall(r"Reason\.([A-Z_]+)", source)}
    assert set(MODELS[model].anomalies) == named | BORROWED.get(model, set())


def test_every_model_has_its_anomalies() -> None:
    assert set(MODELS) == set(consistency.MODELS)
