"""The page for others of a real daemon: an operator's note is there, also after a restart; its listener is apart."""

from __future__ import annotations

import json
import socket
import urllib.error
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import feedparser  # type: ignore[import-untyped]
import pytest

from tests.daemon.crowd import crowd
from tests.daemon.process import Running, daemon
from tests.daemon.watching import api, logged, until


def configured(port: int, folder: Path) -> Path:
    file = folder / "probes.yaml"
    document = {
        "targets": {
            "notes": {"url": f"http://127.0.0.1:{port}/html", "protocol": "modern", "labels": {"team": "search"}},
            "wiki": {"url": f"http://127.0.0.1:{port}/ok/1", "protocol": "modern", "labels": {"team": "search"}},
        },
        "defaults": {"interval": "3s", "timeout": "2s"},
        "probes": {
            name: {"target": name, "kind": "call", "tool": "echo", "arguments": {"message": "hi"}}
            for name in ("notes", "wiki")
        },
    }
    file.write_text(json.dumps(document))
    return file


def opened(running: Running) -> str:
    """The URL of its page for others."""
    return str(until(lambda: logged(running, "public_page"))[0]["url"])


def fetched(url: str) -> str:
    with urllib.request.urlopen(url, timeout=20) as answer:
        body: bytes = answer.read()
    return body.decode()


def noted(running: Running, incident: str, text: str) -> None:
    asked = urllib.request.Request(
        f"{running.url}/api/v1/incidents/{incident}/notes", json.dumps({"text": text}).encode()
    )
    with urllib.request.urlopen(asked, timeout=20) as answer:
        assert answer.status == 201


def incident(running: Running) -> dict[str, Any]:
    def known() -> dict[str, Any] | None:
        found = api(running, "incidents")["incidents"]
        return found[0] if found else None

    return until(known)


def all_have_run(running: Running) -> bool:
    """Since this daemon began: what the one before it saw is stale."""
    told = api(running, "targets")
    return all((probe["last_run"] or "") > told["started_at"] for each in told["targets"] for probe in each["probes"])


@pytest.mark.slow
def test_a_note_is_on_the_page_and_in_the_feed_and_both_outlive_the_daemon(tmp_path: Path) -> None:
    with crowd() as port:
        words = (configured(port, tmp_path), "--history", tmp_path / "history.db", "--public-page", "127.0.0.1:0",
                 "--public-group-by", "team")  # fmt: skip
        ids: list[str] = []
        for number in range(2):
            with daemon(*words, history=True) as running:
                url, found = opened(running), incident(running)
                assert url != running.url
                if not number:
                    noted(running, found["id"], "A <b>bad</b> deployment.")
                until(lambda: all_have_run(running))
                page, feed = fetched(url), feedparser.parse(fetched(f"{url}/feed.atom"))
                assert running.stop() == -15
            assert "1 of 2 servers is down" in page
            assert "A &lt;b&gt;bad&lt;/b&gt; deployment." in page
            assert str(port) not in page
            assert not feed.bozo
            ids += [entry.id for entry in feed.entries]
        assert ids[:1] == ids[1:] == [f"urn:uuid:{found['id']}"]


@pytest.mark.slow
def test_a_crowd_on_the_page_for_others_keeps_nobody_from_the_operator_s(tmp_path: Path) -> None:
    """Three hundred idle connections are more than a listener keeps: the oldest go. Each listener counts its own."""
    with crowd() as port, daemon(configured(port, tmp_path), "--public-page", "127.0.0.1:0") as running:
        url = opened(running)
        host, _, public_port = url.removeprefix("http://").partition(":")
        with ExitStack() as stack:
            idle = [stack.enter_context(socket.create_connection((host, int(public_port)))) for _ in range(300)]
            assert "Status of MCP servers" in fetched(url)
            assert "mcp_prober_start_lag_seconds" in running.get("metrics")
            held = len([each for each in idle if is_open(each)])
        assert held <= 256
        with pytest.raises(urllib.error.HTTPError, match="404"):
            fetched(f"{url}/metrics")


def is_open(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        return connection.recv(1) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False
