"""A secret that is written out in a client's file is in nothing that is read from it, printed or written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest

from prober.client_configs.secrets import is_secret, names_secret
from prober.config import ConfigError
from tests.cli.command import quickly
from tests.client_configs.samples import SAMPLES, SECRET, placed, read

NAMES: Final = {
    True: "API_KEY apiKey GITHUB_TOKEN GITHUB_PERSONAL_ACCESS_TOKEN X-API-Key Authorization DB_PASSWORD PGPASSWORD "
    "client_secret Cookie AWS_SECRET_ACCESS_KEY OPENAI_APIKEY authToken --token GITHUB_PAT SLACK_BOT_TOKENS",
    False: "HOST LOG_LEVEL MONKEY_BUSINESS AUTHOR TOKENIZERS_PARALLELISM KEYBOARD TOKEN_FILE KEY_PATH TOKEN_URL "
    "X-Team DATABASE PORT SECRETARY",
}

SHAPES: Final = (
    "ghp_abcdefghijklmnopqrst",
    "github_pat_11ABCDEFG0abcdefghij",
    "sk-proj-abcdefghijklmnop",
    "xoxb-123456789012-abcdef",
    "AKIAIOSFODNN7EXAMPLE",
    "glpat-abcdefghijklmnopqrst",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    "postgres://ada:lovelace@db/shop",
    "https://mcp.example.com/s/NzdkYjQ3ZTktYzZiMi00ZTk4/mcp",
    "0b5d9f1e-6c1a-4d5e-8f3a-2b7c9d0e1f23",
    "d41d8cd98f00b204e9800998ecf8427e",
)
HARMLESS: Final = (
    "@modelcontextprotocol/server-filesystem",
    "mcp-server-time==2026.10.19",
    "/Users/ada/Documents/a-very-long-name-of-a-folder",
    "ghcr.io/github/github-mcp-server",
    "https://example.com/mcp",
    "--local-timezone",
    "America/Argentina/Buenos_Aires",
    "io.github.example/database-manager",
    "postgres://localhost/shop",
    "chrome-devtools-mcp@latest",
    "ghcr.io/example/server@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "git+https://github.com/example/server@356a192b7913b04c54574d18c28d46e6395428ab",
)

PLACES: Final[dict[str, dict[str, Any]]] = {
    "environment": {"command": "run", "env": {"API_KEY": "§"}},
    "header": {"url": "https://example.com/mcp", "headers": {"Authorization": "Bearer §"}},
    "header without a scheme": {"url": "https://example.com/mcp", "headers": {"X-Api-Key": "§"}},
    "argument behind a flag": {"command": "run", "args": ["--api-key", "§"]},
    "argument with a flag": {"command": "run", "args": ["--token=§"]},
    "argument for a container": {"command": "docker", "args": ["run", "-e", "API_KEY=§", "image"]},
    "header in an argument": {"command": "npx", "args": ["mcp-remote", "https://example.com", "--header", "X-Key: §"]},
    "query": {"url": "https://example.com/mcp?api_key=§&x=1"},
    "query in an argument": {"command": "npx", "args": ["mcp-remote", "https://example.com/mcp?token=§"]},
    "password in a URL": {"url": "https://ada:§@example.com/mcp"},
    "password in an argument": {"command": "run", "args": ["postgresql://ada:§@db/shop"]},
    "password in an option": {"command": "run", "args": ["--dsn=postgresql://ada:§@db/shop"]},
    "password in a variable": {"command": "run", "env": {"DATABASE_URL": "redis://:§@cache:6379"}},
    "default": {"command": "run", "env": {"X": "${API_KEY:-§}"}},
    "default of a URL": {"url": "${BASE:-https://ada:§@example.com}/mcp"},
    "sign-in": {"url": "https://example.com/mcp", "oauth": {"clientSecret": "§"}},
    "unknown key": {"command": "run", "apiKey": "§", "x": "§"},
    "unknown transport": {"type": "ws", "url": "wss://example.com/?token=§"},
    "mistaken argument": {"command": "run", "args": [{"x": "§"}]},
    "mistaken environment": {"command": "run", "env": "API_KEY=§"},
    "mistaken key": {"command": "run", "env": {"API_KEY": {"x": "§"}}},
    "strange variable": {"command": "run", "args": ["${secret:-§}"]},
}
"""Where people write secrets; `§` is the secret."""


@pytest.mark.parametrize("name", NAMES[True].split())
def test_a_name_of_a_secret(name: str) -> None:
    assert names_secret(name)


@pytest.mark.parametrize("name", NAMES[False].split())
def test_a_name_of_no_secret(name: str) -> None:
    assert not names_secret(name)


@pytest.mark.parametrize("text", SHAPES)
def test_a_text_that_has_the_shape_of_a_secret(text: str) -> None:
    assert is_secret(text)


@pytest.mark.parametrize("text", HARMLESS)
def test_a_text_that_is_no_secret(text: str) -> None:
    assert not is_secret(text)


@pytest.mark.parametrize(("name", "text"), [("MAX_TOKENS", "4096"), ("USE_AUTH", "true"), ("API_KEY", "")])
def test_a_number_or_a_switch_is_no_secret(name: str, text: str) -> None:
    assert not is_secret(text, name=name)
    assert is_secret("4096", name="PASSWORD")


@pytest.mark.parametrize("place", PLACES)
async def test_a_secret_in_any_place_is_kept(place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = f"{SECRET}-s3cr3t"
    file = tmp_path / ".mcp.json"
    file.write_text(json.dumps({"mcpServers": {"one": PLACES[place]}}, ensure_ascii=False).replace("§", secret))
    monkeypatch.chdir(tmp_path)
    assert secret not in all_that_is_read(file)
    home = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    for words in (("init", "--scan"), ("init", ".mcp.json"), ("init", ".mcp.json", "--server", "two")):
        done = await quickly(*words, env=home)
        assert secret not in done.out + done.err, words


def all_that_is_read(file: Path) -> str:
    try:
        return repr(read(file))
    except ConfigError as error:
        return str(error)


@pytest.mark.parametrize("sample", SAMPLES)
async def test_no_secret_of_a_sample_is_shown(sample: str, tmp_path: Path) -> None:
    file = placed(sample, tmp_path)
    assert SECRET not in repr(read(file))
    for words in (("init", str(file)), ("init", str(file), "--server", "*"), ("init", "--scan")):
        done = await quickly(*words, env={"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)})
        assert done.code in (0, 1, 2)
        assert SECRET not in done.out + done.err
