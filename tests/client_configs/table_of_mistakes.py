"""What is said of each file of `mistakes/`: every message, behind the name of the file."""

# ruff: noqa: E501 - whole messages

from __future__ import annotations

MISTAKES: dict[str, list[str]] = {
    "a-list.json": [
        ":1: expected names with their values at the top of the file",
    ],
    "a-probe-file.json": [
        ":1: this is a probe file: `mcp-prober run` takes it",
    ],
    "arg-a-list.json": [
        ":1: mcpServers.a.args[1]: expected a text, found a list",
    ],
    "args-a-text.json": [
        ':5: mcpServers.a.args: expected a list of texts, found a text; write ["…", "…"]',
    ],
    "bundle-asks-a-text.json": [
        ":1: user_config: expected names with their keys",
    ],
    "bundle-without-command.json": [
        ":1: server: has no mcp_config, which says how it is started",
    ],
    "codex-args-a-text.toml": [
        ':5: mcp_servers.a.args: expected a list of texts, found a text; write ["…", "…"]',
    ],
    "codex-env-vars-a-text.toml": [
        ":3: mcp_servers.a.env_vars: expected a list of names",
    ],
    "codex-key-twice.toml": [
        ":3: not TOML: cannot overwrite a value",
    ],
    "codex-no-servers.toml": [
        ": lists no MCP servers: none of mcpServers, servers, context_servers, mcp, mcp_servers, packages or remotes at its top",
    ],
    "codex-startup-negative.toml": [
        ":3: mcp_servers.a.startup_timeout_sec: expected a number above zero",
    ],
    "comma-missing.json": [
        ":3: not JSON: a comma or } is missing here",
    ],
    "command-a-number.json": [
        ":1: mcpServers.a.command: expected a text, found a number",
    ],
    "command-and-url.json": [
        ":1: mcpServers.a: has a command and a url; keep one, or say which by type",
    ],
    "command-empty.json": [
        ":1: mcpServers.a.command: must not be empty",
    ],
    "disabled-a-text.json": [
        ":1: mcpServers.a.disabled: expected true or false",
    ],
    "empty.json": [
        ": the file is empty",
    ],
    "env-a-list.json": [
        ":1: mcpServers.a.env: expected names with their values, found a list",
    ],
    "half-a-character.json": [
        ":2: not JSON: half of a character in a text (a lone surrogate)",
    ],
    "header-an-object.json": [
        ":1: mcpServers.a.headers.X: expected a text, found names with values",
    ],
    "header-with-its-value.json": [
        ":1: mcpServers.a.headers.Authorization…: expected a text, found names with values",
    ],
    "http-without-url.json": [
        ":1: mcpServers.a: has no url",
    ],
    "input-without-id.json": [
        ":1: inputs[0]: expected an input with an id",
    ],
    "inputs-an-object.json": [
        ":1: inputs: expected a list of inputs",
    ],
    "key-twice.json": [
        ":4: mcpServers.a: written twice; the first is in line 3",
    ],
    "key-without-colon.json": [
        ":1: mcpServers: not JSON: a colon is missing behind the key",
    ],
    "key-without-quotes.json": [
        ":1: not JSON: a key in double quotes is missing here",
    ],
    "nested-too-deep.json": [
        ":1: not JSON: nested deeper than 64 levels",
    ],
    "never-closed.json": [
        ":3: not JSON: a comma or } is missing at the end of the file",
    ],
    "no-command-no-url.json": [
        ":1: mcpServers.a: has neither a command nor a url; give it one of them",
    ],
    "no-servers.json": [
        ":1: lists no MCP servers: none of mcpServers, servers, context_servers, mcp, mcp_servers, packages or remotes at its top",
    ],
    "not-json.json": [
        ":1: mcpServers.a.command: not JSON: a value is missing here",
    ],
    "not-toml.toml": [
        ":2: not TOML: invalid value",
    ],
    "quote-never-closed.json": [
        ":2: not JSON: a text that never ends in its line",
    ],
    "registry-package-a-text.json": [
        ":1: packages[0]: expected names with their values",
    ],
    "registry-remote-without-url.json": [
        ":1: remotes[0].url: expected a text, found nothing",
    ],
    "registry-variable-without-name.json": [
        ":1: packages[0].environmentVariables[0]: expected a variable with a name",
    ],
    "server-a-text.json": [
        ":1: mcpServers.a: expected the keys of a server, such as command or url, found a text",
    ],
    "servers-a-list.json": [
        ":1: mcpServers: expected names of servers with their keys",
    ],
    "stdio-without-command.json": [
        ":1: mcpServers.a: has no command",
    ],
    "two-documents.json": [
        ":1: not JSON: something follows the end of the document",
    ],
    "two-mistakes.json": [
        ":3: mcpServers.a.command: expected a text, found a number",
        ':3: mcpServers.a.args: expected a list of texts, found names with values; write ["…", "…"]',
        ":4: mcpServers.b.url: must not be empty",
    ],
    "utf-16.json": [
        ": not UTF-8; save it as UTF-8",
    ],
}
