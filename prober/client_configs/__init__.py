"""Reads the configuration files of MCP clients, such as `.mcp.json`: servers as our `targets:` want them.

    read_client_config(file, environ=…) -> ClientConfig     or ConfigError with every mistake of the file

A format is a declaration in `formats.py`; each key of a server is carried over, or named in a note. Variables of the
client become `${NAME}`, and so does a secret that is written out: none is expanded, shown or written.
"""

from __future__ import annotations

from prober.client_configs.listing import ClientConfig, ListedServer
from prober.client_configs.reading import read_client_config

__all__ = ["ClientConfig", "ListedServer", "read_client_config"]
