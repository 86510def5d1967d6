"""`explain`: every reason by name, and all of them."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from prober.cli import app
from prober.outcome import Reason
from prober.reasons import meaning_of


def explained(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["explain", *words])
    return done.exit_code, " ".join(done.output.split())


@pytest.mark.parametrize("reason", Reason)
def test_a_reason_is_explained_with_its_causes_and_next_step(reason: Reason) -> None:
    code, shown = explained(reason)
    meaning = meaning_of(reason)
    assert code == 0
    assert shown.startswith(f"{reason}: {meaning.sentence}")
    for text in (*meaning.causes, meaning.next_step.split("{")[0].strip(), meaning.alert):
        assert text in shown


def test_without_a_name_every_reason_is_listed_with_its_sentence() -> None:
    code, shown = explained()
    assert code == 0
    assert [reason for reason in Reason if f"{reason} {meaning_of(reason).sentence}" not in shown] == []


def test_a_name_may_be_written_as_a_person_would_and_a_wrong_one_is_corrected() -> None:
    assert explained("Connect-Refused") == explained("connect_refused")
    assert explained("time_out") == (
        2,
        "There is no reason 'time_out'. Did you mean timeout? All of them: mcp-prober explain",
    )


def test_no_line_is_wider_than_a_hundred_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    for words in ([], *([reason] for reason in Reason)):
        output = CliRunner().invoke(app, ["explain", *words]).output
        assert [line for line in output.splitlines() if len(line) > 100] == []
