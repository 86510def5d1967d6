"""The rules are sound data: by their schema, with a source and a day each, and of a new version when they change."""

from __future__ import annotations

import hashlib
import json
from importlib.resources import files
from typing import Any, Final

import jsonschema
import pytest

from prober.lint.checks import OF_LISTS, OF_TOOLS
from prober.lint.linting import lint
from prober.lint.offer import Offer
from prober.lint.rules import SEVERITIES, Rule, rules
from tests.lint.table_of_rules import CASES, Case, Listing, strict

RULES: Final = files("prober.lint") / "rules.json"
SCHEMA: Final[Any] = json.loads((files("prober.lint") / "rules.schema.json").read_text(encoding="utf-8"))

PUBLISHED: Final = {"2026-11-29": "b6611b2d20744e4f"}
"""By version of the rules, the first digits of the SHA-256 of their meaning. Who changes a rule adds a version."""


def test_the_file_is_what_its_schema_says() -> None:
    validator = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker())
    validator.check_schema(SCHEMA)
    assert [error.message for error in validator.iter_errors(json.loads(RULES.read_text(encoding="utf-8")))] == []


def test_the_schema_and_the_code_know_the_same_checks_and_severities() -> None:
    named = [each["properties"]["name"]["const"] for each in SCHEMA["$defs"]["check"]["oneOf"]]
    assert sorted(named) == sorted({**OF_TOOLS, **OF_LISTS})
    assert tuple(SCHEMA["$defs"]["rule"]["properties"]["severity"]["enum"]) == SEVERITIES
    assert {rule.check for rule in rules().rules} == {*OF_TOOLS, *OF_LISTS}  # none is left over


def test_a_rule_is_named_once_and_no_client_is_without_one() -> None:
    names = [rule.id for rule in rules().rules]
    assert len(set(names)) == len(names)
    assert {rule.client.id for rule in rules().rules} == set(rules().clients)


def test_no_rule_is_younger_than_the_version_of_all() -> None:
    assert max(rule.as_of for rule in rules().rules) <= rules().version


def test_rules_that_changed_have_a_new_version() -> None:
    document = json.loads(RULES.read_text(encoding="utf-8"))
    digest = hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()[:16]
    assert PUBLISHED.get(rules().version) == digest, f"a new version, and here: {rules().version!r}: {digest!r}"


def test_who_names_no_client_gets_no_mode_and_nobody_who_cannot_reach_the_server() -> None:
    modes = {id_ for id_, client in rules().clients.items() if client.opt_in}
    assert modes == {"openai_strict", "claude_strict", "gemini_parameters", "chatgpt_deep_research"}
    assert {*rules().usual("http")} == {*rules().clients} - modes
    assert {*rules().usual("stdio")} == {*rules().usual("http")} - {"chatgpt"}


def test_every_rule_has_its_two_lists() -> None:
    assert [*CASES] == [rule.id for rule in rules().rules]


def broken(rule: Rule, case: Case, tools: list[Listing], transport: str) -> list[str]:
    """The places where a rule is broken."""
    offer = Offer.of(tools, server=case.server, transport=transport)
    findings = lint(offer, rules(), [rule.client.id]).findings
    return [where for finding in findings if finding.rule.id == rule.id for where in finding.pointers]


@pytest.mark.parametrize("rule", rules().rules, ids=lambda rule: rule.id)
def test_a_rule_is_broken_by_the_one_list_and_not_by_the_other_near_it(rule: Rule) -> None:
    case = CASES[rule.id]
    [where, *_] = broken(rule, case, case.breaks, case.transport)
    assert where.startswith(case.at)
    assert broken(rule, case, case.keeps, "http") == []


def test_what_no_rule_objects_to_has_no_finding_in_any_mode_but_research() -> None:
    good = [strict({"query": {"type": "string", "description": "what to look for"}})]
    found = lint(Offer.of(good, server="s", transport="http"), rules(), [*rules().clients])
    assert {finding.rule.id for finding in found.findings} == {"gemini_parameters_keywords", "deep_research_tools"}
