"""The variables of clients become ours, and every other text comes out of our configuration as it went in."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any, Final

import pytest

from prober.client_configs import ListedServer
from prober.client_configs.formats import FORMATS
from prober.client_configs.variables import Variables, translated, variable_name
from prober.config.document.expansion import expand
from tests.client_configs.samples import read

ENVIRON: Final = {"SET": "its value", "HOME": "/home/ada"}
SETTINGS: Final[dict[str, tuple[str, str]]] = {
    "Claude Code": (".mcp.json", "mcpServers"),
    "Claude Desktop": ("claude_desktop_config.json", "mcpServers"),
    "VS Code": (".vscode/mcp.json", "servers"),
    "Cursor": (".cursor/mcp.json", "mcpServers"),
    "Windsurf": ("mcp_config.json", "mcpServers"),
    "Cline": ("cline_mcp_settings.json", "mcpServers"),
    "Zed": ("zed/settings.json", "context_servers"),
    "Gemini CLI": (".gemini/settings.json", "mcpServers"),
    "OpenCode": ("opencode.json", "mcp"),
}

TEXTS: Final[tuple[tuple[str, str, str], ...]] = (
    ("Claude Code", "${SET}/x", "${SET}/x"),
    ("Claude Code", "${UNSET}", "${UNSET}"),
    ("Claude Code", "${SET:-other}", "${SET}"),
    ("Claude Code", "${UNSET:-other}", "other"),
    ("Claude Code", "${UNSET:-}", ""),
    ("Claude Code", "${A_TOKEN:-an-old-token}", "${A_TOKEN}"),
    ("Claude Code", "$SET costs $5", "$SET costs $5"),
    ("Claude Code", "$${SET}", "$$${SET}"),
    ("Claude Code", "${env:SET}", "$${env:SET}"),
    ("Claude Code", "${CLAUDE_PROJECT_DIR:-.}/x", "PROJECT/x"),
    ("Claude Desktop", "${SET}", "$${SET}"),
    ("Claude Desktop", "100$", "100$$"),
    ("VS Code", "${env:SET}-${input:an-id}", "${SET}-${AN_ID}"),
    ("VS Code", "${workspaceFolder}${/}a${pathSeparator}b", "PROJECT/a/b"),
    ("VS Code", "${workspaceFolderBasename}", "project"),
    ("VS Code", "${SET}", "$${SET}"),
    ("Cursor", "${userHome}/x", "${HOME}/x"),
    ("Windsurf", "${file:/run/key}", "${file:/run/key}"),
    ("Windsurf", "${file:key}", "${file:PROJECT/key}"),
    ("Cline", "${env:SET}", "${SET}"),
    ("Zed", "$SET ${SET}", "$SET $${SET}"),
    ("Gemini CLI", "$SET/${SET}/%SET%/${SET:-x}", "${SET}/${SET}/${SET}/${SET}"),
    ("Gemini CLI", "100% of $5", "100% of $5"),
    ("OpenCode", "{env:SET}", "${SET}"),
    ("OpenCode", "{file:key}", "${file:PROJECT/key}"),
    ("OpenCode", "${SET}", "$${SET}"),
)
"""Client, text, and the text in our configuration."""


def listed(client: str, entry: dict[str, Any], folder: Path, **others: Any) -> ListedServer:
    """The one server of a file of this client."""
    name, section = SETTINGS[client]
    file = folder / "project" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({section: {"one": entry}, **others}))
    config = read(file, ENVIRON)
    assert config.client == client
    [server] = config.servers
    return server


def entry_with(client: str, text: str) -> dict[str, Any]:
    if client == "OpenCode":
        return {"type": "local", "command": ["run"], "environment": {"TEXT": text}}
    return {"command": "run", "env": {"TEXT": text}}


@pytest.mark.parametrize(("client", "text", "ours"), TEXTS)
def test_a_variable_of_a_client_becomes_ours(client: str, text: str, ours: str, tmp_path: Path) -> None:
    server = listed(client, entry_with(client, text), tmp_path)
    assert server.target["env"]["TEXT"].replace(str(tmp_path / "project"), "PROJECT") == ours


def test_a_default_that_was_taken_is_named_and_one_that_was_not_is_no_secret(tmp_path: Path) -> None:
    server = listed("Claude Code", entry_with("Claude Code", "${PORT:-8080} ${A_TOKEN:-an-old-token}"), tmp_path)
    assert server.notes == ("${PORT:-…}: PORT is not set, so its default '8080' was taken",)
    assert "an-old-token" not in repr(server)


def test_what_looks_like_a_variable_and_is_none_is_named(tmp_path: Path) -> None:
    server = listed("VS Code", entry_with("VS Code", "${command:pick} ${x:-a-secret}"), tmp_path)
    assert server.notes == (
        "${command:pick} is no variable of this client as far as known; it was kept as a text",
        "${x:-…} is no variable of this client as far as known; it was kept as a text",
    )


def test_an_input_says_what_the_client_would_ask(tmp_path: Path) -> None:
    inputs = [{"type": "promptString", "id": "apiKey", "description": "Your key", "password": True, "default": "old"}]
    server = listed("VS Code", entry_with("VS Code", "${input:apiKey}"), tmp_path, inputs=inputs)
    assert server.target["env"] == {"TEXT": "${API_KEY}"}
    assert server.variables == {"API_KEY": "Your key"}
    assert "old" not in repr(server)


def test_a_text_without_variables_comes_out_as_it_went_in() -> None:
    """For any text and the syntaxes of any client, where no variable of it is in the text."""
    chance = random.Random(11)
    texts = ["".join(chance.choices("$${}aA :-/%", k=chance.randrange(12))) for _ in range(3000)]
    for format_ in FORMATS:
        for text in texts:
            if any(syntax.pattern.search(text) for syntax in format_.syntaxes):
                continue
            variables = Variables(environ={}, folder=Path("/"), server="one", taken={})
            ours = translated(text, format_.syntaxes, variables)
            assert expand(ours, environ={}, folder=Path("/"), hide=lambda _: None) == text


def test_variables_between_texts_are_all_found() -> None:
    """Claude Code expands a text as we do what became of it."""
    syntaxes = next(each.syntaxes for each in FORMATS if each.client == "Claude Code")
    chance = random.Random(7)
    for _ in range(2000):
        parts = chance.choices(["$", "$$", "{", "}", "${A}", "${B:-b}", "x", "A"], k=6)
        variables = Variables(environ={"A": "1"}, folder=Path("/"), server="one", taken={})
        ours = translated("".join(parts), syntaxes, variables)
        expected = "".join({"${A}": "1", "${B:-b}": "b"}.get(part, part) for part in parts)
        if "${" not in expected:  # else a `$` and a `{` that stand for themselves met
            assert expand(ours, environ={"A": "1"}, folder=Path("/"), hide=lambda _: None) == expected


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("api-key", "API_KEY"),
        ("apiKey", "API_KEY"),
        ("x.y/z", "X_Y_Z"),
        ("1st", "_1ST"),
        ("--token", "TOKEN"),
        ("", "_"),
    ],
)
def test_the_name_of_a_variable(text: str, name: str) -> None:
    assert variable_name(text) == name


def test_one_secret_has_one_variable_and_two_have_two(tmp_path: Path) -> None:
    file = tmp_path / ".mcp.json"
    servers = {
        name: {"command": "run", "env": {"API_KEY": key}} for name, key in (("a", "one1"), ("b", "one1"), ("c", "two2"))
    }
    servers["d"] = {"command": "run", "env": {"API_KEY": "${API_KEY}"}}
    file.write_text(json.dumps({"mcpServers": servers}))
    names = [server.target["env"]["API_KEY"] for server in read(file).servers]
    assert names == ["${API_KEY}", "${API_KEY}", "${C_API_KEY}", "${API_KEY}"]
