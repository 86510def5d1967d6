"""Where the files of clients are looked for, on each platform."""

from __future__ import annotations

from pathlib import Path

import pytest

from prober.client_configs.formats import FORMATS, Format
from prober.client_configs.places import usual_files
from prober.client_configs.recognition import folder_of

HOME = Path("/home/ada")
ENVIRON = {
    "linux": {"XDG_CONFIG_HOME": "/home/ada/xdg"},
    "darwin": {},
    "win32": {"APPDATA": "/home/ada/AppData/Roaming"},
}


@pytest.mark.parametrize(
    ("platform", "expected"),
    [
        ("linux", ["xdg/Claude/claude_desktop_config.json", "xdg/Code/User/mcp.json", "xdg/zed/settings.json"]),
        (
            "darwin",
            [
                "Library/Application Support/Claude/claude_desktop_config.json",
                "Library/Application Support/Code/User/mcp.json",
                ".config/zed/settings.json",
            ],
        ),
        (
            "win32",
            [
                "AppData/Roaming/Claude/claude_desktop_config.json",
                "AppData/Roaming/Code/User/mcp.json",
                "AppData/Roaming/zed/settings.json",
                ".config/opencode/opencode.json",
            ],
        ),
    ],
)
def test_each_platform_has_its_own_folder_of_settings(platform: str, expected: list[str]) -> None:
    found = usual_files(project=Path(), home=HOME, environ=ENVIRON[platform], platform=platform)
    assert {HOME / path for path in expected} <= set(found)
    assert {HOME / ".cursor/mcp.json", HOME / ".claude.json", Path(".mcp.json"), Path(".vscode/mcp.json")} <= set(found)
    assert len(found) == len(set(found))


def test_variables_of_clients_move_their_files() -> None:
    environ = {"CODEX_HOME": "/srv/codex", "CLAUDE_CONFIG_DIR": "/srv/claude"}
    found = usual_files(project=Path(), home=HOME, environ=environ, platform="linux")
    assert {
        Path("/srv/codex/config.toml"),
        Path("/srv/claude/.claude.json"),
        HOME / ".config/zed/settings.json",
    } <= set(found)


@pytest.mark.parametrize("format_", FORMATS, ids=lambda format_: format_.client)
def test_paths_of_a_file_in_a_project_start_in_the_project(format_: Format) -> None:
    for place in format_.files:
        if place.startswith("./"):
            assert folder_of(Path("/srv/shop") / place, format_) == Path("/srv/shop")
