"""The folder where the prober keeps what it has to remember between two starts."""

from __future__ import annotations

import os
from pathlib import Path


def state_folder() -> Path:
    """The state folder that systemd names, or else the one of the XDG base directory specification."""
    if folder := os.environ.get("STATE_DIRECTORY", "").split(":")[0]:
        return Path(folder)
    state = os.environ.get("XDG_STATE_HOME", "")
    home = Path(state) if Path(state).is_absolute() else Path.home() / ".local" / "state"
    return home / "mcp-prober"
