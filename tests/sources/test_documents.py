"""What the documents of sources mean: names, addresses, labels, settings; and what is left out, with the reason."""

from __future__ import annotations

import asyncio
import json
import os
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from prober.sources import fetching
from prober.sources.found import Found, SourceError
from prober.sources.reading import document_of, targets_of
from tests.peers.threaded import threaded
from tests.sources.making import configured, source_of

GROUPS: list[dict[str, Any]] = [
    {
        "targets": ["https://a.example.com/mcp", "https://b.example.com/mcp?key=s3cr3t-key"],
        "labels": {"team": "search"},
    },
    {"targets": ["10.0.0.7:8000"], "labels": {"target": "by-name", "__scheme__": "https", "__metrics_path__": "/x"}},
    {"targets": ["10.0.0.8:8000"]},
]


async def look(folder: Path, **source: Any) -> Found:
    made = source_of(folder, **source)
    return targets_of(made, await document_of(made, None), environ={})


async def test_target_groups_are_targets_with_labels_and_the_settings_of_the_source(tmp_path: Path) -> None:
    (tmp_path / "groups.json").write_text(json.dumps(GROUPS))
    found = await look(
        tmp_path, file="*.json", labels={"env": "prod", "team": "?"}, target={"objective": 99, "tags": ["eu"]}
    )
    urls = {name: target.url for name, target in found.targets.items()}
    assert urls == {
        "a.example.com": "https://a.example.com/mcp",
        "b.example.com": "https://b.example.com/mcp?key=s3cr3t-key",
        "by-name": "https://10.0.0.7:8000/x",
        "10.0.0.8-8000": "http://10.0.0.8:8000/mcp",
    }
    first = found.targets["a.example.com"]
    assert (first.labels, first.objective, first.tags) == ({"env": "prod", "team": "search"}, 99, ("eu",))
    assert (first.source, first.public_only) == ("it", False)
    secret = found.targets["b.example.com"]
    assert secret.address == "https://b.example.com/mcp?…"
    assert "s3cr3t-key" in {each.reveal() for each in secret.secrets}
    assert (found.left_out, found.problems) == (0, [])


async def test_yaml_files_are_read_and_names_are_made_unique(tmp_path: Path) -> None:
    (tmp_path / "one.yml").write_text("- targets: [https://a.example.com/mcp]\n")
    (tmp_path / "two.yaml").write_text("- targets: [https://a.example.com/mcp]\n  labels: {team: x}\n")
    (tmp_path / "probes.yaml").touch()
    assert [*(await look(tmp_path, file="[ot]*.y*ml")).targets] == ["a.example.com", "a.example.com-2"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[{"targets": ["https://a.exa', "not written to its end"),
        ('{"targets": []}', "expected a list of target groups"),
        ('[{"labels": {}}]', "expected targets, a list"),
        ('[{"targets": [7]}]', "expected a URL or host:port"),
    ],
)
async def test_a_document_that_is_none_gives_nothing(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "groups.json").write_text(text)
    with pytest.raises(SourceError, match=said):
        await look(tmp_path, file="groups.json")


async def test_what_cannot_be_probed_is_left_out_with_its_reason(tmp_path: Path) -> None:
    hosts = ["ftp://a.example.com", "https://u:p@a.example.com/mcp", "https://no.example.org/mcp", "https://a b/mcp"]
    (tmp_path / "groups.json").write_text(json.dumps([{"targets": [*hosts, "https://a.example.com/mcp"]}]))
    found = await look(tmp_path, file="groups.json", opt_out=["*.example.org"], most=1)
    assert ([*found.targets], found.left_out) == (["a.example.com"], 4)
    for said in ("begins with http", "user name or password", "opted out", "must not hold spaces"):
        assert any(said in problem for problem in found.problems)
    (tmp_path / "groups.json").write_text(
        json.dumps([{"targets": [f"https://h{n}.example.com/mcp" for n in range(9)]}])
    )
    assert (await look(tmp_path, file="groups.json", most=5)).left_out == 4


async def test_a_password_in_an_address_is_in_no_problem(tmp_path: Path) -> None:
    hosts = ["https://bob:hunter2@a.example.com/mcp", "ftp://bob:hunter2@a.example.com", "bob:hunter2@a.example.com:9"]
    groups = [{"targets": [*hosts, "https://bob:hunt/er2@a.example.com"], "labels": {"not-a-name": "x"}}]
    (tmp_path / "groups.json").write_text(json.dumps(groups))
    found = await look(tmp_path, file="groups.json")
    assert (found.left_out, len(found.problems)) == (4, 4)
    for problem in found.problems:
        assert "…@a.example.com" in problem
        assert "hunt" not in problem


async def test_labels_that_clash_with_those_of_metrics_are_left_out(tmp_path: Path) -> None:
    labels = {"probe": "x", "job": "y", "not-a-name": "z", "__meta_a": "m", "team": "t\x1b[2J", "target": "n"}
    (tmp_path / "groups.json").write_text(json.dumps([{"targets": ["https://a.example.com/mcp"], "labels": labels}]))
    found = await look(tmp_path, file="groups.json")
    assert found.targets["n"].labels == {"team": "t"}
    assert len(found.problems) == 3


async def test_the_file_of_a_client_gives_urls_and_commands_only_if_allowed(tmp_path: Path) -> None:
    servers = {
        "web": {"type": "http", "url": "https://a.example.com/mcp", "headers": {"X-Key": "${KEY}"}},
        "tool": {"command": "mcp-server-time"},
    }
    (tmp_path / ".mcp.json").write_text(json.dumps({"mcpServers": servers}))
    made = configured(tmp_path, environ={"KEY": "k3y-0f-a-cl1ent"}, client_config=".mcp.json").sources["it"]
    found = targets_of(made, None, environ={"KEY": "k3y-0f-a-cl1ent"})
    assert [*found.targets] == ["web"]
    assert found.targets["web"].headers["X-Key"].reveal() == "k3y-0f-a-cl1ent"
    assert "commands: true" in found.problems[0]
    both = source_of(tmp_path, client_config=".mcp.json", commands=True)
    assert {*targets_of(both, None, environ={"KEY": "k"}).targets} == {"web", "tool"}
    assert targets_of(made, None, environ={}).left_out == 2  # a variable that is not set spoils its server alone


async def test_a_client_file_may_hold_any_character(tmp_path: Path) -> None:
    odd = "\U0001f600 \u00fc \x7f"
    servers = {"tool": {"command": "mcp-server-time", "env": {"GREETING": odd}}}
    (tmp_path / ".mcp.json").write_text(json.dumps({"mcpServers": servers}))
    found = targets_of(source_of(tmp_path, client_config=".mcp.json", commands=True), None, environ={})
    assert found.problems == []
    assert found.targets["tool"].env["GREETING"].reveal() == odd


async def test_yaml_is_read_as_the_values_that_json_has(tmp_path: Path) -> None:
    (tmp_path / "groups.yaml").write_text(
        "- targets: [https://a.example.com/mcp]\n"
        "  labels: {since: 2026-01-01, port: 80, live: true, team: [a, b], of: {}}\n"
    )
    found = await look(tmp_path, file="groups.yaml")
    assert found.targets["a.example.com"].labels == {"since": "2026-01-01", "port": "80", "live": "True"}
    assert found.problems == ["file: [0]: the label team was left out", "file: [0]: the label of was left out"]
    json.dumps(await document_of(source_of(tmp_path, file="groups.yaml"), None))


def bomb(first: str) -> str:
    """Nine levels of ten aliases each: a thousand million times what is in the first."""
    levels = [f"    a0: &a0 {first}\n"]
    levels += [f"    a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10)]
    return "- targets: [https://a.example.com/mcp]\n  labels:\n" + "".join(levels)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (bomb("[x]"), "yaml:9: more than 1,000,000 values once aliases are unfolded"),
        (f"- &a {'x' * 200_000}\n" + "- *a\n" * 400, "more than 32 MiB of text once aliases are unfolded"),
        ("- &a [*a]", "yaml:1: the alias stands inside its own anchor"),
        ("- " * 300_000, "nested deeper than 64 levels"),
        ("- targets: [a\n", "yaml:2: not YAML"),
        ("- targets: []\n  labels: {? [a, b] : c}\n", r"yaml:2: \[0\].labels: a key must be a text"),
        (
            "- targets: []\n  labels: {a: !!binary aGVsbG8=}\n",
            r"yaml:2: \[0\].labels.a: the tag is not supported",
        ),
        ("", "the file is empty"),
    ],
    ids=["bomb", "long", "itself", "deep", "cut", "key", "tag", "empty"],
)
async def test_yaml_is_bounded_and_its_mistakes_are_told_with_their_lines(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "groups.yaml").write_text(text)
    with pytest.raises(SourceError, match=said):
        await look(tmp_path, file="groups.yaml")


async def test_a_pipe_is_never_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "groups.json")
    with pytest.raises(SourceError, match=r"groups\.json: not a file"):
        await look(tmp_path, file="groups.json")


async def test_an_address_that_drips_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "TIMEOUT", 0.5)
    over = threading.Event()

    class Drips(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            with suppress(OSError):
                while not over.wait(0.1):
                    self.wfile.write(b" ")

        def log_message(self, *_: object) -> None:
            pass

    with threaded(Drips) as url:
        try:
            async with asyncio.timeout(20):
                with pytest.raises(SourceError, match=r"no answer within 0\.5 s"):
                    await look(tmp_path, http=url)
        finally:
            over.set()
