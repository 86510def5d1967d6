"""Real servers, other people's, do not mind that each request says of its span: the verdicts are the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.otel.recording import recorded
from tests.real.servers import RealServer

pytestmark = [pytest.mark.external, pytest.mark.slow]


async def test_a_real_server_passes_with_telemetry_in_every_era_it_speaks(
    real_server: RealServer, tmp_path: Path
) -> None:
    for era in real_server.eras:
        target = {**real_server.target, "protocol": era}
        common = {"target": "real", "timeout": "30s"}
        probes = {"hello": {**common, "kind": "handshake"}, "offer": {**common, "kind": "catalog"}}
        done = await recorded({"targets": {"real": target}, "probes": probes}, tmp_path)
        assert [f"{each.probe}: {each.message}" for each in done.outcomes if each.verdict != "pass"] == []
        asked = [span for span in done.children("offer") if span.name == "tools/list"]
        assert asked, "no request had a span"
