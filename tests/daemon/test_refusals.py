"""What a daemon does not start with: it says so in a line, exits with 2, and has touched nothing."""

from __future__ import annotations

import fcntl
import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

GOOD: dict[str, Any] = {
    "targets": {"dead": {"url": "http://127.0.0.1:9/mcp"}},
    "probes": {"gone": {"target": "dead", "kind": "handshake"}},
}
LISTEN = "write HOST:PORT, as in 127.0.0.1:9733 or [::1]:9733"
SHARD = "write I/N with I from 1 to N, as in 2/5"
LOCATION = "letters, digits, '.', '_' and '-', at most 63"
DURATION = "write a duration with its unit, as in 10s or 30d"
BAD = {
    # on the command line
    "--listen 9733": f"--listen 9733: {LISTEN}",
    "--listen 127.0.0.1": f"--listen 127.0.0.1: {LISTEN}",
    "--listen 127.0.0.1:": f"--listen 127.0.0.1:: {LISTEN}",
    "--listen 127.0.0.1:65536": f"--listen 127.0.0.1:65536: {LISTEN}",
    "--listen 127.0.0.1:²": f"--listen 127.0.0.1:²: {LISTEN}",
    "--listen ::1:9733": f"--listen ::1:9733: {LISTEN}",
    "--listen \udcff:1": r"\udcff:1: not the name of a host",
    "--shard 0/2": f"--shard 0/2: {SHARD}",
    "--shard 3/2": f"--shard 3/2: {SHARD}",
    "--shard 1": f"--shard 1: {SHARD}",
    "--shard ²/2": f"--shard ²/2: {SHARD}",
    "--location a/b": f"--location a/b: {LOCATION}",
    "--location -": f"--location -: {LOCATION}",
    f"--location {'x' * 64}": f"--location {'x' * 64}: {LOCATION}",
    "--drain 10": f"--drain 10: {DURATION}",
    "--drain soon": f"--drain soon: {DURATION}",
    "--history-keep-results 30": f"--history-keep-results 30: {DURATION}",
    "--history-keep-failures long": f"--history-keep-failures long: {DURATION}",
    "--history-keep-rollups 1m": "--history-keep-…: history is kept by the hour: a retention is one hour or more",
    "--history-max-size 2": "--history-max-size 2: write a size with its unit, as in 2GiB",
    "--history-max-size 1MiB": "--history-max-size 1MiB: a history needs 8MiB or more",
    "--log-format xml": "--log-format xml: choose one of auto, json, text",
    "--external-url prober": "--external-url prober: write a URL such as https://prober.example/mcp",
    "--external-url http://bob:hunter2@h/": (
        "--external-url http://…@h/: write a URL such as https://prober.example/mcp"
    ),
    "--public-page :0 --public-url http://bob:hunter2@h/?q": (
        "--public-url http://…@h/?…: write a URL such as https://prober.example/mcp"
    ),
    "--external-url http://[": "--external-url http://[: write a URL such as https://prober.example/mcp",
    "--public-page 9734": f"--public-page 9734: {LISTEN}",
    "--public-page 0.0.0.0:0": (
        "--public-page 0.0.0.0:0: badges and the feed link to it; name it with --public-url URL"
    ),
    "--public-page :0 --public-url status": ("--public-url status: write a URL such as https://prober.example/mcp"),
    "--public-page :0 --public-url http://[::::]/": (
        "--public-url http://[::::]/: write a URL such as https://prober.example/mcp"
    ),
    "--public-page :0 --public-group-by my-team": "--public-group-by my-team: name a label, as in team",
    "--public-page :0 --public-only public": "--public-only public: write LABEL:VALUE, as in visibility:public",
    "--public-only a:b": "--public-only: there is no page without --public-page HOST:PORT",
    "--public-page :0 --no-schedule": "--public-page: with --no-schedule nothing is known of any target",
    "--concurrency 0": "Invalid value for '--concurrency': 0 is not in the range 1<=x<=1000.",
    # of the machine
    "--listen 127.0.0.1:{taken}": "--listen 127.0.0.1:{taken}: Address already in use",
    "--listen 192.0.2.1:0": "--listen 192.0.2.1:0: Cannot assign requested address",
    "--public-page 127.0.0.1:{taken}": "--public-page 127.0.0.1:{taken}: Address already in use",
    # of files
    "--web-config {folder}/none.yml": "{folder}/none.yml: no such file or directory\n1 mistake. Nothing was started.",
    "--web-config {folder}/open.yml": (
        "{folder}/open.yml:1: basic_auth_users: must not be empty\n1 mistake. Nothing was started."
    ),
    "--history {folder}/taken.db": (
        "{folder}/taken.db is in use by another process: give each daemon a history of its own"
    ),
    "{folder}/none.yaml": "{folder}/none.yaml: no such file or directory\n1 mistake. Nothing was started.",
    "{folder}/broken.yaml": (
        "{folder}/broken.yaml:1: probes.gone.kind: no such kind; did you mean handshake?\n"
        "1 mistake. Nothing was started."
    ),
    "{folder}/notify.yaml": "notify: URL 1 (nobody) is none that Apprise knows how to send to",
}


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, tuple[Any, str, str, str]]:
    """For each bad command line: what it exited with, wrote to standard output and error, and was to say."""
    folder = tmp_path_factory.mktemp("refusals")
    (folder / "good.yaml").write_text(json.dumps(GOOD))
    (folder / "broken.yaml").write_text(json.dumps(GOOD).replace("handshake", "handshakes"))
    (folder / "notify.yaml").write_text(json.dumps(GOOD | {"notify": {"urls": ["nobody://known"]}}))
    (folder / "open.yml").write_text('{"basic_auth_users": {}}')
    with socket.create_server(("127.0.0.1", 0)) as taken, (folder / "taken.db.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        names = {"folder": str(folder), "taken": str(taken.getsockname()[1])}
        lines = [words.format(**names).split(" ") for words in BAD]
        usual = ["--listen", "127.0.0.1:0"]
        asked = [
            [
                *([] if line[0].endswith(".yaml") else [str(folder / "good.yaml")]),
                *usual,
                *([] if "--history" in line else ["--no-history"]),
                *line,
            ]
            for line in lines
        ]
        ran = subprocess.run(
            [sys.executable, "-m", "tests.daemon.refusing"],
            input=json.dumps(asked),
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
    wanted = [(said or "").format(**names) for said in BAD.values()]
    return {words: (*told, said) for words, told, said in zip(BAD, json.loads(ran.stdout), wanted, strict=True)}


@pytest.mark.parametrize("words", BAD)
def test_what_it_cannot_start_with_is_said_and_the_status_is_2(
    answers: Mapping[str, tuple[Any, str, str, str]], words: str
) -> None:
    status, out, error, said = answers[words]
    assert (status, out) == (2, ""), error
    assert "Traceback" not in error
    assert error.strip().endswith(said), error


def test_the_real_command_says_it_the_same_way_and_leaves_nothing(tmp_path: Path) -> None:
    """The port is found to be taken last, when all else is there already."""
    (tmp_path / "good.yaml").write_text(json.dumps(GOOD))
    environ = {name: value for name, value in os.environ.items() if name != "STATE_DIRECTORY"}
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        ran = subprocess.run(
            [sys.executable, "-m", "prober", "daemon", "good.yaml", "--listen", address],
            cwd=tmp_path,
            env=environ | {"XDG_STATE_HOME": str(tmp_path / "state")},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert (ran.returncode, ran.stdout, ran.stderr) == (2, "", f"--listen {address}: Address already in use\n")
    folder = tmp_path / "state" / "mcp-prober"
    assert {file.name for file in folder.iterdir()} <= {"history.db", "history.db.lock"}, "nothing is left open"
    assert re.fullmatch("0o40700", oct(folder.stat().st_mode)), "a folder that was made is nobody else's"
