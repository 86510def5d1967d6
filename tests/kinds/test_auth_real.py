"""`auth` against a server on the official SDK: as the SDK makes it, and with one mistake each."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from docs.generate.pages import example
from prober.engine import run_pass
from prober.loader import load
from prober.outcome import Outcome, Reason, Verdict
from tests.real.auth_server import token_for
from tests.real.process import running
from tests.real.servers import ROOT
from tests.running import run_document


@contextmanager
def served(folder: Path, *options: str, known_as: str | None = None) -> Iterator[str]:
    """The URL of the server; `known_as` is what it takes for its URL."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        fd, port = sock.fileno(), sock.getsockname()[1]
        url = f"http://127.0.0.1:{port}/mcp"
        command = [sys.executable, "-m", "tests.real.auth_server", str(fd), known_as or url, *options]
        with running(command, port=port, log=folder / "auth.log", env={"PYTHONPATH": str(ROOT)}, pass_fds=[fd]):
            yield url


async def probed(url: str, folder: Path, **probe: Any) -> list[Outcome]:
    """A handshake, which needs the token, and what the kind says, in either era."""
    issuer = url.removesuffix("/mcp") + "/staff"
    kind = {"kind": "auth", "issuers": [issuer], "foreign_token": "${FOREIGN}", "timeout": "30s"}
    document = {
        "targets": {
            era: {"url": url, "auth": {"bearer": "${TOKEN}"}, "protocol": era} for era in ("modern", "handshake")
        },
        "probes": {
            f"{era}-{name}": {"target": era, **settings}
            for era in ("modern", "handshake")
            for name, settings in {"in": {"kind": "handshake", "timeout": "30s"}, "auth": {**kind, **probe}}.items()
        },
    }
    tokens = {"TOKEN": token_for(url), "FOREIGN": token_for("https://other.example/mcp")}
    return await run_document(document, folder, **tokens)


async def test_the_sdks_own_server_passes_in_both_eras(tmp_path: Path) -> None:
    with served(tmp_path) as url:
        outcomes = await probed(url, tmp_path)
    assert [(each.probe, each.message) for each in outcomes if each.verdict is not Verdict.PASS] == []
    assert [each.warnings for each in outcomes] == [()] * 4
    assert outcomes[1].facts["auth_registration_dcr"] == 1


@pytest.mark.parametrize(
    ("mistake", "reason", "message"),
    [
        ("signature", Reason.AUTH_NOT_ENFORCED, "HTTP 200 to a request with a token that nobody has signed"),
        ("audience", Reason.AUTH_NOT_ENFORCED, "HTTP 200 to a request with the token of another server"),
        ("issuer", Reason.AUTH_METADATA_BROKEN, "`issuer` is http"),
        ("pkce", Reason.AUTH_METADATA_BROKEN, "names nothing, not S256"),
    ],
)
async def test_each_mistake_is_found_while_good_tokens_work(
    mistake: str, reason: Reason, message: str, tmp_path: Path
) -> None:
    with served(tmp_path, "--mistake", mistake) as url:
        outcomes = await probed(url, tmp_path)
    assert [each.reason for each in outcomes] == [None, reason, None, reason], [each.message for each in outcomes]
    assert message in outcomes[1].message


async def test_a_server_behind_a_proxy_that_names_itself_by_its_inner_address_is_found(tmp_path: Path) -> None:
    with served(tmp_path, known_as="http://10.1.2.3:8000/mcp") as url:
        told = (await probed(url, tmp_path))[1]
    assert told.reason is Reason.UNDECIDED
    assert "lies at an origin that the probe may not ask: http://10.1.2.3:8000" in told.message


async def test_the_example_of_the_documentation_passes(tmp_path: Path) -> None:
    with served(tmp_path) as url:
        text = example("auth").replace("https://mcp.example.com/mcp", url)
        text = text.replace("https://login.example.com/realms/staff", url.removesuffix("/mcp") + "/staff")
        (tmp_path / "example.yaml").write_text(text)
        tokens = {"TICKETS_TOKEN": token_for(url), "WIKI_TOKEN": token_for("https://wiki.example/mcp")}
        config = load([tmp_path / "example.yaml"], environ=tokens)
        outcomes = await run_pass(config, list(config.probes.values()))
    assert [(each.verdict, each.message) for each in outcomes] == [(Verdict.PASS, "")] * 2
    assert json.dumps([each.exchanges[0].sent for each in outcomes]).find(tokens["TICKETS_TOKEN"]) == -1
