"""`lint`: which clients can use a server's tools, for a person, a program and code scanning; nothing is called."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from jsonschema import Draft202012Validator

import prober.report
from prober.lint.rules import rules
from tests.cli.command import quickly
from tests.kinds.offering import ERAS, offering, tool
from tests.kinds.test_clients import ARRAY, told
from tests.lint.table_of_rules import tool as listed
from tests.peers.child import StdioPeer
from tests.peers.ports import closed_port
from tests.peers.protocol import Era
from tests.real.servers import RealServer, sdk_http
from tests.report.test_sarif import VALIDATOR

SCHEMA: Final = json.loads((Path(prober.report.__file__).parent / "schema" / "lint.schema.json").read_text())

TABLE: Final = """\
peer 1.0.0, MCP 2026-07-28, modern era
2 tools, 1,281 bytes, about 321 tokens (bytes / 4); heaviest: long 1,156, find
  122

client          can use all tools  errors  warnings
OpenAI API      ✗ no                    1         1
Amazon Bedrock  ✓ yes                   0         0

✗ OpenAI API: openai_array_items
  A request with an array that does not say what its elements are is refused.
  at /tools/find/inputSchema/properties/tags: an array without items, expected
    items
  as of 2026-03-30: https://github.com/bnb-chain/bnbchain-mcp/issues/68

! OpenAI API: openai_description
  Some models, and OpenAI on Azure, refuse a description of more than 1,024
    characters.
  at /tools/long/description: 1,040 characters, expected at most 1,024
  as of 2025-04-11: https://github.com/modelcontextprotocol/servers/issues/799

1 error, 1 warning; rules of VERSION
"""


def two_tools() -> list[Any]:
    return [told(ARRAY, "find"), told(listed(description="d" * 1040), "long")]


def document(text: str) -> dict[str, Any]:
    """The one server of a document, which is as its schema says."""
    found = json.loads(text)
    assert [error.message for error in Draft202012Validator(SCHEMA).iter_errors(found)] == []
    [server] = found["servers"]
    return dict(server)


async def test_a_person_gets_a_row_for_each_client_then_what_is_wrong_with_its_source() -> None:
    async with offering(*two_tools()) as peer:
        done = await quickly("lint", peer.url, "--client", "openai", "--client", "bedrock", env={"COLUMNS": "80"})
        assert peer.rpc_methods.count("tools/list") == 1
        assert "tools/call" not in peer.rpc_methods
    assert (done.code, done.err) == (1, "")
    assert done.out == TABLE.replace("VERSION", rules().version)
    assert max(map(len, done.out.splitlines())) <= 80


@pytest.mark.parametrize("era", ERAS)
async def test_a_program_gets_a_document_of_its_schema(era: Era) -> None:
    async with offering(*two_tools(), era=era) as peer:
        done = await quickly("lint", peer.url, "--output", "json")
    server = document(done.out)
    assert (server["address"], server["rules"], server["tools"]) == (peer.url, rules().version, 2)
    assert [each["client"] for each in server["clients"]] == [*rules().usual("http")]
    assert {each["client"] for each in server["clients"] if not each["usable"]} == {"openai", "gemini", "vscode"}
    assert server["findings"][0]["pointers"] == ["/tools/find/inputSchema/properties/tags"]


async def test_code_scanning_gets_a_log_of_the_official_schema() -> None:
    async with offering(*two_tools()) as peer:
        log = json.loads((await quickly("lint", peer.url, "--output", "sarif")).out)
        again = json.loads((await quickly("lint", peer.url, "--output", "sarif")).out)
    assert [error.message for error in VALIDATOR.iter_errors(log)] == []
    assert log == again
    [run] = log["runs"]
    known = {rule["id"]: rule for rule in run["tool"]["driver"]["rules"]}
    first = run["results"][0]
    assert (first["ruleId"], first["level"]) == ("openai_array_items", "error")
    assert known["openai_array_items"]["helpUri"] == "https://github.com/bnb-chain/bnbchain-mcp/issues/68"
    [place] = first["locations"][0]["logicalLocations"]
    assert place["fullyQualifiedName"].endswith("/tools/find/inputSchema/properties/tags")
    assert len({result["partialFingerprints"]["mcpProber/v1"] for result in run["results"]}) == len(run["results"])


async def test_the_name_of_a_tool_is_no_link_in_code_scanning() -> None:
    link = "[log in](https://evil.example)"
    async with offering(told(ARRAY, link)) as peer:
        log = json.loads((await quickly("lint", peer.url, "--output", "sarif")).out)
    texts = [result["message"]["text"] for result in log["runs"][0]["results"]]
    assert any(r"\[log in\](https://evil.example)" in text for text in texts)
    assert not any(link in text for text in texts)


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ("", 1),
        ("--fail-on never", 0),
        ("--client cursor", 0),
        ("--client claude_code", 0),
        ("--client openai", 1),
        ("--client cursor --max-tokens 100", 1),
        ("--client cursor --max-tokens 1000", 0),
    ],
)
async def test_the_exit_code_says_whether_the_clients_can_use_it(options: str, code: int) -> None:
    async with offering(*two_tools()) as peer:
        done = await quickly("lint", peer.url, *options.split())
    assert done.code == code, done.err


async def test_a_warning_fails_who_wants_it() -> None:
    async with offering(told(listed(description="d" * 2500), "long")) as peer:
        lenient = await quickly("lint", peer.url, "--client", "claude_code")
        strict = await quickly("lint", peer.url, "--client", "claude_code", "--fail-on", "warning")
    assert (lenient.code, strict.code) == (0, 1)


async def test_a_server_without_tools_is_of_no_use_to_any_client() -> None:
    async with offering() as peer:
        done = await quickly("lint", peer.url)
        listed_none = document((await quickly("lint", peer.url, "--output", "json")).out)
    assert done.code == 1
    assert "there is nothing that a client could use" in done.err
    assert "✓" not in done.out
    assert not any(client["usable"] for client in listed_none["clients"])


async def test_over_stdio_it_says_whom_it_did_not_look_at(tmp_path: Path) -> None:
    peer = StdioPeer(tmp_path, era="modern")
    done = await quickly("lint", "--env", f"PYTHONPATH={peer.target['cwd']}", "--", *peer.target["command"])
    assert "not looked at: ChatGPT reaches servers over HTTP alone" in done.out
    assert "only where they are named, by --client: openai_strict" in done.out


@pytest.mark.parametrize("form", ["contract", "result", "response"])
async def test_tools_in_a_file_are_looked_at_without_a_server(form: str, tmp_path: Path) -> None:
    find = {"name": "find", "inputSchema": ARRAY["inputSchema"]}
    forms: dict[str, Any] = {
        "contract": {"version": 1, "tools": {"find": {"inputSchema": ARRAY["inputSchema"]}}},
        "result": {"tools": [find]},
        "response": {"jsonrpc": "2.0", "id": 1, "result": {"tools": [find]}},
    }
    file = tmp_path / "tools.json"
    file.write_text(json.dumps(forms[form]))
    done = await quickly("lint", str(file), "--client", "vscode")
    assert done.code == 1
    assert "at /tools/find/inputSchema/properties/tags" in done.out


async def test_all_servers_of_a_client_s_file_are_looked_at(tmp_path: Path) -> None:
    async with offering(*two_tools()) as one, offering(tool("fine", inputSchema=listed()["inputSchema"])) as other:
        file = tmp_path / ".mcp.json"
        servers = {"one": {"type": "http", "url": one.url}, "other": {"type": "http", "url": other.url}}
        file.write_text(json.dumps({"mcpServers": servers}))
        done = await quickly("lint", str(file), "--output", "json", "--client", "openai")
    usable = [server["clients"][0]["usable"] for server in json.loads(done.out)["servers"]]
    assert (done.code, usable) == (1, [False, True])


async def test_a_server_that_cannot_be_reached_is_told_why() -> None:
    with closed_port() as port:
        done = await quickly("lint", f"http://127.0.0.1:{port}/mcp")
    assert (done.code, done.out) == (1, "")
    assert "connect_refused" in done.err


@pytest.mark.parametrize(
    ("words", "told_"),
    [
        ("", "Name one server: mcp-prober lint URL, or mcp-prober lint -- COMMAND…"),
        ("http://a.test/mcp http://b.test/mcp", "Name one server"),
        ("http://a.test/mcp --client curser", "--client curser: there is no such client; did you mean cursor?"),
        ("http://a.test/mcp --fail-on all", "--fail-on all: choose one of error, warning, never"),
        ("http://a.test/mcp --output xml", "--output xml: choose one of table, json, sarif"),
    ],
)
async def test_wrong_usage_is_told(words: str, told_: str) -> None:
    done = await quickly("lint", *words.split())
    assert done.code == 2
    assert told_ in done.err


@pytest.fixture
def sdk_server(tmp_path: Path) -> Iterator[RealServer]:
    with sdk_http(tmp_path) as server:
        yield server


async def test_no_client_refuses_anything_of_a_server_on_the_official_sdk(sdk_server: RealServer) -> None:
    done = await quickly("lint", sdk_server.target["url"], "--output", "json", "--timeout", "30s")
    assert done.err == ""
    server = document(done.out)
    assert server["tools"] > 3
    assert [each for each in server["findings"] if each["severity"] == "error"] == []


async def test_no_client_refuses_anything_of_the_reference_server(tmp_path: Path) -> None:
    done = await quickly(
        "lint", "--output", "json", "--", "mcp-prober", "reference", "--stdio", "--db", str(tmp_path / "state.db")
    )
    server = document(done.out)
    assert server["tools"] > 10
    assert server["findings"] == []
