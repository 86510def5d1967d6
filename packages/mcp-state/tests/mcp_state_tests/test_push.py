"""Metrics of a server without a page, pushed: to a real Pushgateway, and to one that is not well."""

from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.error import URLError

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from mcp_state import StateMetrics
from mcp_state.push import pushing

from .test_writes import facts

FAMILY: Final = "mcp_state_write_conflicts_total"


@contextmanager
def pushgateway(folder: Path) -> Iterator[str]:
    """A real one; its URL."""
    program = shutil.which("prometheus-pushgateway") or shutil.which("pushgateway")
    if program is None:
        pytest.skip("no Pushgateway is installed: apt-get install prometheus-pushgateway")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    with (folder / "log").open("w") as log:
        # Debian's keeps what was pushed in a file of the system, unless it is given another.
        command = [program, f"--web.listen-address={address}", f"--persistence.file={folder / 'kept'}"]
        with subprocess.Popen(command, stdout=log, stderr=log) as process:
            try:
                yield f"http://{address}"
            finally:
                process.terminate()


def page(url: str) -> Mapping[str, Sample]:
    """The samples that the gateway shows Prometheus, by name; none while it does not answer."""
    try:
        with urllib.request.urlopen(f"{url}/metrics", timeout=10) as answer:
            families = list(text_string_to_metric_families(answer.read().decode()))
    except URLError:
        return {}
    return {sample.name: sample for family in families for sample in family.samples}


@pytest.mark.external
async def test_a_gateway_is_given_what_is_so_meanwhile_and_what_was_so_in_the_end(
    registry: CollectorRegistry, metrics: StateMetrics, tmp_path: Path
) -> None:
    with pushgateway(tmp_path) as url:
        metrics.conflict_met(tool="t")
        async with pushing(registry, gateway=url, job="notes", grouping={"instance": "desk"}, every=0.05):
            late = time.monotonic() + 30
            while FAMILY not in (shown := await asyncio.to_thread(page, url)):
                assert time.monotonic() < late, (tmp_path / "log").read_text()
            assert shown[FAMILY].value == 1
            metrics.conflict_met(tool="t")
        last = page(url)[FAMILY]
    assert last.value == 2
    assert last.labels == {"job": "notes", "instance": "desk", "store": "sqlite", "tool": "t"}


async def test_a_gateway_that_is_not_there_is_logged(
    registry: CollectorRegistry, metrics: StateMetrics, caplog: pytest.LogCaptureFixture
) -> None:
    async with pushing(registry, gateway="127.0.0.1:9", job="notes", grouping={}):
        metrics.conflict_met(tool="t")
    assert {line["error"] for line in facts(caplog, "push_failed")} == {"URLError"}
