"""The documents, followed step by step in an empty folder: a page arrives at every service, is grouped, and resolves.

Only addresses are changed after that, and the durations of rules and routes divided: nobody waits a day for a digest.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from prober.drill import timescale
from prober.drill.clients import Reference
from tests.peers.tls import server_context, write_authority
from tests.programs import program, ran, said
from tests.real.process import free_port, running
from tests.waiting import block_until

from .mailbox import mailbox
from .receivers import Receivers, receivers
from .rules import ALERTS, RULES

pytestmark = [pytest.mark.external, pytest.mark.slow]  # slow: three runs have to fail, two rounds of rules to see it

PAGED: Final = 240.0
"""Seconds in which a page must arrive: about 60 on a machine that has nothing else to do."""
SPEED: Final = 15.0
DIGESTED: Final = 3600.0
"""The divisor where a digest of a day is waited for."""


def probes(*, dead: int, wrong: int) -> dict[str, Any]:
    """By the ports of two reference servers: one that is not up yet, one that answers wrongly."""
    session = {"kind": "call", "arguments": {"session_id": "probe"}}
    return {
        "targets": {
            "dead": {"url": f"http://127.0.0.1:{dead}/mcp"},
            "wrong": {"url": f"http://127.0.0.1:{wrong}/mcp"},
        },
        "defaults": {"interval": "5s", "timeout": "4s"},
        "probes": {
            "dead-hello": {"target": "dead", "kind": "handshake"},
            "dead-tools": {"target": "dead", "kind": "catalog"},
            "wrong-session": {"target": "wrong", "tool": "get_session", **session},
            "wrong-state": {"target": "wrong", "tool": "get_workflow_state", **session},
        },
    }


def steps() -> str:
    """The commands of alerts/README.md."""
    text = (ALERTS / "README.md").read_text(encoding="utf-8")
    found = re.search(r"## Install\n.*?```sh\n(.*?)```", text, re.DOTALL)
    assert found is not None
    return found[1]


def followed(folder: Path, elsewhere: Mapping[str, str], *, speed: float) -> Path:
    """Run the commands in a folder, put addresses of this machine in the places of those that the files name, and
    divide durations. Returns the folder of Prometheus."""
    (folder / "bin").mkdir()
    command = folder / "bin" / "mcp-prober"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m prober "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    path = f"{folder / 'bin'}:{os.environ['PATH']}"
    home = folder / "prometheus"
    home.mkdir()
    ran("env", f"PATH={path}", "bash", "-euc", steps(), cwd=home)
    for file in [*home.rglob("*.yml"), *(home / "secrets").iterdir()]:
        text = file.read_text(encoding="utf-8")
        for old, new in elsewhere.items():
            text = text.replace(old, new)
        file.write_text(text, encoding="utf-8")
    for file in (home / "alerts" / "rules").glob("*.yml"):
        file.write_text(json.dumps(timescale.rules(yaml.safe_load(file.read_text(encoding="utf-8")), speed)))
    routes = home / "alerts" / "alertmanager.yml"
    routes.write_text(json.dumps(timescale.routes(yaml.safe_load(routes.read_text(encoding="utf-8")), speed)))
    return home


def alertmanager_command(home: Path, port: int) -> tuple[str, ...]:
    """As alerts/README.md starts it, at a port of its own."""
    return (
        program("prometheus-alertmanager"),
        f"--config.file={home / 'alerts' / 'alertmanager.yml'}",
        f"--storage.path={home.parent / 'alertmanager'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    )


def reference_command(home: Path, port: int) -> tuple[str, ...]:
    """A reference server with the session that probes read."""
    words = ("--listen", f"127.0.0.1:{port}", "--session", "probe", "--db", str(home / f"{port}.db"))
    return (sys.executable, "-m", "prober.reference", *words)


@dataclass(frozen=True, kw_only=True)
class Installed:
    """What the documents build, running: where its files are, where Prometheus answers, who is told."""

    home: Path
    prometheus: str
    told: Receivers
    alertmanager_log: Path
    dead: int
    """The port at which a server is still to be started."""
    wrong: Reference

    def ask(self, path: str) -> Any:
        """What the API of Prometheus says."""
        with urllib.request.urlopen(f"{self.prometheus}/api/v1/{path}", timeout=10) as answer:
            return json.load(answer)["data"]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    """Daemon, Prometheus and Alertmanager as the documents start them, all in another working directory."""
    folder = tmp_path_factory.mktemp("installed")
    prober, prometheus, alertmanager, dead, wrong = (free_port() for _ in range(5))
    (folder / "probes.yaml").write_text(json.dumps(probes(dead=dead, wrong=wrong)), encoding="utf-8")
    with ExitStack() as up:
        told = up.enter_context(receivers())
        elsewhere = {
            "scrape_interval: 15s": "scrape_interval: 1s",  # divided as the rules are
            "timeInterval: 15s": "timeInterval: 1s",
            "127.0.0.1:9733": f"127.0.0.1:{prober}",
            "127.0.0.1:9093": f"127.0.0.1:{alertmanager}",
            "http://127.0.0.1:9000": told.url,
            "https://hooks.slack.com": told.url,
            "https://events.pagerduty.com": told.url,
        }
        home = followed(folder, elsewhere, speed=SPEED)
        log = folder / "alertmanager.log"
        daemon = (sys.executable, "-m", "prober", "daemon", str(folder / "probes.yaml"))
        of_prometheus = (
            program("prometheus"),
            f"--config.file={home / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{prometheus}",
        )
        started: list[tuple[int, Path, tuple[str, ...]]] = [
            (wrong, folder / "wrong.log", (*reference_command(home, wrong), "--fault", "null-field")),
            (prober, folder / "prober.log", (*daemon, "--no-history", f"--listen=127.0.0.1:{prober}")),
            (alertmanager, log, alertmanager_command(home, alertmanager)),
            (prometheus, folder / "prometheus.log", of_prometheus),
        ]
        for port, output, command in started:
            up.enter_context(running(command, port=port, log=output))
        yield Installed(
            home=home,
            prometheus=f"http://127.0.0.1:{prometheus}",
            told=told,
            alertmanager_log=log,
            dead=dead,
            wrong=Reference(url=f"http://127.0.0.1:{wrong}/mcp"),
        )


PAGERDUTY, SLACK, HOOK = "/v2/enqueue", "/services/T000/B000/XXXX", "/alerts"


def pages_of(installed: Installed, target: str, action: str) -> list[Any]:
    """The events that PagerDuty got of a target: `trigger` or `resolve`."""
    events = installed.told.documents(PAGERDUTY)
    keys = {event["dedup_key"] for event in events if f"{target}" in event["payload"]["summary"]}
    return [event for event in events if event["dedup_key"] in keys and event["event_action"] == action]


def groups_of(installed: Installed, target: str, status: str) -> list[Any]:
    """What the webhook got of a target: `firing` or `resolved`."""
    return [
        each
        for each in installed.told.documents(HOOK)
        if each["status"] == status and each["groupLabels"].get("target") == target
    ]


def titles(installed: Installed) -> list[str]:
    """Those of all messages that Slack got."""
    return [chat["attachments"][0]["title"] for chat in installed.told.documents(SLACK)]


def wait_for(condition: Callable[[], object], installed: Installed) -> None:
    """As long as a page may take."""
    block_until(
        condition,
        lambda: f"{installed.told.posted}\n{installed.alertmanager_log.read_text()[-3000:]}",
        seconds=PAGED,
        pause=0.5,
    )


def test_a_page_arrives_by_every_way_that_the_shipped_routes_name(installed: Installed) -> None:
    wait_for(lambda: pages_of(installed, "dead", "trigger") and groups_of(installed, "dead", "firing"), installed)
    wait_for(lambda: any("dead" in title for title in titles(installed)), installed)
    page, *_ = pages_of(installed, "dead", "trigger")
    chat = next(each for each in installed.told.documents(SLACK) if "dead" in each["attachments"][0]["title"])
    assert page["routing_key"] == "your-integration-key"
    assert page["payload"]["custom_details"]["runbook"] == "https://wiki.example.com/mcp/runbooks/McpTargetDown.md"
    assert page["payload"]["summary"] in chat["attachments"][0]["title"]
    hook, *_ = groups_of(installed, "dead", "firing")
    assert {alert["labels"]["alertname"] for alert in hook["alerts"]} == {"McpTargetDown"}
    assert len({event["dedup_key"] for event in pages_of(installed, "dead", "trigger")}) == 1, "one trouble, one page"
    assert {each.authorization for each in installed.told.posted_to(HOOK)} == {"Bearer your-token"}
    assert "level=error" not in installed.alertmanager_log.read_text()


def test_what_several_probes_say_of_a_target_is_one_page(installed: Installed) -> None:
    def both() -> bool:
        return any(len(group["alerts"]) == 2 for group in groups_of(installed, "wrong", "firing"))

    wait_for(both, installed)
    wait_for(lambda: pages_of(installed, "wrong", "trigger"), installed)
    assert len({event["dedup_key"] for event in pages_of(installed, "wrong", "trigger")}) == 1
    wait_for(lambda: any("wrong" in title and "(1 of 2 alerts)" in title for title in titles(installed)), installed)
    assert not {event["dedup_key"] for event in pages_of(installed, "wrong", "trigger")} & {
        event["dedup_key"] for event in pages_of(installed, "dead", "trigger")
    }


def test_a_page_is_resolved_where_it_arrived_when_its_cause_is_over(installed: Installed) -> None:
    command = reference_command(installed.home, installed.dead)
    with running(command, port=installed.dead, log=installed.home / "dead.log"):
        asyncio.run(installed.wrong.switch())
        for target in ("dead", "wrong"):
            wait_for(partial(pages_of, installed, target, "resolve"), installed)
            wait_for(partial(groups_of, installed, target, "resolved"), installed)
            (key,) = {event["dedup_key"] for event in pages_of(installed, target, "trigger")}
            assert [event["dedup_key"] for event in pages_of(installed, target, "resolve")] == [key]
        wait_for(lambda: len([c for c in installed.told.documents(SLACK) if _is_over(c)]) == 2, installed)


def _is_over(chat: Any) -> bool:
    attachment = chat["attachments"][0]
    return bool(attachment["title"].startswith("Resolved: ") and attachment["color"] == "good")


def test_the_digest_arrives_by_mail_as_one_for_all_targets_and_says_what_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(write_authority(tmp_path)))
    port = free_port()
    with mailbox(server_context("good")) as box:
        home = followed(tmp_path, {"mail.example.com:587": box.address}, speed=DIGESTED)
        log = tmp_path / "alertmanager.log"
        with running(alertmanager_command(home, port), port=port, log=log):
            started, over = datetime.now(UTC), datetime.now(UTC) + timedelta(seconds=5)

            def add(target: str, end: datetime) -> None:
                labels = ("alertname=McpContractChanged", "severity=info", "job=mcp-prober", f"target={target}")
                times = (f"--start={started.isoformat()}", f"--end={end.isoformat()}")
                words = (f"--annotation=summary={target} offers something new", *times)
                said("amtool", "alert", "add", f"--alertmanager.url=http://127.0.0.1:{port}", *words, *labels)

            for target in ("notes", "files"):
                add(target, over)

            def failing() -> str:
                return log.read_text(encoding="utf-8")[-3000:]

            block_until(lambda: len(box.mails) >= 1, failing, seconds=PAGED)
            block_until(lambda: len(box.mails) >= 2, failing, seconds=PAGED)
    first, last = box.mails[0], box.mails[1]
    assert first.login == ("alertmanager@example.com", "your-password")
    assert (first.encrypted, first.recipient) == (True, "mcp-operators@example.com")
    assert first.message["Subject"] == "2 changes around MCP targets"
    assert "notes offers something new" in first.text
    assert "files offers something new" in first.text
    assert last.message["Subject"] == "Resolved: 2 changes around MCP targets"
    assert "Resolved: notes offers something new" in last.text


def test_prometheus_has_every_rule_and_scrapes_what_is_there_once(installed: Installed) -> None:
    def scraped() -> list[tuple[str, str]]:
        return [
            (target["labels"]["job"], target["health"])
            for target in installed.ask("targets?state=active")["activeTargets"]
        ]

    block_until(lambda: scraped() == [("mcp-prober", "up")], scraped, seconds=40)
    loaded = {group["name"] for group in installed.ask("rules")["groups"]}
    shipped = {group["name"] for file in RULES for group in yaml.safe_load(file.read_text())["groups"]}
    assert loaded == shipped


def test_the_data_source_of_grafana_is_told_how_often_prometheus_scrapes(installed: Installed) -> None:
    """Of a longer interval `$__rate_interval` would be too short, and panels of rates empty."""
    scraping = yaml.safe_load((installed.home / "prometheus.yml").read_text(encoding="utf-8"))
    source = installed.home / "grafana/provisioning/datasources/mcp-prober.yml"
    (told,) = yaml.safe_load(source.read_text(encoding="utf-8"))["datasources"]
    intervals = {
        job.get("scrape_interval", scraping["global"]["scrape_interval"]) for job in scraping["scrape_configs"]
    }
    assert intervals == {told["jsonData"]["timeInterval"]}
