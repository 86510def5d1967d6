"""The documents, followed step by step in an empty folder: a page arrives, and in words that help."""

from __future__ import annotations

import json
import os
import re
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.programs import program, ran
from tests.real.process import free_port, running
from tests.waiting import block_until

from .receivers import Receivers, receivers
from .rules import ALERTS, RULES

pytestmark = [pytest.mark.external, pytest.mark.slow]  # slow: three runs have to fail, two rounds of rules to see it

PAGED: Final = 240.0
"""Seconds in which a page must arrive: about 90 on a machine that has nothing else to do."""

PROBES: Final = {
    "targets": {"dead": {"url": "http://127.0.0.1:9/mcp"}},
    "defaults": {"interval": "15s", "timeout": "5s"},
    "probes": {
        "dead-hello": {"target": "dead", "kind": "handshake"},
        "dead-tools": {"target": "dead", "kind": "catalog"},
    },
}


def steps() -> str:
    """The commands of alerts/README.md."""
    text = (ALERTS / "README.md").read_text(encoding="utf-8")
    found = re.search(r"## Install\n.*?```sh\n(.*?)```", text, re.DOTALL)
    assert found is not None
    return found[1]


def followed(folder: Path, elsewhere: Mapping[str, str]) -> None:
    """Run the commands in a folder, then put addresses of this machine in the places of those that the files name."""
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


@dataclass(frozen=True, kw_only=True)
class Installed:
    """What the documents build, running: where its files are, where Prometheus answers, who is told."""

    home: Path
    prometheus: str
    told: Receivers
    alertmanager_log: Path

    def ask(self, path: str) -> Any:
        """What the API of Prometheus says."""
        with urllib.request.urlopen(f"{self.prometheus}/api/v1/{path}", timeout=10) as answer:
            return json.load(answer)["data"]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    """Daemon, Prometheus and Alertmanager as the documents start them, all in another working directory."""
    folder = tmp_path_factory.mktemp("installed")
    (folder / "probes.yaml").write_text(json.dumps(PROBES), encoding="utf-8")
    prober, prometheus, alertmanager = free_port(), free_port(), free_port()
    with ExitStack() as up:
        told = up.enter_context(receivers())
        followed(
            folder,
            {
                "127.0.0.1:9733": f"127.0.0.1:{prober}",
                "127.0.0.1:9093": f"127.0.0.1:{alertmanager}",
                "http://127.0.0.1:9000": told.url,
                "https://hooks.slack.com": told.url,
                "https://events.pagerduty.com": told.url,
            },
        )
        home, log = folder / "prometheus", folder / "alertmanager.log"
        of_prometheus, of_alertmanager = home / "prometheus.yml", home / "alerts" / "alertmanager.yml"
        listening = "--web.listen-address=127.0.0.1:{}".format
        daemon = (sys.executable, "-m", "prober", "daemon", str(folder / "probes.yaml"))
        started: list[tuple[int, Path, tuple[str, ...]]] = [
            (prober, folder / "prober.log", (*daemon, "--no-history", f"--listen=127.0.0.1:{prober}")),
            (
                alertmanager,
                log,
                (
                    program("prometheus-alertmanager"),
                    f"--config.file={of_alertmanager}",
                    f"--storage.path={folder / 'alertmanager'}",
                    listening(alertmanager),
                    "--cluster.listen-address=",
                ),
            ),
            (
                prometheus,
                folder / "prometheus.log",
                (
                    program("prometheus"),
                    f"--config.file={of_prometheus}",
                    f"--storage.tsdb.path={folder / 'data'}",
                    listening(prometheus),
                ),
            ),
        ]
        for port, output, command in started:
            up.enter_context(running(command, port=port, log=output))
        url = f"http://127.0.0.1:{prometheus}"
        yield Installed(home=home, prometheus=url, told=told, alertmanager_log=log)


def test_the_page_arrives_by_every_way_that_the_shipped_routes_name(installed: Installed) -> None:
    ways = ("/v2/enqueue", "/services/T000/B000/XXXX", "/alerts")
    block_until(
        lambda: all(installed.told.documents(way) for way in ways),
        lambda: f"{installed.told.posted}\n{installed.alertmanager_log.read_text()[-3000:]}",
        seconds=PAGED,
        pause=0.5,
    )
    (page, *_), (chat, *_), (hook, *_) = (installed.told.documents(way) for way in ways)
    assert (page["event_action"], page["routing_key"]) == ("trigger", "your-integration-key")
    assert "dead" in page["payload"]["summary"]
    assert page["payload"]["custom_details"]["runbook"] == ("https://wiki.example.com/mcp/runbooks/McpTargetDown.md")
    assert page["payload"]["summary"] in chat["attachments"][0]["title"]
    assert {alert["labels"]["alertname"] for alert in hook["alerts"]} == {"McpTargetDown"}
    assert len(installed.told.documents("/v2/enqueue")) == 1, "one trouble, one page"
    assert "level=error" not in installed.alertmanager_log.read_text()


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
