"""Good files and the values that they become."""

from __future__ import annotations

import dataclasses
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from prober.config import Config, ConfigError, Secret
from prober.config.model import Budget, ClientCredentials, Latency, Limits, Notify, Probe, Target, Tls, Window
from prober.kinds.call import CallSettings
from prober.kinds.catalog import CatalogSettings
from prober.kinds.handshake import HandshakeSettings
from prober.kinds.prompt import PromptSettings
from prober.kinds.race import RaceCall, RaceSettings
from prober.kinds.read import ReadSettings
from prober.kinds.scenario import ScenarioSettings
from prober.kinds.step import Step
from prober.loader import load
from tests.config.conftest import ENVIRON, TOKEN, loaded, told

Write = Callable[..., Path]


@pytest.fixture(scope="module")
def every_key(good: Path) -> Config:
    return loaded(good / "every-key.yaml")


def test_an_http_target_has_all_that_was_written(every_key: Config, good: Path) -> None:
    files = good / "files"
    seen = every_key.targets["http"]
    assert dataclasses.replace(seen, secrets=()) == Target(
        name="http",
        address="https://${HOST}/mcp?…",
        transport="http",
        url=f"https://mcp.test/mcp?key={TOKEN}",
        headers={
            "X-Key": Secret(TOKEN),
            "X-Plain": Secret("written-out-value"),
            "Authorization": Secret("Bearer file-token-value"),
        },
        tls=Tls(ca_file=files / "ca.pem", client_certificate=files / "client.pem", client_key=files / "client-key.pem"),
        proxy=Secret(f"http://user:{TOKEN}@proxy.test:3128"),
        protocol="modern",
        limits=Limits(body=1024**2, decompressed=4_000_000, event=64 * 1024, line=100),
        allow_writes=True,
        concurrency=4,
        read_only_tools=("get_*", "count"),
        budget=Budget(requests=120, seconds=3600.0),
        objective=99.9,
        maintenance=(Window(cron="0 2 * * 0", duration=7200.0),),
        tags=("smoke", "eu-1"),
        labels={"team": "search"},
    )


def test_a_legacy_target_with_client_credentials(every_key: Config) -> None:
    assert every_key.targets["sse"] == Target(
        name="sse",
        address="HTTP://[::1]:8080/sse",
        transport="sse",
        url="HTTP://[::1]:8080/sse",
        protocol="handshake",
        auth=ClientCredentials(
            token_url="https://auth.test/token",
            client_id="prober",
            client_secret=Secret(TOKEN),
            scope="read list",
            audience="mcp",
        ),
        secrets=(Secret("Basic " + b64encode(f"prober:{TOKEN}".encode()).decode()), Secret(TOKEN)),
    )


def test_a_stdio_target(every_key: Config, good: Path) -> None:
    assert every_key.targets["stdio"] == Target(
        name="stdio",
        address="python3 -m server '--token=${TOKEN}' '' 'costs $$5 and $6'",
        transport="stdio",
        startup_timeout=60.0,
        reuse=900.0,
        concurrency=1,
        command=("python3", "-m", "server", f"--token={TOKEN}", "", "costs $5 and $6"),
        cwd=good / "files",
        env={"API_KEY": Secret(TOKEN), "EMPTY": Secret("")},
        secrets=(Secret(TOKEN),),
    )


def test_a_probe_says_when_it_runs_and_that_the_windows_of_defaults_are_not_its_own(every_key: Config) -> None:
    probe = every_key.probes["handshake"]
    assert (probe.cron, probe.timeout, probe.maintenance) == ("*/5 * * * *", 20.0, ())


def test_whom_to_tell_is_known_and_not_shown(every_key: Config) -> None:
    urls = (Secret(f"slack://{TOKEN}"), Secret("mailto://user:written-out@mail.test"))
    assert every_key.notify == Notify(urls=urls, after=5)
    assert "written-out" not in repr(every_key)


def test_a_target_without_a_word_of_it_has_no_budget_and_two_turns(every_key: Config) -> None:
    target = every_key.targets["sse"]
    assert (target.concurrency, target.budget, target.maintenance) == (2, None, ())


def test_the_interval_of_defaults_does_not_hold_for_a_probe_with_a_cron_expression(write: Write) -> None:
    file = write(
        "targets: {server: {url: 'https://mcp.test/mcp'}}\n"
        "defaults: {interval: 10s}\n"
        "probes: {one: {target: server, kind: handshake, cron: '0 * * * *', timeout: 30s}}\n"
    )
    assert told(file) == []


def test_only_one_file_says_whom_to_tell(write: Write, tmp_path: Path) -> None:
    first = write("notify: {urls: ['json://one.test']}\n", "a.yaml")
    write("notify: {urls: ['json://two.test']}\n", "b.yaml")
    assert told(tmp_path) == [f"1: notify: written twice; the first is {first}:1"]


def test_handshake_and_catalog_settings(every_key: Config, good: Path) -> None:
    assert every_key.probes["handshake"].settings == HandshakeSettings(
        second_opinion=True, expect_version="2025-11-25", expect_clean_exit=True
    )
    catalog = every_key.probes["catalog"].settings
    assert isinstance(catalog, CatalogSettings)
    assert (catalog.tools, catalog.resources, catalog.prompts) == (("echo", "add"), ("file:///notes",), ("greet",))
    assert catalog.contract_file == good / "contracts" / "http.json"
    assert catalog.contract is not None
    assert list(catalog.contract.tools) == ["echo"]


def test_a_call_with_its_checks(every_key: Config, good: Path) -> None:
    probe = every_key.probes["call"]
    settings = probe.settings
    assert isinstance(settings, CallSettings)
    line = (good / "every-key.yaml").read_text(encoding="utf-8").splitlines().index("  call:") + 1
    assert probe == Probe(
        name="call",
        target="stdio",
        kind="call",
        settings=settings,
        interval=3600.0,
        timeout=1.5,
        allow_writes=True,
        tags=("slow",),
        enabled=False,
        maintenance=(Window(cron="30 1 1 * *", duration=1800.0),),
        origin=f"{good / 'every-key.yaml'}:{line}",
        secrets=(Secret(TOKEN),),
    )
    assert settings.tool == "echo"
    assert settings.arguments == {
        "text": f"key {TOKEN}",
        "plain": "$.a $ {b}",
        "count": 3,
        "ratio": 0.5,
        "on": "yes",
        "none": None,
        "flags": [True, False],
    }
    checks = settings.checks
    assert checks.source == "text"
    assert checks.schema is not None
    assert checks.schema.document == {"type": "object", "required": ["text"]}
    assert [line.path.text for line in checks.expect] == ["$.text", "$.count"]
    assert checks.latency == Latency(warn=0.1)


def test_a_read_and_a_prompt_judge_the_whole_result_unless_they_say_otherwise(every_key: Config, write: Write) -> None:
    read, prompt = every_key.probes["read"].settings, every_key.probes["prompt"].settings
    assert isinstance(read, ReadSettings)
    assert isinstance(prompt, PromptSettings)
    assert (read.uri, read.checks.source, read.checks.latency) == ("file:///notes/mcp.test", "text", Latency(fail=1))
    assert (prompt.prompt, prompt.arguments, prompt.checks.source) == (
        "greet",
        {"name": "mcp.test", "tone": ""},
        "result",
    )
    silent = _probe(write, "{target: server, kind: read, uri: 'file:///notes'}").settings
    assert silent == ReadSettings(uri="file:///notes")


def test_a_scenario_has_steps_with_captures_and_names_of_their_own(every_key: Config) -> None:
    settings = every_key.probes["scenario"].settings
    assert isinstance(settings, ScenarioSettings)
    assert [step.name for step in (*settings.steps, *settings.cleanup)] == ["open", "write", "write (2)", "delete"]
    first = settings.steps[0]
    assert (first.tool, first.capture) == ("create", {"handle": "$.handle"})
    assert first.arguments == {"name": "{scratch}", "text": '{"json": {"stays": 1}}'}
    assert first.checks.latency == Latency(warn=1, fail=2)
    assert settings.steps[2] == Step(name="write (2)", tool="write", arguments={"handle": "{handle}"})


def test_a_race_has_the_operations_of_its_model(good: Path) -> None:
    config = loaded(good / "races.yaml")
    settings = {name: probe.settings for name, probe in config.probes.items()}
    register = settings["register"]
    assert isinstance(register, RaceSettings)
    assert (register.model, register.clients, register.processes, register.operations) == ("register", 3, 3, 50)
    assert (register.seconds, register.staleness, register.seed) == (5.0, 30.0, 0)
    assert register.guarantees == {"monotonic_reads", "read_your_writes"}
    assert register.setup is not None
    assert register.setup.capture == {"handle": "$.handle"}
    write = register.calls["write"]
    assert (write.tool, write.source, write.version, write.weight) == ("swap", "text", "$.version", 2)
    assert [line.path.text for line in write.conflict_when] == ["$.isError"]
    operations = {name: list(each.calls) for name, each in settings.items() if isinstance(each, RaceSettings)}
    assert operations["lock"] == ["acquire", "release", "write"]
    assert operations["set"] == ["add", "read"]
    assert settings["set"] == RaceSettings(
        model="set",
        calls={"add": RaceCall(tool="add", arguments={"name": "{op}"}), "read": RaceCall(tool="get", value="$.names")},
    )


def test_what_is_not_written_is_left_to_the_defaults_of_the_values(write: Write) -> None:
    config = loaded(write("targets: {server: {url: 'http://127.0.0.1/mcp'}}\nprobes: {one: " + _CALL + "}\n"))
    address = "http://127.0.0.1/mcp"
    assert config.targets["server"] == Target(name="server", address=address, url=address)
    probe = config.probes["one"]
    assert probe == Probe(
        name="one", target="server", kind="call", settings=CallSettings(tool="echo"), origin=probe.origin
    )


def test_defaults_hold_for_the_probes_of_their_own_file(good: Path) -> None:
    config = loaded(good / "folder")
    assert config.probes["reach"].timeout == 2.0
    assert (
        config.probes["reach-slowly"].timeout
        == Probe(name="", target="", kind="", settings=HandshakeSettings()).timeout
    )


def test_an_alias_stands_for_the_same_value_in_both_places(good: Path) -> None:
    config = loaded(good / "anchors.yaml")
    assert config.targets["two"].headers == {"X-Key": Secret(TOKEN)} == config.targets["one"].headers
    one, two = config.probes["one"].settings, config.probes["two"].settings
    assert isinstance(one, CallSettings)
    assert isinstance(two, CallSettings)
    assert one.arguments == two.arguments == {"text": "hello"}
    assert [line.path.text for line in two.checks.expect] == ["$.text"]


def test_a_schema_file_named_twice_is_compiled_once(write: Write) -> None:
    write('{"type": "object"}', "echo.json")
    probes = "".join(f"  {name}: {{target: server, kind: call, tool: echo, schema: echo.json}}\n" for name in "ab")
    config = loaded(write(_TARGET + "probes:\n" + probes))
    first, second = (config.probes[name].settings for name in "ab")
    assert isinstance(first, CallSettings)
    assert isinstance(second, CallSettings)
    assert first.checks.schema is second.checks.schema is not None


def test_a_schema_file_may_refer_to_its_neighbours(write: Write) -> None:
    write('{"$ref": "parts/name.json"}', "schemas/person.json")
    write('{"type": "string"}', "schemas/parts/name.json")
    assert _probe(write, "{target: server, kind: call, tool: echo, schema: schemas/person.json}")


def test_a_contract_may_be_missing_only_for_who_will_write_it(write: Write) -> None:
    file = write(_TARGET + "probes: {one: {target: server, kind: catalog, contract: contracts/new.json}}\n")
    assert told(file) == ["2: probes.one.contract: no such file; `mcp-prober pin` writes it"]
    config = load([file], environ=ENVIRON, contracts_may_be_missing=True)
    assert config.probes["one"].settings == CatalogSettings(contract_file=file.parent / "contracts" / "new.json")


@pytest.mark.parametrize(
    ("kind", "target", "allowed"),
    [
        ("kind: call, tool: write", "", True),
        ("kind: scenario, steps: [{tool: write}]", "", False),
        ("kind: scenario, steps: [{tool: write}]", ", allow_writes: false", False),
        ("kind: scenario, steps: [{tool: write}]", ", allow_writes: true", True),
    ],
)
def test_a_scenario_writes_only_where_the_target_allows_it_too(
    kind: str, target: str, allowed: bool, write: Write
) -> None:
    file = write(
        f"targets: {{server: {{url: 'https://mcp.test/mcp'{target}}}}}\n"
        f"probes: {{one: {{target: server, allow_writes: true, {kind}}}}}\n"
    )
    assert bool(told(file)) is not allowed


_TARGET = "targets: {server: {url: 'https://mcp.test/mcp'}}\n"
_CALL = "{target: server, kind: call, tool: echo}"


def _probe(write: Write, text: str) -> Any:
    return loaded(write(f"{_TARGET}probes: {{one: {text}}}\n")).probes["one"]


def test_a_probe_has_the_tags_of_its_target_first_and_each_once(every_key: Config, write: Write) -> None:
    assert every_key.probes["handshake"].tags == ("smoke", "eu-1")
    file = write(
        "targets: {server: {url: 'https://mcp.test/mcp', tags: [a, b], enabled: false}}\n"
        "probes: {one: {target: server, kind: handshake, tags: [c, b], enabled: true}}\n"
    )
    [probe] = load([file], environ={}).probes.values()
    assert (probe.tags, probe.enabled) == (("a", "b", "c"), False)


def test_every_file_that_a_configuration_depends_on_is_named(good: Path, write: Write, tmp_path: Path) -> None:
    read: set[Path] = set()
    load([good / "every-key.yaml"], environ=ENVIRON, read=read)
    assert {"every-key.yaml", "http.json", "ca.pem"} <= {path.name for path in read}
    read.clear()
    pinned = "{target: t, kind: catalog, contract: later.json}"
    file = write(f"targets: {{t: {{url: 'https://mcp.test/mcp'}}}}\nprobes: {{p: {pinned}}}\n")
    with pytest.raises(ConfigError):
        load([file], environ={}, read=read)
    assert tmp_path / "later.json" in read  # it is not there yet
