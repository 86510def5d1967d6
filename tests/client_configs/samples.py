"""A sample file of each client, as its documentation shows it, and what is read from it.

Each stands in a folder of its own, below which it lies where the client would look. Every secret holds `hunter2`.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from prober.client_configs import ClientConfig, read_client_config

HERE: Final = Path(__file__).parent

SAMPLES: Final[Mapping[str, str]] = {
    "claude-code": ".mcp.json",
    "claude-code-user": ".claude.json",
    "claude-desktop": "claude_desktop_config.json",
    "cline": "settings/cline_mcp_settings.json",
    "codex": ".codex/config.toml",
    "copilot-cli": ".copilot/mcp-config.json",
    "cursor": ".cursor/mcp.json",
    "gemini-cli": ".gemini/settings.json",
    "kiro": ".kiro/settings/mcp.json",
    "mcpb": "manifest.json",
    "opencode": "opencode.jsonc",
    "opencode-2": "opencode.json",
    "server-json": "server.json",
    "server-json-2025-07": "server.json",
    "vs-code": ".vscode/mcp.json",
    "windsurf": ".codeium/windsurf/mcp_config.json",
    "zed": "zed/settings.json",
}
"""The file in the folder of each sample."""

SECRET: Final = "hunter2"


def placed(sample: str, folder: Path) -> Path:
    """The sample in a folder of its own."""
    shutil.copytree(HERE / "samples" / sample, folder, dirs_exist_ok=True)
    return folder / SAMPLES[sample]


def told(config: ClientConfig, folder: Path) -> dict[str, Any]:
    """All that was read, with `PROJECT` for the folder; what is as usual is left out."""
    read = {
        "client": config.client,
        "notes": list(config.notes),
        "servers": [
            {
                name: value
                for name, value in vars(server).items()
                if value not in (False, None, (), {}) and name != "place"
            }
            for server in config.servers
        ],
    }
    return json.loads(json.dumps(read, default=list).replace(str(folder), "PROJECT"))  # type: ignore[no-any-return]


def read(file: Path, environ: Mapping[str, str] | None = None) -> ClientConfig:
    return read_client_config(file, environ=environ or {})
