"""What may be shown has a type of its own, which nobody makes but those who mask."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any, Final, get_type_hints

import pytest

from prober.client.exchange import ExchangeRecorder
from prober.client.stdio.kept_processes import Ended
from prober.outcome import Evidence, Exchange, Failure, Outcome, Reason, ServerInfo
from prober.outcome.masking import MaskedFailure, masked_evidence, masked_server
from prober.redaction import Redactor
from tests.redaction.test_masking import SECRETS
from tests.redaction.writers import WRITERS

PROBER: Final = Path(__file__).parents[2] / "prober"
MAKERS: Final = {"redaction/masked.py", "redaction/redactor.py", "outcome/masking.py", "outcome/run.py"}
BY_NAME: Final = {
    "of_ours": {"engine/run.py"},
    "masked_before": {"history/codec.py", "history/notes.py", "loop_lag.py"},
}
OF_THE_CONFIGURATION: Final = {"target", "probe", "kind", "step", "tags", "origin", "http_version", "tls_version"}
"""Texts of an outcome that no peer has chosen: names of the file and of the protocol."""


def calls(name: str) -> set[str]:
    """The files that call a function, or hand it on."""
    found = set()
    for file in PROBER.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            used = node.func if isinstance(node, ast.Call) else None
            if used is not None and isinstance(used, ast.Name) and used.id == name:
                found.add(str(file.relative_to(PROBER)))
            if isinstance(node, ast.Call) and any(isinstance(arg, ast.Name) and arg.id == name for arg in node.args):
                found.add(str(file.relative_to(PROBER)))
    return found


@pytest.mark.parametrize("made", ["Masked", "MaskedEvidence", "MaskedServerInfo"])
def test_only_who_masks_makes_what_is_masked(made: str) -> None:
    assert calls(made) <= MAKERS


@pytest.mark.parametrize("way", BY_NAME)
def test_the_other_ways_are_known(way: str) -> None:
    assert calls(way) == BY_NAME[way]


@pytest.mark.parametrize("shown", [Outcome, Exchange, Ended])
def test_every_text_of_what_a_run_leaves_is_masked_by_its_type(shown: type[Any]) -> None:
    hints = get_type_hints(shown)
    plain = {each.name for each in fields(shown) if hints[each.name] in (str, str | None, tuple[str, ...])}
    assert plain <= OF_THE_CONFIGURATION


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
@pytest.mark.parametrize("secret", SECRETS)
def test_every_text_of_every_value_is_masked_in_every_spelling(secret: str, write: Callable[[str], str]) -> None:
    redact = Redactor([secret])
    said = f"<{write(secret)}>"
    texts = {each.name for each in fields(Evidence) if get_type_hints(Evidence)[each.name] == str | None}
    words: dict[str, Any] = dict.fromkeys(texts, said)
    evidence = Evidence(**words)
    failure = MaskedFailure(
        Failure(Reason.TIMEOUT, said, evidence=evidence, further=(evidence,)), redact, further=[evidence]
    )
    assert failure.message == "<***>"
    for each in (failure.evidence, *failure.further, masked_evidence(evidence, redact)):
        assert {getattr(each, name) for name in texts} == {"<***>"}
    server = ServerInfo(**dict.fromkeys((each.name for each in fields(ServerInfo)), said))
    assert set(vars(masked_server(server, redact)).values()) == {"<***>"}
    recorder = ExchangeRecorder("any")
    recorder.sent, recorder.content_type = said.encode(), said
    recorder.saw(said.encode())
    exchange = recorder.freeze(redact)
    assert {exchange.sent, exchange.received, exchange.content_type} == {"<***>"}
