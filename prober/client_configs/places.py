"""Where clients keep their files, by platform: in a project, and in the home of a person."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from prober.client_configs.formats import FORMATS

SPECIAL_FILES: Final = ("./server.json", "./manifest.json")
"""What a project says of its own server: to the MCP registry, and in a bundle."""


def usual_files(*, project: Path, home: Path, environ: Mapping[str, str], platform: str) -> list[Path]:
    """Every place in which a client would look, once. `platform` is as `sys.platform` has it."""
    found = []
    for pattern in [*(pattern for each in FORMATS for pattern in each.files), *SPECIAL_FILES]:
        first, _, rest = pattern.partition("/")
        found += [folder / rest for folder in _folders(first, project, home, environ, platform)]
    return list(dict.fromkeys(found))


def _folders(word: str, project: Path, home: Path, environ: Mapping[str, str], platform: str) -> list[Path]:
    config = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
    roaming = Path(environ.get("APPDATA") or home / "AppData" / "Roaming")
    windows, mac = platform == "win32", platform == "darwin"
    match word:
        case ".":
            return [project]
        case "~":
            return [home]
        case "APPS":
            return [roaming if windows else home / "Library" / "Application Support" if mac else config]
        case "CONFIG":
            return [roaming, config] if windows else [config]
        case "CODEX_HOME":
            return [Path(environ.get("CODEX_HOME") or home / ".codex")]
        case "CLAUDE_CONFIG_DIR":
            return [Path(environ.get("CLAUDE_CONFIG_DIR") or home)]
    raise ValueError(f"no folder is called {word}")
