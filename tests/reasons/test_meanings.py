"""The explanations of the reasons: complete, and true to the configuration, the commands and the alerts."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
import typer.main

from prober.cli import app
from prober.kinds import all_kinds
from prober.loader import json_schema
from prober.outcome import Evidence, Family, Reason, Situation
from prober.reasons import filled, meaning_of, meanings, next_step
from prober.reasons.situations import REFINEMENTS
from prober.report.reasons_page import FAMILIES, alert_table, page
from tests.alerts.rules import ALERTING
from tests.docs.test_generated import keys

ROOT: Final = Path(__file__).parents[2]
AGAIN: Final = "python -m tests.reasons"


def steps() -> Iterator[tuple[str, str]]:
    """Every next step there is, with a name."""
    for reason, meaning in meanings().items():
        yield str(reason), meaning.next_step
    for situation, refinement in REFINEMENTS.items():
        yield str(situation), refinement.next_step
    for name, kind in all_kinds().items():
        yield from ((f"{name}-{reason}", text) for reason, text in kind.next_steps.items())


STEPS: Final = dict(steps())
CODE: Final = [(name, code) for name, text in STEPS.items() for code in re.findall(r"`([^`]+)`", text)]
COMMANDS: Final = [(name, code) for name, code in CODE if code.startswith("mcp-prober ")]


def test_every_reason_has_an_explanation_in_the_order_of_the_tree() -> None:
    assert list(meanings()) == list(Reason)
    assert set(FAMILIES) == set(Family)


def test_every_situation_has_a_next_step_and_every_reason_that_it_refines_exists() -> None:
    assert set(REFINEMENTS) == set(Situation)
    assert [situation for situation, refinement in REFINEMENTS.items() if not refinement.reasons] == []


@pytest.mark.parametrize("reason", Reason)
def test_an_explanation_is_one_sentence_two_causes_at_least_and_a_next_step(reason: Reason) -> None:
    meaning = meaning_of(reason)
    assert re.fullmatch(r"[A-Z][^.]*(?:\b\d\.\d[^.]*)?\.", meaning.sentence), meaning.sentence
    assert len(meaning.causes) >= 2
    assert all(cause[0].islower() or cause[0] == "`" for cause in meaning.causes if not cause.startswith("DNS"))


@pytest.mark.parametrize(("name", "text"), STEPS.items())
def test_a_next_step_says_what_to_do_in_whole_sentences_of_a_readable_length(name: str, text: str) -> None:
    assert text[0].isupper()
    assert text.endswith((".", ".`"))
    assert len(text) <= 330
    assert set(re.findall(r"(?<!\$)\{(\w+)\}", text)) <= {"target", "probe", "step", "address", "program"}


@pytest.mark.parametrize(("name", "command"), COMMANDS)
def test_a_command_of_a_next_step_is_one_of_the_command_line(name: str, command: str) -> None:
    words = shlex.split(filled(command, {"probe": "search", "target": "notes"}))
    known = typer.main.get_command(app).commands[words[1]]  # type: ignore[attr-defined]
    assert known.make_context(words[1], words[2:]).params


def test_every_key_that_a_next_step_names_is_one_of_the_configuration() -> None:
    known = {name for name, _ in keys(json_schema())}
    named = {
        (name, key)
        for name, code in CODE
        for whole in re.findall(r"^([a-z_.]+)$|^([a-z_]+):", code)
        for key in "".join(whole).split(".")
        if key
    }
    assert {key for _, key in named} >= {"url", "timeout", "startup_timeout", "headers", "auth", "command", "proxy"}
    foreign = {"gzip", "deflate", "date"}
    assert sorted((name, key) for name, key in named if key not in known | foreign) == []


def test_every_alert_that_an_explanation_names_is_one_that_fires_for_the_reason() -> None:
    for reason, meaning in meanings().items():
        rule = ALERTING[meaning.alert]
        texts = [rule["expr"], *_records(rule["expr"])]
        assert any(_selects(text, "symptom", reason.symptom) for text in texts), (reason, meaning.alert)
    limited = [reason for reason, meaning in meanings().items() if meaning.alert == "McpRateLimited"]
    assert limited == [Reason.RATE_LIMITED], "the other reasons of its symptom are about the token"


def _selects(text: str, label: str, value: str) -> bool:
    found = re.findall(rf'{label}=~?"([^"]+)"', text)
    return any(re.fullmatch(expression, value) for expression in found)


def _records(expression: str) -> Iterator[str]:
    """The recording rules that an expression is made of, and those that these are made of."""
    rules = "".join((ROOT / "alerts/rules" / name).read_text() for name in ("recording.yml", "targets.yml"))
    for name, text in re.findall(r"- record: (\S+)\n(.*?)(?=\n      - record|\Z)", rules, re.DOTALL):
        if name in expression:
            yield text
            yield from _records(text)


def test_what_is_known_of_a_failure_stands_in_its_next_step() -> None:
    evidence = Evidence(situation=Situation.TLS_TO_PLAIN_PORT, remedy="http://127.0.0.1:8000/mcp")
    text = next_step(Reason.TLS_FAILED, evidence, {"probe": "p", "target": "t"})
    assert text == (
        "If the port speaks plain HTTP, write `url: http://127.0.0.1:8000/mcp`."
        " Otherwise write the port that speaks TLS."
    )


def test_text_of_a_server_cannot_fill_another_blank() -> None:
    evidence = Evidence(remedy="{target}")
    assert next_step(Reason.REDIRECTED, evidence, {"target": "t"}).endswith("`url: {target}`.")


def test_what_is_not_known_stays_a_word_in_capitals_and_a_variable_stays_a_variable() -> None:
    assert next_step(Reason.REDIRECTED, Evidence(), {}).endswith("`url: ADDRESS`.")
    assert "`auth: {bearer: ${TOKEN}}`" in next_step(Reason.UNAUTHORIZED, Evidence(), {})


def test_a_situation_that_does_not_belong_to_the_reason_is_passed_over() -> None:
    stray = Evidence(situation=Situation.TLS_TO_PLAIN_PORT)
    assert next_step(Reason.DNS_FAILED, stray, {}) == next_step(Reason.DNS_FAILED, Evidence(), {})


def test_a_kind_has_a_next_step_only_for_reasons_that_it_can_end_with() -> None:
    general = {Reason.UNDECIDED}
    for name, kind in all_kinds().items():
        for reason in kind.next_steps:
            assert reason in general or reason.family in (Family.TOOL, Family.VERDICT), (name, reason)


def test_the_committed_page_of_the_reasons_is_the_one_that_the_code_makes() -> None:
    assert (ROOT / "docs/reasons.md").read_text(encoding="utf-8") == page(), f"make it anew: {AGAIN}"


def test_the_table_of_the_runbooks_is_the_one_that_the_code_makes() -> None:
    text = (ROOT / "alerts/README.md").read_text(encoding="utf-8")
    table = text.partition("<!-- reasons -->\n")[2].partition("<!-- end of reasons -->")[0]
    assert table == alert_table(), f"make it anew: {AGAIN}"
