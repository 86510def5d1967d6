"""`from prober import load, run_probe, …`: what it returns, what it refuses, what an import does and does not do."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

import prober
from prober import Config, ConfigError, Outcome, Reason, Verdict, load, run_probe, run_probes
from tests.library.conftest import TOKEN
from tests.races.reference import ROOT, Reference

ENVIRON: Final = {"TOKEN": TOKEN}


@pytest.fixture
def config(probes: Path) -> Config:
    return load(probes, environ=ENVIRON)


async def test_a_probe_that_passes(config: Config) -> None:
    outcome = await run_probe(config, "hello")
    assert isinstance(outcome, Outcome)
    assert (outcome.probe, outcome.verdict, outcome.reason) == ("hello", Verdict.PASS, None)


async def test_all_probes_come_in_the_order_of_the_configuration_and_some_in_the_order_of_their_names(
    config: Config,
) -> None:
    assert [outcome.probe for outcome in await run_probes(config)] == list(config.probes)
    some = await run_probes(config, ("sessions", "hello"), concurrency=1)
    assert [(outcome.probe, outcome.verdict) for outcome in some] == [
        ("sessions", Verdict.PASS),
        ("hello", Verdict.PASS),
    ]
    assert await run_probes(config, []) == []


async def test_what_a_server_does_wrong_raises_nothing_and_quotes_no_secret(config: Config, right: Reference) -> None:
    outcome = await run_probe(config, "unknown-session")
    assert outcome.reason is Reason.TOOL_ERROR
    assert "'***'" in outcome.message
    assert TOKEN not in repr(outcome)
    right.switch("http-503")
    assert (await run_probe(config, "hello")).reason is Reason.UNAVAILABLE


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("helo", "there is no probe 'helo'; did you mean hello?"),
        ("zzz", "there is no probe 'zzz'; known: nobody-there, hello, sessions, unknown-session"),
    ],
)
async def test_an_unknown_probe_is_refused_with_the_nearest_name(config: Config, name: str, complaint: str) -> None:
    with pytest.raises(LookupError) as refused:
        await run_probe(config, name)
    assert str(refused.value) == complaint


@pytest.mark.parametrize(
    ("changed", "error", "complaint"),
    [
        (
            {"target": "referenc"},
            LookupError,
            "probe 'sessions': there is no target 'referenc'; did you mean reference?",
        ),
        ({"kind": "cal"}, ValueError, "probe 'sessions': no such kind as 'cal'; did you mean call?"),
        ({"kind": "read"}, TypeError, "probe 'sessions': settings of kind 'read' are ReadSettings, not CallSettings"),
        ({"settings": None}, TypeError, "probe 'sessions': settings of kind 'call' are CallSettings, not NoneType"),
    ],
)
async def test_a_probe_that_was_put_together_wrongly_is_refused(
    config: Config, changed: dict[str, Any], error: type[Exception], complaint: str
) -> None:
    wrong = replace(config.probes["sessions"], **changed)
    with pytest.raises(error) as refused:
        await run_probes(replace(config, probes={"hello": config.probes["hello"], "sessions": wrong}))
    assert str(refused.value) == complaint


async def test_other_arguments_are_checked_too(config: Config) -> None:
    with pytest.raises(ValueError, match="concurrency is 1 or more, not 0"):
        await run_probes(config, concurrency=0)
    with pytest.raises(ValueError, match="the probe 'hello' is named twice"):
        await run_probes(config, ["hello", "sessions", "hello"])
    with pytest.raises(TypeError, match=r"names is a list of names, not a text: write \['hello'\]"):
        await run_probes(config, "hello")
    with pytest.raises(ValueError, match="needs a file or a folder"):
        load()


def test_every_mistake_of_a_configuration_comes_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text("targets:\n  a: {ulr: http://a.example/mcp}\nprobes:\n  p: {target: b, kind: cal}\n")
    with pytest.raises(ConfigError) as refused:
        load(str(file))
    assert [(mistake.line, mistake.path) for mistake in refused.value.mistakes] == [
        (2, "targets.a.ulr"),
        (2, "targets.a"),
        (4, "probes.p.kind"),
        (4, "probes.p.target"),
    ]


def test_the_environment_is_the_process_s_own_where_none_is_given(
    probes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", "a-token-of-the-process")
    config = load(probes)
    assert config.targets["reference"].headers["X-Key"].reveal() == "a-token-of-the-process"
    with pytest.raises(ConfigError, match="TOKEN"):
        load(probes, environ={})


def test_every_exported_name_is_there_and_another_is_not() -> None:
    assert set(prober.__all__) <= set(dir(prober))
    for name in prober.__all__:
        assert getattr(prober, name) is not None
    with pytest.raises(AttributeError, match="module 'prober' has no attribute 'run_prob'"):
        prober.run_prob  # type: ignore[attr-defined]  # noqa: B018
    with pytest.raises(ImportError, match="cannot import name 'Verdit'"):
        from prober import Verdit  # type: ignore[attr-defined]  # noqa: F401


def python(script: str, *, folder: Path) -> str:
    """What a script of its own process prints."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "TOKEN": TOKEN},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


IMPORT: Final = """
import sys, time
before = set(sys.modules)
began = time.perf_counter()
import prober
seconds = time.perf_counter() - began
print(seconds, *sorted(set(sys.modules) - before))
"""


@pytest.mark.clock
def test_the_import_imports_nothing_and_takes_no_time(tmp_path: Path) -> None:
    seconds, *modules = min(
        (python(IMPORT, folder=tmp_path).split() for _ in range(3)), key=lambda said: float(said[0])
    )
    assert modules == ["prober"]
    assert float(seconds) < 0.01


TRACES: Final = """
import gc, logging, os, signal, sys, threading, warnings
def state():
    levels = {name: logger.level for name, logger in logging.root.manager.loggerDict.items()
              if isinstance(logger, logging.Logger) and logger.level}
    return (levels, logging.root.level, logging.root.handlers, dict(os.environ), gc.get_threshold(), gc.isenabled(),
            threading.active_count(), warnings.filters[:], {n: signal.getsignal(n) for n in signal.valid_signals()},
            sys.excepthook, {name for name, module in sys.modules.items() if module is None})
before = state()
from prober import *
import prober.client.http.http_client, prober.client.sdk_check.sdk_check, prober.client.stdio.stdio_transport
print("unchanged" if state() == before else (before, state()))
"""


def test_the_import_of_everything_changes_nothing_of_the_process(tmp_path: Path) -> None:
    assert python(TRACES, folder=tmp_path) == "unchanged\n"


LOGGED: Final = """
import asyncio, logging
logging.basicConfig(level=logging.DEBUG, format="%(name)s: %(message)s")
from prober import load, run_probe
import httpx
config = load("probes")
async def main():
    print((await run_probe(config, "sessions")).verdict.value)
    async with httpx.AsyncClient() as client:
        await client.get(config.targets["reference"].url.replace("/mcp", "/healthz"))
asyncio.run(main())
"""


def test_a_process_that_logs_everything_logs_its_own_requests_and_none_of_a_probe(probes: Path) -> None:
    said = python(LOGGED, folder=probes.parent)
    assert "pass\n" in said
    assert TOKEN not in said
    assert said.count("httpcore.http11: send_request_headers.started") == 1  # the script's own


SCRIPT: Final = """
import asyncio
from typing import assert_type

from prober import Config, Outcome, Reason, Verdict, load, run_probe, run_probes

async def main() -> list[str]:
    config = load("probes", environ={"TOKEN": "t"})
    assert_type(config, Config)
    outcome = await run_probe(config, "hello")
    assert_type(outcome, Outcome)
    assert_type(outcome.verdict, Verdict)
    assert_type(outcome.reason, Reason | None)
    outcomes = await run_probes(config, ["hello"], concurrency=4)
    assert_type(outcomes, list[Outcome])
    return [each.message for each in outcomes]

asyncio.run(main())
"""
WRONG: Final = """
import prober
from prober import Verdit, load, run_probes
run_probes(load("probes"), concurrency="4")
prober.run_prob
"""


@pytest.mark.slow
def test_a_user_s_script_is_typed(tmp_path: Path) -> None:
    def checked(script: str) -> str:
        (tmp_path / "script.py").write_text(script)
        command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"), "script.py"]
        done = subprocess.run(
            command, cwd=tmp_path, env={"MYPYPATH": str(ROOT)}, capture_output=True, text=True, timeout=300
        )
        return done.stdout + done.stderr

    assert "Success: no issues found in 1 source file" in checked(SCRIPT)
    said = checked(WRONG)
    assert 'Module "prober" has no attribute "Verdit"' in said
    assert 'Module has no attribute "run_prob"' in said
    assert 'Argument "concurrency" to "run_probes" has incompatible type "str"; expected "int"' in said


async def test_all_probes_are_those_that_are_not_disabled_and_a_name_runs_one_all_the_same(tmp_path: Path) -> None:
    off = {"target": "nobody", "kind": "handshake", "timeout": "2s", "enabled": False}
    document = {"targets": {"nobody": {"url": "http://127.0.0.1:9/mcp"}}, "probes": {"off": off}}
    (tmp_path / "off.yaml").write_text(json.dumps(document))
    config = load(tmp_path / "off.yaml", environ={})
    assert await run_probes(config) == []
    assert (await run_probe(config, "off")).reason == "connect_refused"
