"""What the container image is built of, and how it knows that its daemon lives. No image is built here."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest

from tests.daemon.process import daemon
from tests.peers.tls import authority
from tests.programs import program
from tests.web.test_basic_auth import hashed

ROOT: Final = Path(__file__).parents[2]
CONTAINERFILE: Final = (ROOT / "deploy/Containerfile").read_text()
DOCUMENT: Final = {
    "targets": {"dead": {"url": "http://127.0.0.1:9/mcp"}},
    "probes": {"gone": {"target": "dead", "kind": "handshake", "interval": "1h"}},
}


def asked(port: int) -> int:
    script = ROOT / "deploy/healthcheck.py"
    return subprocess.run([sys.executable, script, str(port)], timeout=60, check=False).returncode


USERS: Final = {"basic_auth_users": {"ada": hashed("right", 4)}}
SERVED: Final[dict[str, tuple[bool, dict[str, Any]]]] = {
    "plain": (False, {}),
    "with a password": (False, USERS),
    "with TLS": (True, {}),
    "with TLS and a password": (True, USERS),
    "with TLS and certificates of clients": (True, {"client": True}),
}


@pytest.mark.parametrize(("encrypted", "more"), SERVED.values(), ids=SERVED)
def test_a_daemon_that_lives_is_healthy_however_it_is_served(
    encrypted: bool, more: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "probes.json").write_text(json.dumps(DOCUMENT))
    issued = authority().issue_cert("localhost")
    issued.cert_chain_pems[0].write_to_path(tmp_path / "web.crt")
    issued.private_key_pem.write_to_path(tmp_path / "web.key")
    authority().cert_pem.write_to_path(tmp_path / "clients.pem")
    config = {key: value for key, value in more.items() if key != "client"}
    if encrypted:
        tls = {"cert_file": "web.crt", "key_file": "web.key"}
        if more.get("client"):
            tls |= {"client_ca_file": "clients.pem", "client_auth_type": "RequireAndVerifyClientCert"}
        config["tls_server_config"] = tls
    (tmp_path / "web.yml").write_text(json.dumps(config))
    words: list[str | Path] = ["--web-config", tmp_path / "web.yml"] if config else []
    with daemon(tmp_path / "probes.json", *words) as running:
        port = urlsplit(running.url).port
        assert port is not None
        assert asked(port) == 0
    assert asked(port) == 1


def test_what_listens_and_says_nothing_is_not_healthy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        assert asked(deaf.getsockname()[1]) == 1


def ignored(path: str) -> bool:
    """Whether a file of the clone stays out, by the rules that the file uses: everything but what is named."""
    rules = [line for line in (ROOT / ".containerignore").read_text().splitlines() if line and line[0] != "#"]
    assert rules[0] == "*"
    wanted = {rule[1:] for rule in rules[1:] if rule.startswith("!")}
    never = {rule.removeprefix("**/") for rule in rules[1:] if rule.startswith("**/")}
    assert len(wanted) + len(never) == len(rules) - 1
    parts = path.split("/")
    return parts[0] not in wanted or bool(never & set(parts))


def test_the_image_is_built_of_what_the_package_needs_and_of_nothing_else() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = [project["project"]["readme"], *project["project"]["license-files"], *wheel["packages"]]
    needed += [*wheel["force-include"], "constraints.txt", "pyproject.toml", "deploy/healthcheck.py"]
    needed += re.findall(r"^COPY ([^-\s]\S*) /opt", CONTAINERFILE, re.MULTILINE)
    assert [path for path in needed if ignored(path)] == []
    for path in (".git/config", ".venv/bin/python", "tests/npm/node_modules", "secrets.env", ".env", "dist/a.whl"):
        assert ignored(path)
    assert (ROOT / ".dockerignore").resolve() == ROOT / ".containerignore"


def test_the_base_can_be_pinned_and_versions_are() -> None:
    bases = re.findall(r"^FROM (\S+)", CONTAINERFILE, re.MULTILINE)
    assert bases == ["${BASE}", "${BASE}"], "both stages run the same Python"
    assert "--constraint /source/constraints.txt" in CONTAINERFILE


@pytest.mark.external
def test_the_unit_exposes_little() -> None:
    checked = subprocess.run(
        [program("systemd-analyze"), "security", "--offline=true", str(ROOT / "deploy/mcp-prober.service")],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    [exposure] = re.findall(r"Overall exposure level for \S+: ([0-9.]+)", checked.stdout)
    assert float(exposure) < 2
    unit = (ROOT / "deploy/mcp-prober.service").read_text().splitlines()
    assert {"OOMPolicy=continue", "UMask=0077"} <= set(unit)
