"""What the panels about shared state choose by."""

from __future__ import annotations

from typing import Final

SERVERS: Final = 'cluster=~"$cluster", job=~"$server_job", instance=~"$instance"'
STORES: Final = f'{SERVERS}, store=~"$store"'
WRITES: Final = f'{STORES}, tool=~"$tool"'
CALLS: Final = f'{SERVERS}, tool_name=~"$tool"'
