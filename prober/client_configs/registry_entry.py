"""`server.json` of the MCP registry: packages, each with the program that runs it, and remote addresses.

Source: the registry's schema of 2025-12-11, and earlier ones in snake case. Each package and each remote is a server of
its own here, since each is another way to the same tools.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from prober.client_configs.document import Document, Steps
from prober.client_configs.draft import TRANSPORTS, Draft, Mistaken, scalar
from prober.client_configs.listing import ClientConfig, ListedServer
from prober.client_configs.variables import REGISTRY_VARIABLE, Syntax, Variables, escaped, without_variables
from prober.config.document.diagnostics import ConfigError, Mistake

CLIENT: Final = "the MCP registry"

SYNTAXES: Final[tuple[Syntax, ...]] = (REGISTRY_VARIABLE,)

_READ: Final = frozenset({"registryType", "identifier", "version", "transport", "runtimeHint", "runtimeArguments"}) | {
    "packageArguments",
    "environmentVariables",
}


def _npx(identifier: str, version: str) -> list[str]:
    return ["-y", f"{identifier}@{version}" if version else identifier]


def _uvx(identifier: str, version: str) -> list[str]:
    return [f"{identifier}@{version}" if version else identifier]


def _docker(identifier: str, version: str) -> list[str]:
    tagged = ":" in identifier.rpartition("/")[2] or "@" in identifier
    return [identifier if tagged or not version else f"{identifier}:{version}"]


def _dnx(identifier: str, version: str) -> list[str]:
    return [f"{identifier}@{version}" if version else identifier, "--yes"]


RUNNERS: Final[Mapping[str, tuple[str, Callable[[str, str], list[str]]]]] = {
    "npm": ("npx", _npx),
    "pypi": ("uvx", _uvx),
    "oci": ("docker", _docker),
    "nuget": ("dnx", _dnx),
}
"""The program that runs a package of each registry, and the words that name the package to it."""


def read_registry_entry(document: Document, *, environ: Mapping[str, str]) -> ClientConfig:
    """A server for each package and each remote. Raises ConfigError."""
    wrapped = isinstance(document.value.get("server"), dict)
    top: Steps = ("server",) if wrapped else ()
    root = _camel(document.value["server"] if wrapped else document.value)
    mistakes: list[Mistake] = []
    servers: list[ListedServer] = []
    taken: dict[str, str] = {}
    ways = [("packages", index, each) for index, each in _listed(root, "packages", mistakes, document, top)]
    ways += [("remotes", index, each) for index, each in _listed(root, "remotes", mistakes, document, top)]
    short = str(root["name"]).rpartition("/")[2] or "server"
    for section, index, entry in ways:
        steps: Steps = (*top, section, index)
        kinds = (entry.get(key) for key in ("registryType", "registryName", "type", "transportType"))
        kind = next((str(each) for each in kinds if each), section)
        draft = Draft(
            name=_name(short, kind, len(ways), servers),
            steps=steps,
            document=document,
            syntaxes=SYNTAXES,
            variables=Variables(environ=environ, folder=document.file.absolute().parent, server=short, taken=taken),
            mistakes=mistakes,
        )
        try:
            (_package if section == "packages" else _remote)(draft, steps, entry)
        except Mistaken as mistake:
            mistakes.append(document.mistake(mistake.steps, mistake.message))
            continue
        if (server := draft.finished()) is not None:
            servers.append(server)
    if mistakes:
        raise ConfigError(mistakes)
    about = [key for key in root if key not in ("name", "packages", "remotes", "$schema")]
    about += [key for key in document.value if wrapped and key != "server"]
    note = f"not carried over, because it describes the server: {', '.join(about)}"
    return ClientConfig(file=document.file, client=CLIENT, servers=tuple(servers), notes=(note,) if about else ())


def _listed(
    root: Mapping[str, Any], section: str, mistakes: list[Mistake], document: Document, top: Steps
) -> Iterator[tuple[int, dict[str, Any]]]:
    listed = root.get(section) or []
    for index, each in enumerate(listed if isinstance(listed, list) else [listed]):
        if isinstance(each, dict):
            yield index, each
        else:
            mistakes.append(document.mistake((*top, section, index), "expected names with their values"))


def _name(short: str, kind: str, ways: int, servers: list[ListedServer]) -> str:
    wanted = short if ways == 1 else f"{short}-{kind}"
    taken = {server.name for server in servers}
    return next(each for each in (wanted, *(f"{wanted}-{n}" for n in range(2, ways + 2))) if each not in taken)


def _package(draft: Draft, steps: Steps, entry: Mapping[str, Any]) -> None:
    kind = scalar(steps, entry.get("registryType", entry.get("registryName", "")))
    transport = entry.get("transport") or {"type": "stdio"}
    if kind not in RUNNERS:
        known = ", ".join(RUNNERS)
        draft.problem = f"a package of {kind!r} has to be unpacked by hand; those of {known} are started as they are"
        return
    if not isinstance(transport, dict) or TRANSPORTS.get(str(transport.get("type"))) != "stdio":
        draft.problem = "it serves HTTP once it is started; start it, then: mcp-prober init URL"
        return
    draft.transport = "stdio"
    _environment(draft, steps, entry)
    program, package = RUNNERS[kind]
    draft.program = [escaped(scalar(steps, entry.get("runtimeHint") or program))]
    before = list(_arguments(draft, (*steps, "runtimeArguments"), entry.get("runtimeArguments")))
    if kind == "oci":
        passed = [word for name in draft.env for word in ("-e", name) if name not in before]
        before = ["run", "-i", "--rm", *passed, *[word for word in before if word not in ("run", "-i", "--rm")]]
    words = package(scalar(steps, entry.get("identifier", "")), str(entry.get("version") or ""))
    words = [escaped(word) for word in words if word not in before]
    after = list(_arguments(draft, (*steps, "packageArguments"), entry.get("packageArguments")))
    if kind == "nuget" and after:
        words.append("--")
    draft.arguments = [*before, *words, *after]
    for key in entry:
        if key not in _READ:
            draft.leave_out(key, "it says where the package comes from, which its program knows")


def _remote(draft: Draft, steps: Steps, entry: Mapping[str, Any]) -> None:
    kind = str(entry.get("type") or entry.get("transportType") or "")
    if TRANSPORTS.get(kind) not in ("http", "sse"):
        draft.problem = f"its transport {kind!r} cannot be probed; streamable-http and sse can"
        return
    draft.transport = TRANSPORTS[kind]
    _describe(draft, entry.get("variables"))
    draft.url = draft.url_text((*steps, "url"), draft.wanted_text((*steps, "url"), entry.get("url")))
    for below, header in _items((*steps, "headers"), entry.get("headers")):
        if not isinstance(header, dict) or not isinstance(header.get("name"), str):
            raise Mistaken(below, "expected a header with a name")
        name = header["name"]
        text = _input(draft, below, header, name=name, wanted=f"{draft.variables.server}_{name}")
        if text is not None:
            draft.set_header(name, text)
    for key in entry:
        if key not in ("type", "transportType", "url", "headers", "variables"):
            draft.leave_out(key, "not known here")


def _environment(draft: Draft, steps: Steps, entry: Mapping[str, Any]) -> None:
    for below, each in _items((*steps, "environmentVariables"), entry.get("environmentVariables")):
        if not isinstance(each, dict) or not isinstance(each.get("name"), str):
            raise Mistaken(below, "expected a variable with a name")
        text = _input(draft, below, each, name=each["name"], wanted=each["name"])
        if text is not None:
            draft.env[each["name"]] = text


def _arguments(draft: Draft, steps: Steps, listed: Any) -> Iterator[str]:
    for below, each in _items(steps, listed):
        if isinstance(each, str):
            yield draft.word(below, each, "")
            continue
        if not isinstance(each, dict):
            raise Mistaken(below, "expected an argument")
        flag = each.get("name") if each.get("type") == "named" else None
        shown = str(flag or each.get("valueHint") or f"argument_{int(below[-1]) + 1}")
        has_value = flag is None or {"value", "default", "valueHint", "isSecret", "choices", "format"} & each.keys()
        if not has_value:
            if each.get("isRequired"):
                yield escaped(str(flag))
            else:
                draft.leave_out(str(flag), f"it is optional ({_said(str(flag), each)})")
            continue
        text = _input(draft, below, each, name=shown, wanted=f"{draft.variables.server}_{shown}")
        if text is not None:
            yield from ([] if flag is None else [escaped(str(flag))])
            yield text


def _items(steps: Steps, listed: Any) -> Iterator[tuple[Steps, Any]]:
    if not isinstance(listed or [], list):
        raise Mistaken(steps, "expected a list")
    yield from (((*steps, index), each) for index, each in enumerate(listed or []))


def _input(draft: Draft, steps: Steps, given: Mapping[str, Any], *, name: str, wanted: str) -> str | None:
    """The text of an argument, a header or a variable; None where it is left out, with a note."""
    what = _said(name, given)
    if (value := given.get("value")) is not None:
        _describe(draft, given.get("variables"))
        text = scalar(steps, value)
        fixed = without_variables(text, draft.syntaxes) == text
        if given.get("isSecret") and fixed:
            return draft.variables.stand_in(wanted, text, f"written out in {draft.document.place(steps)}")
        return draft.text(steps, text, key=name, wanted=wanted)
    required, default = given.get("isRequired"), given.get("default")
    if default is not None and not given.get("isSecret"):
        draft.note(f"{name}: its default was taken")
        return draft.text(steps, scalar(steps, default), key=name, wanted=wanted)
    if required or name in draft.variables.environ:
        return draft.variables.stand_in(wanted, f"the input {name}", what)
    draft.leave_out(name, f"it is optional, and has no value ({what})")
    return None


def _describe(draft: Draft, variables: Any) -> None:
    """What each `{name}` in the texts to come is asked for as, and what it is where nobody has to be asked."""
    known = variables if isinstance(variables, dict) else {}
    asked = {name: each for name, each in known.items() if isinstance(each, dict)}
    draft.variables.described = {name: _said(name, each) for name, each in asked.items()}
    draft.variables.defaults = {
        name: each.get("value", each.get("default"))
        for name, each in asked.items()
        if not each.get("isSecret") and each.get("value", each.get("default")) is not None
    }


def _said(name: str, given: Mapping[str, Any]) -> str:
    choices = given.get("choices")
    one_of = f" (one of {', '.join(map(str, choices))})" if isinstance(choices, list) else ""
    return str(given.get("description") or name) + one_of


def _camel(value: Any, *, names: bool = False) -> Any:
    """Keys in camel case, which the older schema wrote in snake case. Names of variables stay."""
    if isinstance(value, list):
        return [_camel(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        key if names or key == "_meta" else re.sub(r"_([a-z])", lambda match: match[1].upper(), key): _camel(
            each, names=key == "variables"
        )
        for key, each in value.items()
    }
