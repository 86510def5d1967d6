"""Each client's format: where its file is, where in the file the servers are, what their keys and variables mean.

A file is recognized by its place, see `recognition.py`. What a format does not know is named in a note, never dropped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from prober.client_configs import keys
from prober.client_configs.keys import Key, left_out
from prober.client_configs.variables import (
    BARE_ENV,
    BARE_FILE,
    BASENAME,
    BRACED,
    BRACED_DEFAULT,
    DOLLAR,
    ENV,
    FILE,
    INPUT,
    PERCENT,
    PROJECT,
    SEPARATOR,
    USER_HOME,
    WORKSPACE,
    Syntax,
)


@dataclass(frozen=True, kw_only=True)
class Format:
    """The format of one client, where servers have names and keys."""

    client: str
    servers: tuple[tuple[str, ...], ...]
    """The ways to the mappings of names to servers; `*` is any key."""
    keys: Mapping[str, Key]
    syntaxes: tuple[Syntax, ...]
    files: tuple[str, ...]
    """`./…` in a project, `~/…` at home, and words in capitals that depend on the platform, see `places.py`."""
    settings_file: bool = False
    """Whether the file has settings of the client as well, which are no matter of ours."""
    has_inputs: bool = False
    """Whether `inputs` says what the client asks a person for."""


_STDIO: Final[Mapping[str, Key]] = {"command": keys.COMMAND, "args": keys.ARGS, "env": keys.ENV}
_HTTP: Final[Mapping[str, Key]] = {"url": keys.URL, "headers": keys.HEADERS}
_BOTH: Final[Mapping[str, Key]] = {"type": keys.TYPE, **_STDIO, **_HTTP, "disabled": keys.DISABLED}

CLAUDE_CODE: Final = Format(
    client="Claude Code",
    servers=(("mcpServers",), ("projects", "*", "mcpServers")),
    keys={
        **_BOTH,
        "headersHelper": left_out("the prober runs no program for headers; give it a header with a ${VARIABLE}"),
        "oauth": keys.SIGN_IN,
        "timeout": keys.TIMEOUT,
        "alwaysLoad": keys.OF_CLIENT,
    },
    syntaxes=(PROJECT, BRACED, BRACED_DEFAULT),
    files=("./.mcp.json", "CLAUDE_CONFIG_DIR/.claude.json"),
    settings_file=True,
)
CLAUDE_DESKTOP: Final = Format(
    client="Claude Desktop",
    servers=(("mcpServers",),),
    keys=_BOTH,
    syntaxes=(),
    files=("APPS/Claude/claude_desktop_config.json",),
    settings_file=True,
)
VS_CODE: Final = Format(
    client="VS Code",
    servers=(("servers",),),
    keys={
        **_BOTH,
        "type": keys.TYPE_OR_SSE,
        "envFile": keys.ENV_FILE,
        "cwd": keys.CWD,
        "oauth": keys.SIGN_IN,
        "sandboxEnabled": left_out("the prober starts commands without a sandbox"),
        "sandbox": left_out("the prober starts commands without a sandbox"),
        "dev": keys.OF_CLIENT,
        "gallery": keys.OF_CLIENT,
        "version": keys.ABOUT,
    },
    syntaxes=(INPUT, ENV, WORKSPACE, BASENAME, USER_HOME, SEPARATOR),
    files=("./.vscode/mcp.json", "APPS/Code/User/mcp.json", "APPS/Code - Insiders/User/mcp.json"),
    has_inputs=True,
)
CURSOR: Final = Format(
    client="Cursor",
    servers=(("mcpServers",),),
    keys={**_BOTH, "envFile": keys.ENV_FILE, "auth": keys.SIGN_IN},
    syntaxes=(ENV, WORKSPACE, BASENAME, USER_HOME, SEPARATOR),
    files=("./.cursor/mcp.json", "~/.cursor/mcp.json"),
)
WINDSURF: Final = Format(
    client="Windsurf",
    servers=(("mcpServers",),),
    keys={
        **_BOTH,
        "serverUrl": keys.URL,
        "disabledTools": keys.TOOLS,
        "alwaysAllow": keys.TRUST,
    },
    syntaxes=(ENV, FILE),
    files=("~/.codeium/windsurf/mcp_config.json",),
)
CLINE: Final = Format(
    client="Cline",
    servers=(("mcpServers",),),
    keys={
        **_BOTH,
        "transportType": keys.TYPE,
        "cwd": keys.CWD,
        "autoApprove": keys.TRUST,
        "alwaysAllow": keys.TRUST,
        "timeout": keys.TIMEOUT,
    },
    syntaxes=(ENV,),
    files=(
        "~/.cline/data/settings/cline_mcp_settings.json",
        "APPS/Code/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json",
    ),
)
ZED: Final = Format(
    client="Zed",
    servers=(("context_servers",),),
    keys={
        **_STDIO,
        **_HTTP,
        "source": keys.SOURCE,
        "enabled": keys.ENABLED,
        "settings": keys.SETTINGS,
        "timeout": keys.TIMEOUT,
        "oauth": keys.SIGN_IN,
        "remote": keys.OF_CLIENT,
    },
    syntaxes=(),
    files=("./.zed/settings.json", "CONFIG/zed/settings.json"),
    settings_file=True,
)
GEMINI_CLI: Final = Format(
    client="Gemini CLI",
    servers=(("mcpServers",),),
    keys={
        **_STDIO,
        "cwd": keys.CWD,
        "type": keys.TYPE,
        "url": keys.SSE_URL,
        "httpUrl": keys.HTTP_URL,
        "headers": keys.HEADERS,
        "timeout": keys.TIMEOUT,
        "trust": keys.TRUST,
        "description": keys.ABOUT,
        "includeTools": keys.TOOLS,
        "excludeTools": keys.TOOLS,
        "oauth": keys.SIGN_IN,
        "authProviderType": keys.SIGN_IN,
        "targetAudience": keys.SIGN_IN,
        "targetServiceAccount": keys.SIGN_IN,
    },
    syntaxes=(BRACED, BRACED_DEFAULT, DOLLAR, PERCENT),
    files=("./.gemini/settings.json", "~/.gemini/settings.json"),
    settings_file=True,
)
CODEX: Final = Format(
    client="Codex",
    servers=(("mcp_servers",),),
    keys={
        **_STDIO,
        "env_vars": keys.ENV_NAMES,
        "cwd": keys.CWD,
        "url": keys.HTTP_URL,
        "http_headers": keys.HEADERS,
        "env_http_headers": keys.HEADER_NAMES,
        "bearer_token_env_var": keys.BEARER_NAME,
        "bearer_token": keys.BEARER,
        "enabled": keys.ENABLED,
        "startup_timeout_sec": keys.STARTUP_SECONDS,
        "startup_timeout_ms": keys.STARTUP_MILLISECONDS,
        "tool_timeout_sec": keys.TIMEOUT,
        "required": keys.OF_CLIENT,
        "experimental_environment": keys.OF_CLIENT,
        "name": keys.ABOUT,
        "enabled_tools": keys.TOOLS,
        "disabled_tools": keys.TOOLS,
        "tools": keys.TRUST,
        "default_tools_approval_mode": keys.TRUST,
        "supports_parallel_tool_calls": keys.OF_CLIENT,
        "scopes": keys.SIGN_IN,
        "oauth": keys.SIGN_IN,
        "oauth_resource": keys.SIGN_IN,
    },
    syntaxes=(),
    files=("./.codex/config.toml", "CODEX_HOME/config.toml"),
    settings_file=True,
)
_OPENCODE: Final[Mapping[str, Key]] = {
    "type": keys.TYPE,
    "command": keys.COMMAND,
    "environment": keys.ENV,
    "cwd": keys.CWD,
    **_HTTP,
    "enabled": keys.ENABLED,
    "disabled": keys.DISABLED,
    "oauth": keys.SIGN_IN,
    "timeout": keys.TIMEOUT,
}
OPENCODE: Final = Format(
    client="OpenCode",
    servers=(("mcp", "servers"), ("mcp",)),
    keys=_OPENCODE,
    syntaxes=(BARE_ENV, BARE_FILE),
    files=(
        "./opencode.json",
        "./opencode.jsonc",
        "./.opencode/opencode.json",
        "./.opencode/opencode.jsonc",
        "CONFIG/opencode/opencode.json",
        "CONFIG/opencode/opencode.jsonc",
    ),
    settings_file=True,
)
UNKNOWN: Final = Format(
    client="a client with mcpServers",
    servers=(("mcpServers",),),
    keys={
        **_BOTH,
        "transport": keys.TYPE,
        "serverUrl": keys.URL,
        "httpUrl": keys.HTTP_URL,
        "cwd": keys.CWD,
        "envFile": keys.ENV_FILE,
        "enabled": keys.ENABLED,
        "timeout": keys.TIMEOUT,
        "oauth": keys.SIGN_IN,
        "tools": keys.TOOLS,
        "disabledTools": keys.TOOLS,
        "autoApprove": keys.TRUST,
        "description": keys.ABOUT,
    },
    syntaxes=(BRACED, BRACED_DEFAULT, ENV, INPUT, WORKSPACE, USER_HOME),
    files=("./mcp.json",),
)
"""Many programs read `mcpServers`; this is what most of them understand by it."""

COPILOT_CLI: Final = replace(UNKNOWN, client="Copilot CLI", files=("~/.copilot/mcp-config.json", "./.github/mcp.json"))
KIRO: Final = replace(UNKNOWN, client="Kiro", files=("./.kiro/settings/mcp.json", "~/.kiro/settings/mcp.json"))

FORMATS: Final = (
    CLAUDE_CODE,
    CLAUDE_DESKTOP,
    VS_CODE,
    CURSOR,
    WINDSURF,
    CLINE,
    ZED,
    GEMINI_CLI,
    CODEX,
    OPENCODE,
    COPILOT_CLI,
    KIRO,
    UNKNOWN,
)
