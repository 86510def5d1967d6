"""What the keys of a server mean, in the words of the formats: each is one function, and what becomes of it in ours."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from prober.client_configs.document import Steps
from prober.client_configs.draft import TRANSPORTS, Draft, Mistaken, Take, scalar
from prober.client_configs.variables import translated, without_variables

_ENV_FILE_LINE: Final = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=")


@dataclass(frozen=True, kw_only=True)
class Key:
    """A key of a server."""

    ours: str | None
    """What it becomes under `targets:`; None where it is not carried over."""
    take: Take


def left_out(why: str) -> Key:
    """A key that is not carried over, whatever its value is."""
    return Key(ours=None, take=lambda draft, steps, _value: draft.leave_out(str(steps[-1]), why))


def _command(draft: Draft, steps: Steps, value: Any) -> None:
    if isinstance(value, dict):  # Zed before 2025
        inner = {"path": COMMAND, "args": ARGS, "env": ENV}
        for name, item in ((name, item) for name, item in value.items() if item is not None):
            inner.get(name, left_out("not known here")).take(draft, (*steps, name), item)
        return
    words = (
        [text for _, text in draft.texts(steps, value)]
        if isinstance(value, list)
        else [draft.wanted_text(steps, value)]
    )
    if not words or not words[0]:
        raise Mistaken(steps, "the program must not be empty")
    draft.program = [translated(words[0], draft.syntaxes, draft.variables)]
    draft.arguments = _words(draft, steps, words[1:], first=1) + draft.arguments


def _args(draft: Draft, steps: Steps, value: Any) -> None:
    draft.arguments += _words(draft, steps, [text for _, text in draft.texts(steps, value)])


def _words(draft: Draft, steps: Steps, words: list[str], first: int = 0) -> list[str]:
    before = ["", *words]
    return [draft.word((*steps, first + at), word, before[at]) for at, word in enumerate(words)]


def _env(draft: Draft, steps: Steps, value: Any) -> None:
    for below, name, item in draft.entries(steps, value):
        if item is None:
            draft.leave_out(f"env.{name}", "it has no value")
            continue
        draft.env[name] = draft.text(below, scalar(below, item), key=name, wanted=name)


def _env_from_names(draft: Draft, steps: Steps, value: Any) -> None:
    if not isinstance(value, list):
        raise Mistaken(steps, "expected a list of names")
    for index, item in enumerate(value):
        name = item.get("name") if isinstance(item, dict) else item
        if isinstance(item, dict) and item.get("source", "local") != "local":
            draft.leave_out(f"env_vars.{name}", f"its source {item['source']} is not this machine")
            continue
        draft.env.setdefault(text := draft.wanted_text((*steps, index), name), draft.variables.reference(text))


def _env_file(draft: Draft, steps: Steps, value: Any) -> None:
    """The names in the file; the values stay there."""
    text = draft.wanted_text(steps, value)
    path = draft.folder / Path(translated(text, draft.syntaxes, draft.variables)).expanduser()
    try:
        names = [match[1] for line in path.read_text("utf-8").split("\n") if (match := _ENV_FILE_LINE.match(line))]
    except (OSError, ValueError):
        draft.leave_out(str(steps[-1]), "the file cannot be read; write its variables under env as NAME: ${NAME}")
        return
    for name in names:
        draft.env.setdefault(name, draft.variables.reference(name, f"written in {path}"))
    draft.note(f"{steps[-1]}: of {path} only the names of its {len(names)} variables were carried over, under env")


def _cwd(draft: Draft, steps: Steps, value: Any) -> None:
    text = draft.wanted_text(steps, value)
    translated_text = translated(text, draft.syntaxes, draft.variables)
    fixed = without_variables(text, draft.syntaxes) == text
    draft.cwd = str(draft.folder / Path(text).expanduser()) if fixed else translated_text


def _url(transport: str | None) -> Take:
    def take(draft: Draft, steps: Steps, value: Any) -> None:
        text = draft.wanted_text(steps, value)
        draft.transport = draft.transport or transport
        if not re.match(r"https?://|\$|\{", text, re.IGNORECASE):
            draft.problem = (
                draft.problem or "its address is no http:// or https:// URL, which is all that can be probed"
            )
        draft.url = draft.url_text(steps, text)

    return take


def _headers(draft: Draft, steps: Steps, value: Any) -> None:
    for below, name, item in draft.entries(steps, value):
        draft.set_header(name, draft.text(below, scalar(below, item), key=name, wanted=f"{draft.name}_{name}"))


def _headers_from_names(draft: Draft, steps: Steps, value: Any) -> None:
    for below, name, item in draft.entries(steps, value):
        draft.set_header(name, draft.variables.reference(draft.wanted_text(below, item)))


def _bearer_from_name(draft: Draft, steps: Steps, value: Any) -> None:
    draft.set_header("Authorization", f"Bearer {draft.variables.reference(draft.wanted_text(steps, value))}")


def _bearer(draft: Draft, steps: Steps, value: Any) -> None:
    token = draft.text(steps, draft.wanted_text(steps, value), key="token", wanted=f"{draft.name}_token")
    draft.set_header("Authorization", f"Bearer {token}")


def _type(*, http: str) -> Take:
    def take(draft: Draft, steps: Steps, value: Any) -> None:
        word = draft.wanted_text(steps, value)
        if word not in TRANSPORTS:
            draft.problem = f"its transport {word!r} cannot be probed; stdio, http and sse can"
        transport = TRANSPORTS.get(word, word)
        draft.transport = http if transport == "http" else transport

    return take


def _source(draft: Draft, _steps: Steps, value: Any) -> None:
    if value != "custom":
        draft.problem = "an extension of the client starts it; give its command instead: mcp-prober init -- COMMAND"


def _settings_of_extension(draft: Draft, steps: Steps, _value: Any) -> None:
    draft.defined_elsewhere = True
    draft.leave_out(str(steps[-1]), "it is for an extension of the client")


def _switch(*, off: bool) -> Take:
    def take(draft: Draft, steps: Steps, value: Any) -> None:
        if not isinstance(value, bool):
            raise Mistaken(steps, "expected true or false")
        draft.disabled = draft.disabled or value is off
        draft.defined_elsewhere = True

    return take


def _startup(unit: float) -> Take:
    def take(draft: Draft, steps: Steps, value: Any) -> None:
        if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
            raise Mistaken(steps, "expected a number above zero")
        milliseconds = max(1, round(value * unit * 1000))
        draft.startup_timeout = f"{milliseconds // 1000}s" if milliseconds % 1000 == 0 else f"{milliseconds}ms"

    return take


def _key(ours: str, take: Callable[[Draft, Steps, Any], None]) -> Key:
    return Key(ours=ours, take=take)


COMMAND: Final = _key("command", _command)
ARGS: Final = _key("command", _args)
ENV: Final = _key("env", _env)
ENV_NAMES: Final = _key("env", _env_from_names)
ENV_FILE: Final = _key("env", _env_file)
CWD: Final = _key("cwd", _cwd)
URL: Final = _key("url", _url(None))
HTTP_URL: Final = _key("url", _url("http"))
SSE_URL: Final = _key("url", _url("sse"))
HEADERS: Final = _key("headers", _headers)
HEADER_NAMES: Final = _key("headers", _headers_from_names)
BEARER_NAME: Final = _key("headers", _bearer_from_name)
BEARER: Final = _key("headers", _bearer)
TYPE: Final = _key("transport", _type(http="http"))
TYPE_OR_SSE: Final = _key("transport", _type(http="either"))
"""Of a client that tries HTTP+SSE as well where it is told `http`."""
SOURCE: Final = _key("command", _source)
SETTINGS: Final = Key(ours=None, take=_settings_of_extension)
DISABLED: Final = _key("left out unless named", _switch(off=True))
ENABLED: Final = _key("left out unless named", _switch(off=False))
STARTUP_SECONDS: Final = _key("startup_timeout", _startup(1))
STARTUP_MILLISECONDS: Final = _key("startup_timeout", _startup(0.001))

SIGN_IN: Final = left_out("a prober cannot sign in by a browser; give it a header, or auth with client_credentials")
TIMEOUT: Final = left_out("the timeout of a probe is its own, by --timeout")
TOOLS: Final = left_out("which tools the client offers is no matter of the server")
TRUST: Final = left_out("the prober calls only tools that are declared read-only")
ABOUT: Final = left_out("it describes the server for people")
OF_CLIENT: Final = left_out("it is a setting of the client")
