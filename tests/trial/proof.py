"""Whether a red result is true: the same call once more, in plain JSON, judged without the prober's code."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import yaml
from jsonschema.validators import validator_for

from tests.trial.raw import NoAnswerError, ask, overheard, printed
from tests.trial.servers import Started

_NO_ANSWER: Final = frozenset({"timeout", "process_exited", "spawn_failed", "no_response", "stream_ended"})


@dataclass(frozen=True, kw_only=True)
class Red:
    """A result that is not green. `proof` is what the raw exchange showed; empty if it showed nothing of the kind."""

    round: str
    probe: str
    reason: str
    message: str
    proof: str


def prove_no_start(running: Started, folder: Path, message: str) -> Red:
    """The red result of a server that `init` got nothing from."""
    return Red(
        round="init",
        probe="",
        reason="init",
        message=message,
        proof=_problem(running, folder, "initialize", {}) or _noise(running, folder),
    )


def prove(running: Started, folder: Path, name: str, result: dict[str, Any]) -> Red:
    """A red result of a run, with its proof."""
    return Red(
        round=name,
        probe=result["probe"],
        reason=result["reason"],
        message=result["message"],
        proof=_proof(running, folder, result),
    )


def _proof(running: Started, folder: Path, result: dict[str, Any]) -> str:
    [file] = (folder / "probes").glob("*.yaml")
    probe = yaml.safe_load(file.read_text(encoding="utf-8"))["probes"][result["probe"]]
    if result["verdict"] == "unknown":
        return ""
    if result["reason"] == "wrong_id" and running.sse:
        heard = overheard(running, cwd=str(folder))
        return f"a second session receives what the first is answered: {json.dumps(heard)[:150]}" if heard else ""
    if probe["kind"] != "call":
        method = {"handshake": "initialize", "catalog": "tools/list"}.get(probe["kind"], "tools/list")
        return _problem(running, folder, method, {})
    params = {"name": probe["tool"], "arguments": probe.get("arguments", {})}
    try:
        answer = ask(running, "tools/call", params, cwd=str(folder))
    except (NoAnswerError, httpx.HTTPError) as problem:
        return str(problem) if result["reason"] in _NO_ANSWER else ""
    if "error" in answer:
        return f"error {json.dumps(answer['error'])[:150]}" if result["reason"] == "rpc_error" else ""
    if answer["result"].get("isError"):
        return (
            f"isError: {json.dumps(answer['result'].get('content'))[:150]}" if result["reason"] == "tool_error" else ""
        )
    return _mismatch(folder, probe, answer["result"]) if result["reason"] == "schema_mismatch" else ""


def _noise(running: Started, folder: Path) -> str:
    noise = printed(running, cwd=str(folder)) if running.url is None else None
    return "" if noise is None else f"it prints to standard output: {noise[:150]!r}"


def _problem(running: Started, folder: Path, method: str, params: dict[str, Any]) -> str:
    try:
        answer = ask(running, method, params, cwd=str(folder))
    except (NoAnswerError, httpx.HTTPError) as problem:
        return str(problem) or type(problem).__name__
    return f"error {json.dumps(answer['error'])[:150]}" if "error" in answer else ""


def _mismatch(folder: Path, probe: dict[str, Any], result: dict[str, Any]) -> str:
    schema = json.loads((folder / "probes" / probe["schema"]).read_text(encoding="utf-8"))
    match probe.get("from", "structured"):
        case "structured":
            value = result.get("structuredContent")
        case "text":
            value = json.loads(result["content"][0]["text"])
        case _:
            value = {key: member for key, member in result.items() if key not in ("_meta", "resultType")}
    error = next(validator_for(schema)(schema).iter_errors(value), None)
    return "" if error is None else f"{error.json_path}: {error.message[:150]}"
