"""What a source gave last, on disk: a restart, and a source that is down, change nothing.

Kept are the documents, not the targets: settings and secrets come from the configuration each time.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from prober.config.sources import TargetSource
from prober.sources.parsing import parsed

_FORMAT: Final = 1


class Memory:
    """A folder with a file for each source. Where it cannot be written, probing goes on without it."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def recall(self, source: TargetSource) -> Any:
        """The document that was kept for this source, or None. One of another address is not this source's."""
        with suppress(OSError, ValueError, RecursionError):
            if (file := self._file(source)) is not None:
                kept = parsed(file.read_bytes())
                if isinstance(kept, dict) and kept.get("format") == _FORMAT and kept.get("of") == _identity(source):
                    return kept["document"]
        return None

    def keep(self, source: TargetSource, document: Any) -> None:
        """Write the document in one step: a process that is killed leaves the old one."""
        with suppress(OSError):
            if (file := self._file(source)) is not None:
                file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                beside = file.with_suffix(".new")
                kept = {"format": _FORMAT, "of": _identity(source), "document": document}
                with beside.open("w", encoding="utf-8") as opened:
                    json.dump(kept, opened)  # piece by piece: `dumps` would keep all threads waiting until its end
                beside.replace(file)

    def _file(self, source: TargetSource) -> Path | None:
        return self._folder / f"{source.name}.json" if self._folder is not None else None


def _identity(source: TargetSource) -> str:
    """Way and address; of an address that holds a secret only that it is the same."""
    secret = source.http or source.registry
    address = secret.reveal() if secret is not None else str(source.file or source.client_config)
    return f"{source.way} {hashlib.sha256(address.encode()).hexdigest()[:16]}"
