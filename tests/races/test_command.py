"""Races on the command line: a seed, a trace in a file, that trace judged again, its witnesses drawn."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from prober.consistency import judge_trace
from prober.consistency.jsonl import read_lines, write_lines
from prober.report.race_timeline import timeline_of
from tests.consistency.writing import trace
from tests.races.reference import PROBES, ROOT, Reference

LOST = "0 increment 0-10 value=1\n1 increment 5-15 value=1\n2 increment 8-30 value=2\n0 read 40-50 value=2"
RIGHT = (
    LOST.replace("5-15 value=1", "5-15 value=2")
    .replace("8-30 value=2", "8-30 value=3")
    .replace("50 value=2", "50 value=3")
)


def prober(*arguments: object, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """The command, run to its end."""
    command = [sys.executable, "-m", "prober", *map(str, arguments)]
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=60,
        cwd=cwd,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)},
    )


def _written(folder: Path, text: str) -> Path:
    path = folder / "trace.jsonl"
    path.write_text("".join(f"{line}\n" for line in write_lines(trace("counter", text, seed=7))))
    return path


def test_a_bad_trace_is_told_with_its_witness(tmp_path: Path) -> None:
    done = prober("judge", _written(tmp_path, LOST))
    assert done.returncode == 1
    assert "lost_update (2 cases): client 0's increment #0 (0.0 to 10.0 ms) and client 1's increment #1" in done.stdout
    assert "  client 1's increment #1 (5.0 to 15.0 ms): ok, value 1" in done.stdout


def test_a_right_trace_is_valid(tmp_path: Path) -> None:
    done = prober("judge", _written(tmp_path, RIGHT))
    assert (done.returncode, done.stderr) == (0, "")
    assert "counter, 4 operations of 3 clients, at most 3 open at once" in done.stdout
    assert "valid: some order of effects explains every answer" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("no-such-file",), "no-such-file: No such file or directory"),
        (
            ("{file}", "--model", "stack"),
            "--model stack: choose one of counter, register, log, set, queue, lock, record",
        ),
        (("{file}", "--model", "lock"), "operation 0 is a 'increment'; this model knows acquire, release, write"),
        (("{cut}",), "3 operations where the head says 4: the file is not whole"),
        (
            ("{file}", "--timeline", "/nowhere/at/all.html"),
            "/nowhere/at/all.html: not a file in a folder that is there",
        ),
    ],
)
def test_what_cannot_be_judged_is_refused(arguments: tuple[str, ...], message: str, tmp_path: Path) -> None:
    file = _written(tmp_path, LOST)
    cut = tmp_path / "cut.jsonl"
    cut.write_text("".join(file.read_text().splitlines(keepends=True)[:-1]))
    done = prober("judge", *(each.format(file=file, cut=cut) for each in arguments))
    assert done.returncode == 2
    assert message in done.stderr


def test_a_run_writes_its_trace_and_a_seed_repeats_its_choices(right: Reference, tmp_path: Path) -> None:
    file = tmp_path / "races.yaml"
    file.write_text(PROBES.read_text().replace("127.0.0.1:8080", f"127.0.0.1:{right.port}"))
    right.switch("lost-update")
    written, page = tmp_path / "trace.jsonl", tmp_path / "page.html"
    run = prober("run", file, "--probe", "reference-workflow", "--seed", 11, "--trace", written)
    assert run.returncode == 1, run.stdout + run.stderr
    assert f"again: mcp-prober run {file} --probe reference-workflow --seed 11" in run.stdout
    done = prober("judge", written, "--timeline", page)
    assert done.returncode == 1
    told = re.search(r"lost_update .*: (client .*)", done.stdout)
    assert told is not None
    assert told[1] in run.stdout
    recorded = read_lines(written.read_text().splitlines())
    assert recorded.seed == 11
    assert recorded.about == "reference / reference-workflow"
    assert "<svg" in page.read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--trace", "h.jsonl"), "--trace is for one race; these are 8: reference-steps"),
        (("--trace", "/nowhere/h.jsonl", "--probe", "reference-lock"), "not a file in a folder that is there"),
    ],
)
def test_a_trace_that_cannot_be_written_is_refused_before_the_run(arguments: tuple[str, ...], message: str) -> None:
    done = prober("run", PROBES, *arguments)
    assert done.returncode == 2
    assert message in done.stderr


def test_a_seed_without_a_race_is_refused() -> None:
    done = prober("run", ROOT / "probes" / "time.yaml", "--seed", 1)
    assert done.returncode == 2
    assert "--seed is for races" in done.stderr


def test_the_timeline_draws_each_operation_of_the_witness_in_its_clients_lane() -> None:
    recorded = trace("counter", LOST, seed=7, about="notes / <steps>")
    verdict = judge_trace(recorded)
    page = timeline_of(recorded, verdict)
    drawing = ET.fromstring(page[page.index("<svg") : page.index("</svg>") + 6])
    bars = {title.text: bar for bar in drawing.iter("rect") for title in bar}
    proof = {text: bar for text, bar in bars.items() if bar.get("class") == "ok"}
    assert sorted(str(text)[:28] for text in proof) == ["client 0's increment #0 (0.0", "client 1's increment #1 (5.0"]
    first, second = (proof[text] for text in sorted(proof, key=str))
    assert first.get("y") != second.get("y")
    assert (
        float(first.get("x", ""))
        < float(second.get("x", ""))
        < float(first.get("x", "")) + float(first.get("width", ""))
    )
    assert [bar.get("class") for text, bar in bars.items() if "#2" in str(text)] == ["around"]
    assert "notes / &lt;steps&gt;" in page
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")


def test_the_timeline_escapes_what_a_server_may_say() -> None:
    evil = '0 add 0-10 element=a\n0 read 20-30 value=["<script>alert(1)</script>&\\"","a"]'
    recorded = trace("set", evil)
    page = timeline_of(recorded, judge_trace(recorded))
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_the_timeline_shows_no_character_that_turns_the_writing_or_is_invisible() -> None:
    odd = "\u202e\u2066\u200b\U000e0041"
    recorded = trace("set", f'0 add 0-10 element=a\n0 read 20-30 value=["{odd}<","a"]', about=f"notes {odd}")
    page = timeline_of(recorded, judge_trace(recorded))
    assert not set(odd) & set(page)
    assert "<h1>notes \ufffd" in page
    assert "\ufffd&lt;" in page
