"""A stored run, read from JSON: of `run --output json`, of `/api/v1/runs` or of `/api/v1/failures`.

All of it is text that somebody gave us. It names a probe; where to and with which secrets is the configuration's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from prober.outcome import Verdict

_LISTS: Final = ("results", "runs", "failures")
_SEED: Final = re.compile(r"^again: mcp-prober run .* --seed (\d{1,10})$", re.MULTILINE)
CLOSE: Final = "close"
"""The step at the end of a session, which is no request of the protocol."""


class StoredError(ValueError):
    """What was given is no stored run. The message says where and why."""


@dataclass(frozen=True, kw_only=True)
class StoredExchange:
    """One request and its answer, as far as they were kept: cut and masked."""

    step: str
    sent: str = ""
    received: str = ""

    @property
    def message(self) -> Mapping[str, Any] | None:
        """The request as JSON; None where it was cut or was none."""
        try:
            message = json.loads(self.sent)
        except (ValueError, RecursionError):
            return None
        return message if isinstance(message, dict) and "method" in message else None


@dataclass(frozen=True, kw_only=True)
class StoredRun:
    """One run that was."""

    target: str
    probe: str
    kind: str = ""
    verdict: str
    reason: str | None = None
    step: str | None = None
    message: str = ""
    run_id: str | None = None
    """When it began, or the pass that it is of; None where the report does not say."""
    version: str | None = None
    """The revision of the protocol that was spoken."""
    details: tuple[str, ...] = ()
    """The free texts of its evidence."""
    exchanges: tuple[StoredExchange, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether it did not pass."""
        return self.verdict != Verdict.PASS

    @property
    def seed(self) -> int | None:
        """The seed of a race, which its evidence names."""
        found = next(filter(None, map(_SEED.search, self.details)), None)
        return int(found[1]) if found else None

    @property
    def deciding(self) -> StoredExchange | None:
        """The exchange at which the run ended: the last one of its step, else the last request."""
        of_step = [each for each in self.exchanges if each.step == self.step]
        requests = [each for each in self.exchanges if each.step != CLOSE]
        return next(reversed(of_step or requests), None)


def stored_runs(text: str) -> list[StoredRun]:
    """The runs in a document. Raises StoredError where it is none of ours."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise StoredError(f"no JSON: {error}") from None
    if not isinstance(document, dict):
        raise StoredError("expected a JSON object, as `mcp-prober run --output json --verbose` writes it")
    key = next((key for key in _LISTS if isinstance(document.get(key), list)), None)
    if key is None:
        raise StoredError(f"it has none of the lists {', '.join(_LISTS)}; `mcp-prober run --output json` writes one")
    began = _text(document, "started_at", "")
    return [_run(each, f"/{key}/{index}", began) for index, each in enumerate(document[key])]


def _run(value: Any, where: str, began: str | None) -> StoredRun:
    if not isinstance(value, dict):
        raise StoredError(f"{where}: expected an object")
    protocol, evidence = value.get("protocol"), _objects(value.get("evidence"))
    return StoredRun(
        target=_text(value, "target", where) or _missing("target", where),
        probe=_text(value, "probe", where) or _missing("probe", where),
        verdict=_text(value, "verdict", where) or _missing("verdict", where),
        kind=_text(value, "kind", where) or "",
        reason=_text(value, "reason", where),
        step=_text(value, "step", where),
        message=_text(value, "message", where) or "",
        run_id=_text(value, "run_id", where) or _text(value, "started_at", where) or began,
        version=_text(protocol, "version", where) if isinstance(protocol, dict) else None,
        details=tuple(each["detail"] for each in evidence if isinstance(each.get("detail"), str)),
        exchanges=tuple(
            StoredExchange(
                step=_text(each, "step", where) or "",
                sent=_text(each, "sent", where) or "",
                received=_text(each, "received", where) or "",
            )
            for each in _objects(value.get("exchanges"))
        ),
    )


def _objects(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _text(value: Mapping[str, Any], key: str, where: str) -> str | None:
    found = value.get(key)
    if found is not None and not isinstance(found, str):
        raise StoredError(f"{where}/{key}: expected a text")
    return found


def _missing(key: str, where: str) -> str:
    raise StoredError(f"{where}/{key}: is missing")
