"""From the file of a client to its servers. Nothing is started, and no secret is kept."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from prober.client_configs.document import Document, Steps, read_document
from prober.client_configs.draft import Draft, Mistaken, keys_of_server
from prober.client_configs.formats import GEMINI_CLI, Format
from prober.client_configs.keys import left_out
from prober.client_configs.listing import ClientConfig, ListedServer
from prober.client_configs.recognition import folder_of, format_of, lists
from prober.client_configs.variables import Variables
from prober.config.document.diagnostics import ConfigError, Mistake, did_you_mean

_UNKNOWN_KEY: Final = "not known here"


def read_client_config(file: Path, *, environ: Mapping[str, str]) -> ClientConfig:
    """The servers that a client's file lists.

    Raises:
        ConfigError: the file cannot be read, lists no servers, or has mistakes; it holds all of them.
    """
    document = read_document(file)
    found = format_of(document)
    if found == "server.json":
        from prober.client_configs.registry_entry import read_registry_entry

        return read_registry_entry(document, environ=environ)
    if found == "manifest.json":
        from prober.client_configs.bundle import read_bundle

        return read_bundle(document, environ=environ)
    assert isinstance(found, Format)
    return _read(document, found, environ)


def _read(document: Document, format_: Format, environ: Mapping[str, str]) -> ClientConfig:
    mistakes: list[Mistake] = []
    servers: list[ListedServer] = []
    taken: dict[str, str] = {}
    notes = list(_other_keys(document, format_))
    inputs = _inputs(document, mistakes) if format_.has_inputs else {}
    for steps, listed in lists(format_, document.value):
        if not isinstance(listed, dict):
            mistakes.append(document.mistake(steps, "expected names of servers with their keys"))
            continue
        folder = Path(str(steps[1])) if steps[0] == "projects" else folder_of(document.file, format_)
        for name, entry in listed.items():
            variables = Variables(
                environ=environ,
                folder=folder,
                server=name,
                taken=taken,
                described={key: each["says"] for key, each in inputs.items()},
                defaults={key: each["default"] for key, each in inputs.items() if "default" in each},
            )
            draft = Draft(
                name=_free(name, servers),
                steps=(*steps, name),
                document=document,
                syntaxes=format_.syntaxes,
                variables=variables,
                mistakes=mistakes,
            )
            if steps[0] == "projects":
                draft.note(f"of the project {steps[1]}")
            if (server := read_server(draft, entry, format_)) is not None:
                servers.append(server)
    notes += [
        f"the input {key} was not carried over: no server uses it" for key in inputs if not _is_used(key, document)
    ]
    if mistakes:
        raise ConfigError(sorted(mistakes, key=lambda mistake: mistake.line))
    if format_ is GEMINI_CLI:
        servers = [_switched(server, document.value.get("mcp")) for server in servers]
    return ClientConfig(file=document.file, client=format_.client, servers=tuple(servers), notes=tuple(notes))


def read_server(draft: Draft, entry: Any, format_: Format) -> ListedServer | None:
    """One server, each key of it; None, and the mistakes, where it has some."""
    if (wrong := keys_of_server(entry)) is not None:
        draft.mistakes.append(draft.document.mistake(draft.steps, wrong))
        return None
    before = len(draft.mistakes)
    for name, value in entry.items():
        if value is None:
            continue  # the same as a key that is not there
        key = format_.keys.get(name) or left_out(did_you_mean(_UNKNOWN_KEY, name, format_.keys))
        try:
            key.take(draft, (*draft.steps, name), value)
        except Mistaken as mistake:
            draft.mistakes.append(draft.document.mistake(mistake.steps, mistake.message))
    return draft.finished() if len(draft.mistakes) == before else None


def _free(name: str, servers: Iterable[ListedServer]) -> str:
    """The name, with a number where an earlier server of the file has it: projects have lists of their own."""
    names = {server.name for server in servers}
    return next(each for each in (name, *(f"{name}-{n}" for n in range(2, len(names) + 3))) if each not in names)


def _other_keys(document: Document, format_: Format) -> Iterable[str]:
    others = [key for key in document.value if key not in {way[0] for way in format_.servers} | {"inputs", "$schema"}]
    if others and not format_.settings_file:
        yield f"not carried over, because it is no list of servers: {', '.join(others)}"
    elif others:
        yield f"the other settings of the client ({len(others)}) were not looked at"


def _inputs(document: Document, mistakes: list[Mistake]) -> dict[str, dict[str, Any]]:
    """What a person is asked for: the text of the question and its default, by id."""
    listed = document.value.get("inputs", [])
    found: dict[str, dict[str, Any]] = {}
    if not isinstance(listed, list):
        mistakes.append(document.mistake(("inputs",), "expected a list of inputs"))
        return found
    for index, each in enumerate(listed):
        steps: Steps = ("inputs", index)
        if not isinstance(each, dict) or not isinstance(each.get("id"), str):
            mistakes.append(document.mistake(steps, "expected an input with an id"))
            continue
        said = str(each.get("description") or f"the input {each['id']}")
        if isinstance(each.get("options"), list):
            said += f" (one of {', '.join(map(str, each['options']))})"
        found[each["id"]] = {"says": said} | (
            {"default": each["default"]} if "default" in each and not each.get("password") else {}
        )
    return found


def _is_used(key: str, document: Document) -> bool:
    return f"${{input:{key}}}" in json.dumps(document.value, ensure_ascii=False)


def _switched(server: ListedServer, switches: Any) -> ListedServer:
    """Gemini CLI names the servers that it may use, and those that it may not, beside their list."""
    named = {
        key: value for key, value in (switches if isinstance(switches, dict) else {}).items() if isinstance(value, list)
    }
    off = server.name in named.get("excluded", ()) or server.name not in named.get("allowed", (server.name,))
    return replace(server, disabled=server.disabled or off)
