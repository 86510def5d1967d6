"""`report`: from the file that a daemon writes, whether it runs or not; refusals say what to do."""

from __future__ import annotations

import json
import shlex
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from prober.history import Retention
from prober.outcome import Reason
from tests.cli.command import mcp_prober, quickly
from tests.docs.pages import blocks
from tests.history.making import result
from tests.history.ninety_days import write

PAGE = Path(__file__).parents[2] / "docs" / "reports.md"
PROBES = """\
targets:
  reference: {url: "http://127.0.0.1:9/mcp", objective: 75, tags: [eu]}
probes:
  state: {target: reference, kind: handshake}
"""


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """Three of four runs passed, an hour ago."""
    begin = datetime.now(UTC) - timedelta(hours=1)
    reasons = (None, Reason.TIMEOUT, None, None)
    runs = [result(begin + timedelta(minutes=n), reason=reason) for n, reason in enumerate(reasons)]
    write(tmp_path / "history.db", runs, Retention(results=timedelta(days=400)))
    return tmp_path / "history.db"


async def test_a_report_of_the_last_day(history: Path, tmp_path: Path) -> None:
    (tmp_path / "probes.yaml").write_text(PROBES)
    shown = ("report", str(tmp_path / "probes.yaml"), "--history", str(history), "--last", "24h")
    done = await mcp_prober(*shown, cwd=tmp_path)
    assert done.code == 0, done.err
    [line] = [each for each in done.out.splitlines() if each.startswith("reference")]
    assert line.split()[1:7] == ["75", "%", "75", "%", "100", "%"]
    as_json = await quickly(*shown, "--output", "json")
    assert json.loads(as_json.out)["groups"][0]["group"] == "eu"
    for form in ("html", "csv", "csv-incidents"):
        done = await quickly(*shown, "--output", f"{form}={tmp_path / form}")
        assert (done.code, done.out) == (0, f"{tmp_path / form}: written\n")
        assert "reference" in (tmp_path / form).read_text()


async def test_without_a_probe_file_there_are_no_objectives(history: Path, tmp_path: Path) -> None:
    done = await mcp_prober("report", "--history", str(history), "--output", "json", cwd=tmp_path)
    assert done.code == 0, done.err
    [target] = json.loads(done.out)["targets"]
    assert (target["target"], target["objective"], target["availability"]) == ("reference", None, 0.75)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--output", "pdf"], "choose one of text, json, html, csv, csv-incidents"),
        (["--output", "html="], "name a file behind the ="),
        (["--last", "soon"], "expected a time such as 24h or 30d"),
        (["--last", "1d", "--from", "2026-01-01"], "leave it out"),
        (["--from", "2026-13-01"], "expected a day such as 2026-01-31"),
        (["--from", "2026-01-01T12:00:00"], "expected a day such as 2026-01-31"),
        (["--from", "2026-01-02", "--to", "2026-01-01"], "it is not before --to"),
        (["--to", "0001-01-01"], "--to 0001-01-01: expected a time in 1970 or later"),
        (["--from", "1969-12-31"], "--from 1969-12-31: expected a time in 1970 or later"),
        (["--target", "refrence"], "did you mean reference?"),
    ],
)
async def test_what_cannot_be_meant_is_refused(words: list[str], said: str, history: Path, tmp_path: Path) -> None:
    done = await mcp_prober("report", "--history", str(history), *words, cwd=tmp_path)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert len(done.err.splitlines()) == 1


async def test_a_history_that_is_missing_or_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.db").write_text("not a database, but long enough to be looked at " * 40)
    for name, said in (("missing.db", "a daemon writes it"), ("notes.db", "not a database")):
        done = await mcp_prober("report", "--history", str(tmp_path / name), cwd=tmp_path)
        assert (done.code, done.out) == (2, "")
        assert said in done.err


async def test_the_commands_of_the_page_work_where_a_daemon_has_written(history: Path, tmp_path: Path) -> None:
    (tmp_path / "probes").mkdir()
    (tmp_path / "probes" / "reference.yaml").write_text(PROBES)
    kept = tmp_path / "state" / "mcp-prober"
    kept.mkdir(parents=True)
    shutil.copy(history, kept / "history.db")
    [block] = blocks(PAGE, "sh")
    for line in block.text.splitlines():
        program, *words = shlex.split(line)
        assert program == "mcp-prober"
        done = await mcp_prober(*words, cwd=tmp_path, env={"XDG_STATE_HOME": str(tmp_path / "state")})
        assert done.code == 0, done.err
    assert "reference" in (tmp_path / "january.html").read_text()
