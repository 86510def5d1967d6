"""Targets that are in no file of ours: files and addresses in Prometheus' formats, files of MCP clients, registries.

    read once    read(source, …) -> Found                      for `run`, `check` and `list`
    watched      Watcher(…) calls back when targets change     for the daemon

reading.py        one look at a source, by its way
target_groups.py  the documents of Prometheus' file_sd and http_sd
registry.py       the API of MCP registries, page by page and only what changed
client_file.py    the file of an MCP client
found.py          a target of a source: its name, its address, and whether it may be probed
fetching.py       one bounded GET
memory.py         what was found last, on disk, for a restart and for a source that is down
watcher.py        looks again and again; keeps the last targets where a look fails or finds suspiciously few
expansion.py      templates and targets to probes: a Config as if all were written by hand
"""

from __future__ import annotations

from prober.sources.expansion import expanded
from prober.sources.found import Found, SourceError

__all__ = ["Found", "SourceError", "expanded"]
