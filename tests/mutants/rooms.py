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
        files=("prober/outcome.py",),
        tests=("tests/test_outcome.py",),
    ),
    "expectations": Room(
        files=(
            "prober/judge/expect.py",
            "prober/judge/demands.py",
            "prober/judge/path.py",
            "prober/judge/selection.py",
        ),
        tests=(
            "tests/judge/test_expectations.py",
            "tests/judge/test_selection.py::test_one_node_is_one_and_no_other_number",
            "tests/judge/test_selection.py::test_nodes_are_written_as_an_array_unless_it_is_too_long",
            "tests/judge/test_selection.py::test_as_much_can_be_selected_as_an_answer_may_have",
            "tests/judge/test_selection.py::test_what_goes_straight_or_through_little_is_cheap",
        ),
    ),
    "contract": Room(
        files=(
            "prober/judge/contract.py",
            "prober/judge/change.py",
            "prober/judge/compatibility.py",
            "prober/judge/compatibility_rules.py",
            "prober/judge/alternatives.py",
            "prober/judge/pairing.py",
        ),
        tests=("tests/judge/test_contract.py", "tests/judge/test_changes.py", "tests/judge/test_compatibility.py"),
    ),
    "race": Room(
        files=(
            "prober/judge/race/__init__.py",
            "prober/judge/race/counter.py",
            "prober/judge/race/grow_set.py",
            "prober/judge/race/history.py",
            "prober/judge/race/lines.py",
            "prober/judge/race/lock.py",
            "prober/judge/race/log.py",
            "prober/judge/race/order.py",
            "prober/judge/race/record.py",
            "prober/judge/race/register.py",
            "prober/judge/race/sessions.py",
            "prober/judge/race/telling.py",
            "prober/judge/race/verdict.py",
        ),
        tests=(
            "tests/judge/race/test_violations.py",
            "tests/judge/race/test_verdicts.py",
            "tests/judge/race/test_lines.py",
            "tests/judge/race/test_brute_force.py",
        ),
    ),
    "schedule": Room(
        files=(
            "prober/schedule/phase.py",
            "prober/schedule/windows.py",
            "prober/schedule/allowance.py",
            "prober/schedule/turns.py",
        ),
        tests=(
            "tests/schedule/test_phase.py",
            "tests/schedule/test_windows.py",
            "tests/schedule/test_allowance.py",
            "tests/schedule/test_turns.py",
        ),
    ),
    "redaction": Room(
        files=("prober/config/secret.py", "prober/target/exchange.py"),
        only=(
            *("Secret", "Redactor", "_forms", "_mask_end", "_mask_ends", "_mask_start", "_text"),
            *("_SHORTEST_SECRET", "_NO_SECRETS", "_LEARNT", "_MASK"),
        ),
        tests=("tests/target/test_exchange.py", "tests/config/test_secrets.py"),
    ),
}
