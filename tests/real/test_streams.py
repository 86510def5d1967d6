"""`stream` against a server on the official SDK, straight and behind an nginx that cuts silent streams."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from prober.outcome import Outcome, Reason, Verdict
from tests.kinds.offering import ERAS
from tests.peers.protocol import Era
from tests.programs import program
from tests.real.process import free_port, running
from tests.real.servers import sdk_http_events
from tests.running import run_document

IDLE: Final = 5
CONFIGURATION: Final = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass {server};
            proxy_http_version 1.1;
            proxy_set_header Host $proxy_host;
            proxy_set_header Connection "";
            proxy_buffering off;
            proxy_read_timeout {idle}s;
        }}
    }}
}}
"""


@contextmanager
def proxy(folder: Path, server: str) -> Iterator[str]:
    """The address of an nginx before the server."""
    port = free_port()
    file = folder / "nginx.conf"
    file.write_text(CONFIGURATION.format(folder=folder, port=port, server=server, idle=IDLE))
    with running([program("nginx"), "-c", str(file), "-e", str(folder / "error.log")], port=port, log=folder / "log"):
        yield f"http://127.0.0.1:{port}/mcp"


async def watched(url: str, era: Era, folder: Path) -> Outcome:
    probe = {"target": "t", "kind": "stream", "hold": f"{IDLE + 3}s", "timeout": "30s"}
    document = {"targets": {"t": {"url": url, "protocol": era}}, "probes": {"p": probe}}
    [outcome] = await run_document(document, folder)
    return outcome


@pytest.mark.external
@pytest.mark.slow
@pytest.mark.parametrize("era", ERAS)
async def test_an_nginx_that_cuts_silent_streams_is_found_and_the_server_alone_is_well(
    era: Era, tmp_path: Path
) -> None:
    with sdk_http_events(tmp_path) as server, proxy(tmp_path, server.target["url"].removesuffix("/mcp")) as url:
        straight = await watched(server.target["url"], era, tmp_path)
        cut = await watched(url, era, tmp_path)
    assert (straight.verdict, straight.message) == (Verdict.PASS, "")
    assert straight.facts["stream_silence_seconds"] > IDLE, "a server that says something is no case for a proxy"
    assert cut.reason is Reason.STREAM_CUT, cut.message
    assert IDLE - 0.5 <= cut.facts["stream_open_seconds"] < IDLE + 3
