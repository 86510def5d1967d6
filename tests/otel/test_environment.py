"""What the variables OTEL_… ask for: what is refused before anything is sent, and in which words."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from prober.otel.environment import OtelError, Signals, endpoint, signals
from tests.cli.command import mcp_prober

BOTH: Final = Signals(spans=True, metrics=True)
ASKED: Final[dict[str, tuple[Mapping[str, str], Signals]]] = {
    "nothing is said": ({}, BOTH),
    "the SDK is off": ({"OTEL_SDK_DISABLED": "TRUE"}, Signals(spans=False, metrics=False)),
    "no metrics": ({"OTEL_METRICS_EXPORTER": "none"}, Signals(spans=True, metrics=False)),
    "no traces": (
        {"OTEL_TRACES_EXPORTER": "none", "OTEL_METRICS_EXPORTER": "otlp"},
        Signals(spans=False, metrics=True),
    ),
    "empty is not said": ({"OTEL_TRACES_EXPORTER": "", "OTEL_EXPORTER_OTLP_ENDPOINT": ""}, BOTH),
    "a signal's own before the common one": (
        {
            "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc",
            "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/protobuf",
            "OTEL_METRICS_EXPORTER": "none",
        },
        Signals(spans=True, metrics=False),
    ),
}
REFUSED: Final[dict[str, tuple[Mapping[str, str], str]]] = {
    "another exporter": (
        {"OTEL_TRACES_EXPORTER": "console"},
        "OTEL_TRACES_EXPORTER=console: write otlp, or none to send nothing of the kind",
    ),
    "another protocol": (
        {"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
        "OTEL_EXPORTER_OTLP_PROTOCOL=grpc: only http/protobuf is spoken here; its usual port is 4318",
    ),
    "no URL": (
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "127.0.0.1:4318"},
        "OTEL_EXPORTER_OTLP_ENDPOINT: this is no URL; write one, as in http://127.0.0.1:4318",
    ),
    "no URL of one signal": (
        {"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "http://[::1:4318"},
        "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: this is no URL; write one, as in http://127.0.0.1:4318",
    ),
}
NOT_UNDERSTOOD: Final = {
    "OTEL_EXPORTER_OTLP_TIMEOUT": ("soon", "Invalid timeout value 'soon'"),
    "OTEL_EXPORTER_OTLP_COMPRESSION": ("zip", "Unsupported compression type: zip"),
    "OTEL_TRACES_SAMPLER": ("some", "some"),
    "OTEL_BSP_MAX_QUEUE_SIZE": ("many", "OTEL_BSP_MAX_QUEUE_SIZE"),
    "OTEL_METRIC_EXPORT_INTERVAL": ("-1", "-1"),
    "OTEL_EXPORTER_OTLP_HEADERS": ("s3cret-of-the-operator", "Header format invalid"),
}
"""What only the SDK reads: a value that it warns of, and what it says."""
WITHOUT_SDK: Final = """
import sys
sys.modules["opentelemetry.sdk"] = None
from prober.cli import main
sys.argv[0] = "mcp-prober"
main()
"""


@pytest.mark.parametrize(("environ", "wanted"), ASKED.values(), ids=ASKED)
def test_what_is_asked_for(environ: Mapping[str, str], wanted: Signals) -> None:
    assert signals(environ) == wanted


@pytest.mark.parametrize(("environ", "message"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_had_is_refused(environ: Mapping[str, str], message: str) -> None:
    with pytest.raises(OtelError) as refused:
        signals(environ)
    assert str(refused.value) == message


def test_an_endpoint_is_shown_without_its_secrets() -> None:
    url = "https://user:pass-word@collector.example:4318/otlp?token=t0ken"
    assert endpoint({"OTEL_EXPORTER_OTLP_ENDPOINT": url}, "TRACES") == "https://collector.example:4318/otlp"
    assert endpoint({}, "METRICS") == "http://localhost:4318"


@pytest.fixture
def file(tmp_path: Path) -> str:
    probes = {"gone": {"target": "dead", "kind": "handshake"}}
    path = tmp_path / "probes.yaml"
    path.write_text(json.dumps({"targets": {"dead": {"url": "http://127.0.0.1:9/mcp"}}, "probes": probes}))
    return str(path)


@pytest.mark.slow
@pytest.mark.parametrize(
    "command", [("run",), ("daemon", "--listen", "127.0.0.1:0", "--no-history")], ids=lambda c: c[0]
)
@pytest.mark.parametrize("name", NOT_UNDERSTOOD)
async def test_what_the_sdk_does_not_understand_is_refused_and_nothing_runs(
    name: str, command: tuple[str, ...], file: str, tmp_path: Path
) -> None:
    value, said = NOT_UNDERSTOOD[name]
    done = await mcp_prober(*command, "--otel", file, cwd=tmp_path, env={name: value})
    assert done.code == 2
    assert done.out == ""
    assert "OpenTelemetry does not understand a variable of the environment: " in done.err
    assert said in done.err
    assert "s3cret" not in done.err
    assert len(done.err.splitlines()) <= 3, done.err


@pytest.mark.parametrize(
    "command", [("run",), ("daemon", "--listen", "127.0.0.1:0", "--no-history")], ids=lambda c: c[0]
)
async def test_without_the_extra_the_command_says_what_to_install(
    command: tuple[str, ...], file: str, tmp_path: Path
) -> None:
    done = await mcp_prober(*command, "--otel", file, cwd=tmp_path, program=("-c", WITHOUT_SDK))
    assert (done.code, done.out) == (2, "")
    said = r"OpenTelemetry is an extra \(opentelemetry\.sdk[\w.]* is missing\): pip install 'mcp-prober\[otel\]'\n"
    assert re.search(said, done.err), done.err


async def test_who_does_not_ask_for_it_needs_no_extra_and_imports_nothing(file: str, tmp_path: Path) -> None:
    done = await mcp_prober("run", file, cwd=tmp_path, program=("-c", WITHOUT_SDK))
    assert done.code == 1
    program = ("-c", "import sys; from prober.cli import main\ntry: main()\nfinally: print(sorted(sys.modules))")
    done = await mcp_prober("run", file, cwd=tmp_path, program=program)
    assert "prober.engine" in done.out
    assert "opentelemetry" not in done.out
    assert "prober.otel.telemetry" not in done.out
