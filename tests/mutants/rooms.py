"""The rooms that are tested by mutation. A file that moves is renamed here and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True)
class Room:
    """Files that belong together. `tests` are what pytest is given, the quickest first: the first failure decides."""

    files: tuple[str, ...]
    tests: tuple[str, ...]
    only: tuple[str, ...] = ()
    """Names at the top of a file to which the mutations are confined, where a file holds more than the room."""


ROOMS: Final[Mapping[str, Room]] = {
    "outcome": Room(
        files=("prober/outcome/reason.py",),
        tests=("tests/outcome/test_outcome.py",),
    ),
    "expectations": Room(
        files=(
            "prober/assertions/expectations.py",
            "prober/assertions/matchers.py",
            "prober/assertions/jsonpath.py",
            "prober/assertions/selection.py",
            "prober/json_values/__init__.py",
        ),
        tests=(
            "tests/assertions/test_expectations.py",
            "tests/assertions/test_selection.py::test_one_node_is_one_and_no_other_number",
            "tests/assertions/test_selection.py::test_nodes_are_written_as_an_array_unless_it_is_too_long",
            "tests/assertions/test_selection.py::test_as_much_can_be_selected_as_an_answer_may_have",
            "tests/assertions/test_selection.py::test_what_goes_straight_or_through_little_is_cheap",
        ),
    ),
    "contract": Room(
        files=(
            "prober/contract/contract.py",
            "prober/contract/change.py",
            "prober/contract/compatibility.py",
            "prober/contract/compatibility_rules.py",
            "prober/contract/normalize.py",
            "prober/contract/alternative_pairs.py",
        ),
        tests=(
            "tests/contract/test_contract.py",
            "tests/contract/test_changes.py",
            "tests/contract/test_compatibility.py",
        ),
    ),
    "race": Room(
        files=(
            "prober/consistency/__init__.py",
            "prober/consistency/counter_model.py",
            "prober/consistency/elements.py",
            "prober/consistency/set_model.py",
            "prober/consistency/trace.py",
            "prober/consistency/jsonl.py",
            "prober/consistency/lock_model.py",
            "prober/consistency/log_model.py",
            "prober/consistency/order.py",
            "prober/consistency/queue_model.py",
            "prober/consistency/record_model.py",
            "prober/consistency/register_model.py",
            "prober/consistency/sessions.py",
            "prober/consistency/wording.py",
            "prober/consistency/verdict.py",
        ),
        tests=(
            "tests/consistency/test_violations.py",
            "tests/consistency/test_verdicts.py",
            "tests/consistency/test_jsonl.py",
            "tests/consistency/test_brute_force.py",
        ),
    ),
    "schedule": Room(
        files=(
            "prober/schedule/interval_trigger.py",
            "prober/schedule/maintenance.py",
            "prober/schedule/rate_limit.py",
            "prober/schedule/concurrency.py",
        ),
        tests=(
            "tests/schedule/test_interval_trigger.py",
            "tests/schedule/test_maintenance.py",
            "tests/schedule/test_rate_limit.py",
            "tests/schedule/test_concurrency.py",
        ),
    ),
    "redaction": Room(
        files=("prober/config/fields/secret.py", "prober/redaction/redactor.py"),
        tests=("tests/client/test_exchange.py", "tests/config/test_secrets.py"),
    ),
}
