"""Secrets never print: not in values, not in mistakes, not in a traceback."""

from __future__ import annotations

import dataclasses
import traceback
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from prober.config import Config, ConfigError, Secret
from prober.loader import load
from prober.redaction import worth_masking
from tests.config.conftest import ENVIRON, TOKEN, loaded

Write = Callable[..., Path]
TEXT = "targets: {server: {url: 'https://mcp.test/mcp', "


def test_no_secret_shows_in_a_loaded_configuration(good: Path) -> None:
    config = loaded(good / "every-key.yaml")
    for shown in (repr(config), str(config), f"{config}", repr(dataclasses.replace(config))):
        for secret in (TOKEN, "file-token-value", "written-out-value"):
            assert secret not in shown
    assert TOKEN in "".join(_revealed(config))  # it is in there, and asked for by name


def test_no_secret_shows_in_any_part_of_a_configuration(good: Path) -> None:
    config = loaded(good / "every-key.yaml")
    for part in _parts(config):
        assert TOKEN not in repr(part)


def test_no_secret_shows_in_an_error_or_its_traceback(mistakes: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load([mistakes], environ=ENVIRON)
    error = caught.value
    shown = [str(error), repr(error), repr(error.mistakes), "".join(traceback.format_exception(error))]
    assert len(error.mistakes) > 150
    assert not any(TOKEN in text for text in shown)


@pytest.mark.parametrize(
    "key",
    [
        "url: '${TOKEN}'",
        "url: 'https://mcp.test:${TOKEN}/'",
        "url: 'https://${TOKEN}@mcp.test/'",
        "url: 'https://[${TOKEN}]/'",
        "url: 'https://mcp.test/', transport: '${TOKEN}'",
        "url: 'https://mcp.test/', protocol: '${TOKEN}'",
        "url: 'https://mcp.test/', headers: {X: \"${TOKEN}\\n\"}",
        "url: 'https://mcp.test/', auth: {bearer: '${TOKEN} ${TOKEN}'}",
        "url: 'https://mcp.test/', proxy: '${TOKEN}'",
        "url: 'https://mcp.test/', limits: {body: '${TOKEN}'}",
        "url: 'https://mcp.test/', tls: {ca_file: '${TOKEN}'}",
        "url: 'https://mcp.test/', headers: {X: '${file:${TOKEN}}'}",
        'command: ["${TOKEN}\\0"]',
        "command: [node], cwd: '${TOKEN}'",
    ],
)
def test_a_value_put_in_does_not_show_where_it_is_wrong(key: str, write: Write) -> None:
    with pytest.raises(ConfigError) as caught:
        load([write(f"targets: {{server: {{{key}}}}}\n")], environ=ENVIRON)
    assert TOKEN not in str(caught.value)


def test_a_default_that_someone_tried_to_give_does_not_show() -> None:
    from prober.config.document.expansion import ExpansionError, expand

    with pytest.raises(ExpansionError) as caught:
        expand(f"${{API_KEY:-{TOKEN}}}", environ={}, folder=Path(), hide=lambda _: None)
    assert TOKEN not in str(caught.value)


def test_a_target_knows_what_must_be_masked_the_longest_first(write: Write) -> None:
    file = write(
        TEXT
        + "headers: {Authorization: Basic dXNlcjpwYXNz, X-Key: 'v1-${TOKEN}', X-Env: prod, Accept-Language: en}, "
        + "proxy: 'http://user:pw@proxy.test'}}\n"
    )
    assert [secret.reveal() for secret in loaded(file).targets["server"].secrets] == [
        f"v1-{TOKEN}",
        TOKEN,
        "http://user:pw@proxy.test",
        "Basic dXNlcjpwYXNz",
        "Basic dXNlcjpwdw==",
    ]


def test_the_password_of_a_proxy_is_masked_alone_and_as_it_is_sent(write: Write) -> None:
    file = write(TEXT + "proxy: 'http://user:p%2Fw-${TOKEN}@proxy.test'}}\n")
    secrets = {secret.reveal() for secret in loaded(file).targets["server"].secrets}
    sent = "Basic " + b64encode(f"user:p/w-{TOKEN}".encode()).decode()
    assert {f"p%2Fw-{TOKEN}", f"p/w-{TOKEN}", sent} <= secrets


def test_a_value_in_the_name_of_a_host_is_masked_in_small_letters_too(write: Write) -> None:
    file = write("targets: {server: {url: 'https://${TOKEN}.mcp.test/${OTHER}'}}\n")
    config = load([file], environ={"TOKEN": "Tenant-1", "OTHER": "Path-1"})
    secrets = {secret.reveal() for secret in config.targets["server"].secrets}
    assert secrets == {"Tenant-1", "Path-1", "tenant-1"}


def test_values_too_short_to_be_secret_are_not_masked(write: Write) -> None:
    # To mask `1` wherever it stands would make evidence unreadable.
    file = write("targets: {server: {command: [node], env: {DEBUG: '1', LEVEL: verbose, PORT: '${PORT}'}}}\n")
    config = load([file], environ={"PORT": "80"})
    assert config.targets["server"].secrets == ()


def test_targets_and_probes_keep_their_secrets_apart(write: Write) -> None:
    file = write(
        TEXT
        + "headers: {X: '${A}'}}, other: {url: 'https://mcp.test/', headers: {X: '${B}'}}}\n"
        + "probes:\n"
        + "  one: {target: server, kind: call, tool: echo, arguments: {key: '${C}'}}\n"
        + "  two: {target: server, kind: handshake}\n"
    )
    config = load([file], environ={"A": "alpha-value", "B": "beta-value", "C": "gamma-value"})
    assert config.targets["server"].secrets == (Secret("alpha-value"),)
    assert config.targets["other"].secrets == (Secret("beta-value"),)
    assert config.probes["one"].secrets == (Secret("gamma-value"),)
    assert config.probes["two"].secrets == ()


def test_a_secret_shows_itself_only_when_asked() -> None:
    secret = Secret(TOKEN)
    assert (repr(secret), str(secret), f"{secret}", f"{secret!s:>12}") == (*["Secret(***)"] * 3, " Secret(***)")
    assert secret.reveal() == TOKEN
    assert secret == Secret(TOKEN)
    assert secret != TOKEN
    assert {secret: 1}[Secret(TOKEN)] == 1


def _parts(value: Any) -> Iterator[Any]:
    """Every dataclass within, each of which someone may log by itself."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        yield value
        for field in dataclasses.fields(value):
            yield from _parts(getattr(value, field.name))
    elif isinstance(value, dict):
        for member in value.values():
            yield from _parts(member)
    elif isinstance(value, tuple | list):
        for element in value:
            yield from _parts(element)


def _revealed(config: Config) -> Iterator[str]:
    for target in config.targets.values():
        yield target.url or ""
        yield from (value.reveal() for value in (*target.headers.values(), *target.env.values()))


def test_values_too_short_to_be_secrets_are_not_worth_masking() -> None:
    assert worth_masking(["abc", "abcd", "abcde"]) == ["abcde", "abcd"]
    assert worth_masking([], written_out=["sevenup", "eighties", "ninenines"]) == ["ninenines", "eighties"]
