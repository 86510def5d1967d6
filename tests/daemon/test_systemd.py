"""A daemon under systemd: what it tells the manager, and the files that are shipped for it."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from prober.web.web_config_file import WebConfigError, load
from tests.daemon.process import daemon
from tests.daemon.watching import status
from tests.peers.tls import authority
from tests.programs import program, ran
from tests.web.test_basic_auth import basic, hashed

DEPLOY = Path(__file__).parents[2] / "deploy"
DOCUMENT = {
    "targets": {"dead": {"url": "http://127.0.0.1:9/mcp"}},
    "probes": {"gone": {"target": "dead", "kind": "handshake"}},
}


class Manager:
    """The end of the notification socket that systemd holds."""

    def __init__(self, path: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.settimeout(30)
        self.socket.bind(str(path))

    def told(self, but: str = "WATCHDOG=1") -> dict[str, str]:
        """The next message that is not `but`."""
        while (text := self.socket.recv(4096).decode()) == but:
            pass
        return dict(line.split("=", 1) for line in text.splitlines())


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    manager = Manager(tmp_path / "notify")
    with manager.socket:
        yield manager


def test_the_manager_is_told_of_readiness_reloads_the_end_and_that_the_loop_turns(
    manager: Manager, tmp_path: Path
) -> None:
    file = tmp_path / "probes.yaml"
    file.write_text(json.dumps(DOCUMENT))
    environ = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "400000", "PYTHONUNBUFFERED": "1"}
    web = tmp_path / "web.yml"
    web.write_text(json.dumps({"basic_auth_users": {"ada": hashed("right", 4)}}))
    with daemon(file, "--web-config", web, environ=environ) as running:
        assert status(running, "-/healthy")[0] == 401
        assert running.get("-/healthy", {"Authorization": basic("ada", "right")}) == "healthy\n"
        assert manager.told() == {"READY": "1", "STATUS": "1 probes of 1 targets"}
        assert manager.told(but="") == {"WATCHDOG": "1"}
        assert manager.told(but="") == {"WATCHDOG": "1"}
        for text, added in (("{", "; the last reload failed"), (json.dumps(DOCUMENT), "")):
            file.write_text(text)
            before = time.monotonic_ns() // 1000
            running.process.send_signal(signal.SIGHUP)
            reloading = manager.told()
            assert reloading.pop("RELOADING") == "1"
            assert before <= int(reloading.pop("MONOTONIC_USEC")) <= time.monotonic_ns() // 1000
            assert reloading == {}
            assert manager.told() == {"READY": "1", "STATUS": f"1 probes of 1 targets{added}"}
        running.process.send_signal(signal.SIGTERM)
        assert manager.told() == {"STOPPING": "1"}
        assert running.process.wait(20) == -signal.SIGTERM
    manager.socket.setblocking(False)
    with pytest.raises(BlockingIOError):
        manager.told()


@pytest.mark.external
def test_the_unit_is_what_systemd_understands(tmp_path: Path) -> None:
    """Verified with a program that is there: where the real one will be is up to who installs it."""
    unit = (DEPLOY / "mcp-prober.service").read_text()
    (tmp_path / "mcp-prober.service").write_text(re.sub(r"(?m)^ExecStart=\S+", f"ExecStart={sys.executable}", unit))
    verified = subprocess.run(
        [program("systemd-analyze"), "verify", "--man=no", str(tmp_path / "mcp-prober.service")],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    ours = [line for line in (verified.stdout + verified.stderr).splitlines() if "mcp-prober" in line]
    assert (verified.returncode, ours) == (0, [])
    assert "\nKillMode=mixed\n" in unit, "servers on stdio are not ended in the middle of a probe"


def test_the_unit_and_the_container_start_a_command_that_there_is() -> None:
    """What they name fails over nothing but the files of another machine."""
    [unit] = re.findall(r"(?m)^ExecStart=\S+ daemon (.+)$", (DEPLOY / "mcp-prober.service").read_text())
    [container] = re.findall(r"(?m)^CMD (\[.+\])$", (DEPLOY / "Containerfile").read_text())
    program, *words = json.loads(container)
    assert program == "daemon"
    ran = subprocess.run(
        [sys.executable, "-m", "tests.daemon.refusing"],
        input=json.dumps([[*unit.split(), "--no-history"], [*words, "--no-history"]]),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    complaint = "/etc/mcp-prober: no such file or directory\n1 mistake. Nothing was started.\n"
    assert json.loads(ran.stdout) == [[2, "", complaint]] * 2


@pytest.mark.external
def test_prometheus_understands_its_configuration(tmp_path: Path) -> None:
    text = (DEPLOY / "prometheus.yml").read_text()
    # What is commented out is meant to be used as well.
    jobs = re.sub(r"(?m)^  # (?=- |  )", "  ", text)
    shards = re.sub(r"(?m)^      # (?=- |  )", "      ", jobs)
    written = {job["job_name"]: job for job in yaml.safe_load(shards)["scrape_configs"]}
    assert [*written] == ["mcp-prober", "reference", "mtail", "mcp-probe-on-scrape"]
    assert len(written["mcp-probe-on-scrape"]["relabel_configs"]) == 3
    assert [job["job_name"] for job in yaml.safe_load(text)["scrape_configs"]] == ["mcp-prober"], "no probe runs twice"
    for name, source in (("prometheus.yml", text), ("jobs.yml", jobs), ("shards.yml", shards)):
        (tmp_path / name).write_text(source)
        assert ran("promtool", "check", "config", tmp_path / name).stderr == ""


def test_the_web_configuration_is_read_once_its_files_are_there(tmp_path: Path) -> None:
    with pytest.raises(WebConfigError) as caught:
        load(DEPLOY / "web-config.yml")
    assert {mistake.message for mistake in caught.value.mistakes} == {"no such file or directory"}
    issued = authority().issue_cert("localhost")
    issued.cert_chain_pems[0].write_to_path(tmp_path / "server.crt")
    issued.private_key_pem.write_to_path(tmp_path / "server.key")
    (tmp_path / "web.yml").write_text(
        (DEPLOY / "web-config.yml").read_text().replace("/etc/mcp-prober/tls", str(tmp_path))
    )
    config = load(tmp_path / "web.yml")
    assert config.tls is not None
    assert list(config.users) == ["prometheus"]
