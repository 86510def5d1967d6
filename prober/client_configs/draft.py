"""A server while its keys are read, one after the other; `finished` is what they say together."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from prober.client_configs.document import Document, Steps
from prober.client_configs.listing import ListedServer
from prober.client_configs.secrets import is_secret, names_secret
from prober.client_configs.variables import Syntax, Variables, translated, without_variables
from prober.config.auth import header_reserved
from prober.config.document.diagnostics import Mistake
from prober.files import is_there

TRANSPORTS: Final[Mapping[str, str]] = {
    "stdio": "stdio",
    "local": "stdio",
    "http": "http",
    "streamable-http": "http",
    "streamableHttp": "http",
    "streamable_http": "http",
    "remote": "either",
    "sse": "sse",
}
"""What clients call a transport, and what we do. `either` is an HTTP server that the client tries both ways."""

_SCHEME: Final = re.compile(r"(?:Bearer|Basic|Token|ApiKey|Api-Key) +(?=\S)", re.IGNORECASE)
_NAMED: Final = re.compile(r"(?P<name>-{0,2}[A-Za-z_][A-Za-z0-9_-]*)(?P<mark>=|: ?)(?P<value>.+)", re.DOTALL)
_URL: Final = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)


class Mistaken(Exception):  # noqa: N818 - a mistake of the file, no error of ours
    """A value has a mistake."""

    def __init__(self, steps: Steps, message: str):
        super().__init__(message)
        self.steps, self.message = steps, message


@dataclass(kw_only=True)
class Draft:
    """What is known of one server so far."""

    name: str
    steps: Steps
    document: Document
    syntaxes: tuple[Syntax, ...]
    variables: Variables
    mistakes: list[Mistake]
    program: list[str] = field(default_factory=list)
    arguments: list[str] = field(default_factory=list)
    env: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    url: str | None = None
    transport: str | None = None
    cwd: str | None = None
    startup_timeout: str | None = None
    disabled: bool = False
    defined_elsewhere: bool = False
    """Whether a key says something of a server that another file, or an extension, defines."""
    problem: str | None = None
    left_out: dict[str, list[str]] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """Where relative paths start."""
        return self.variables.folder

    def note(self, text: str) -> None:
        self.variables.notes.append(text)

    def leave_out(self, key: str, why: str) -> None:
        """Name a key that is not carried over. Those that have one reason are one note."""
        self.left_out.setdefault(why, []).append(key)

    # Values without secrets, in our spelling

    def text(self, steps: Steps, value: str, *, key: str, wanted: str) -> str:
        """The text, or a variable in its place. `key` is what the text is the value of, `wanted` names the variable."""
        literal = without_variables(value, self.syntaxes)
        if not is_secret(literal, name=key if literal == value else ""):
            return translated(value, self.syntaxes, self.variables)
        scheme = _SCHEME.match(value)
        prefix = scheme[0] if scheme else ""
        secret = value[len(prefix) :]
        return prefix + self.variables.stand_in(wanted, secret, f"written out in {self.document.place(steps)}")

    def url_text(self, steps: Steps, value: str) -> str:
        """A URL in which a secret of the query, or of the path, is a variable."""
        hidden: list[str] = []  # a default in a variable may hold a slash

        def hide(match: re.Match[str]) -> str:
            hidden.append(match[0])
            return f"\0{len(hidden) - 1}\0"

        for syntax in self.syntaxes:
            value = syntax.pattern.sub(hide, value)

        def read(piece: str, key: str, wanted: str) -> str:
            written = re.sub("\0([0-9]+)\0", lambda match: hidden[int(match[1])], piece)
            return self.text(steps, written, key=key, wanted=f"{self.name}_{wanted}")

        head, mark, query = value.partition("?")
        scheme, slashes, rest = head.partition("//") if "//" in head else ("", "", head)
        authority, slash, path = rest.partition("/")
        user, at, host = authority.rpartition("@")
        if at:
            meaning = f"a user in a URL, in {self.document.place(steps)}"
            user = self.variables.stand_in(f"{self.name}_user", user, meaning)
        start = [read(scheme, "", "url"), slashes, user, at, read(host, "", "host"), slash]
        pieces = "/".join(read(piece, "", "path") for piece in path.split("/"))
        asked = [part.partition("=") for part in query.split("&")]
        values = "&".join(name + sign + read(text, name, name) for name, sign, text in asked)
        return "".join([*start, pieces, mark, values])

    def word(self, steps: Steps, value: str, before: str) -> str:
        """An argument of a command; `before` is the one in front of it."""
        if _URL.match(value):
            if is_secret(value.partition("?")[0]):  # a password, or a path that is one
                return self.text(steps, value, key="", wanted=f"{self.name}_url")
            return self.url_text(steps, value)
        named = _NAMED.fullmatch(value)
        if named is not None:
            name = named["name"]
            wanted = name if named["mark"] == "=" and not name.startswith("-") else f"{self.name}_{name}"
            return name + named["mark"] + self.text(steps, named["value"], key=name, wanted=wanted)
        key = before if before.startswith("-") and not value.startswith("-") else ""
        wanted = f"{self.name}_{key}" if names_secret(key) else f"{self.name}_secret"
        return self.text(steps, value, key=key, wanted=wanted)

    # Values by their types

    def wanted_text(self, steps: Steps, value: Any) -> str:
        if not isinstance(value, str):
            raise Mistaken(steps, f"expected a text, found {_type(value)}")
        if not value:
            raise Mistaken(steps, "must not be empty")
        return value

    def texts(self, steps: Steps, value: Any) -> Iterator[tuple[Steps, str]]:
        """The texts of a list; numbers count as texts."""
        if not isinstance(value, list):
            raise Mistaken(steps, f'expected a list of texts, found {_type(value)}; write ["…", "…"]')
        for index, item in enumerate(value):
            yield (*steps, index), scalar((*steps, index), item)

    def entries(self, steps: Steps, value: Any) -> Iterator[tuple[Steps, str, Any]]:
        if not isinstance(value, dict):
            raise Mistaken(steps, f"expected names with their values, found {_type(value)}")
        for name, item in value.items():
            yield (*steps, name), name, item

    def set_header(self, name: str, text: str) -> None:
        if (why := header_reserved(name)) is not None:
            self.leave_out(f"the header {name}", why)
            return
        self.headers[name] = text

    # The end

    def finished(self) -> ListedServer | None:
        """The server; None, and a mistake, where its keys do not make one."""
        target: dict[str, Any] = {}
        if self.defined_elsewhere and not self.program and self.url is None and self.transport is None:
            self.problem = self.problem or "how it is reached is not in this file"
        if self.problem is None:
            try:
                target = self._command() if self._is_command() else self._address()
            except Mistaken as mistake:
                self.mistakes.append(self.document.mistake(mistake.steps, mistake.message))
                return None
        return ListedServer(
            name=self.name,
            place=self.document.place(self.steps),
            target=target,
            tries_sse=self.problem is None and self.transport in (None, "either") and "url" in target,
            notes=tuple(dict.fromkeys([*self.variables.notes, *self._left_out()])),
            variables=dict(self.variables.needed),
            disabled=self.disabled,
            problem=self.problem,
        )

    def _left_out(self) -> Iterator[str]:
        for why, keys in self.left_out.items():
            yield f"{', '.join(keys)} {'was' if len(keys) == 1 else 'were'} not carried over: {why}"

    def _is_command(self) -> bool:
        if self.program and self.url is not None:
            if self.transport is None:
                raise Mistaken(self.steps, "has a command and a url; keep one, or say which by type")
            spare = "url" if self.transport == "stdio" else "command"
            self.leave_out(spare, f"the type is {self.transport}")
            return self.transport == "stdio"
        if not self.program and self.url is None:
            if self.transport is None:
                raise Mistaken(self.steps, "has neither a command nor a url; give it one of them")
            raise Mistaken(self.steps, "has no command" if self.transport == "stdio" else "has no url")
        return bool(self.program)

    def _command(self) -> dict[str, Any]:
        if self.headers:
            self.leave_out("headers", "a command has none")
        target: dict[str, Any] = {"command": [*self.program, *self.arguments]}
        if self.env:
            target["env"] = self.env
        relative = [word for word in target["command"] if self._is_relative(word)]
        if self.cwd is None and relative:
            self.note(f"cwd is {self.folder}, because {relative[0]} is a path that starts there")
            self.cwd = str(self.folder)
        if self.cwd is not None:
            target["cwd"] = self.cwd
        if self.startup_timeout is not None:
            target["startup_timeout"] = self.startup_timeout
        return target

    def _is_relative(self, word: str) -> bool:
        if word.startswith(("./", "../", ".\\", "..\\")):
            return True
        return (
            "/" in word and not word.startswith(("/", "-", "@")) and "${" not in word and is_there(self.folder / word)
        )

    def _address(self) -> dict[str, Any]:
        for key, value in (("env", self.env), ("args", self.arguments), ("cwd", self.cwd)):
            if value:
                self.leave_out(key, "a server at a URL is not started here")
        target: dict[str, Any] = {"url": self.url}
        if self.transport == "sse":
            target["transport"] = "sse"
        if self.headers:
            target["headers"] = self.headers
        return target


def scalar(steps: Steps, value: Any) -> str:
    """A value as a text: a number or truth value is what a process would be given."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    raise Mistaken(steps, f"expected a text, found {_type(value)}")


def _type(value: Any) -> str:
    for kind, name in ((bool, "true or false"), (str, "a text"), (list, "a list"), (dict, "names with values")):
        if isinstance(value, kind):
            return name
    return "nothing" if value is None else "a number"


def keys_of_server(value: Any) -> str | None:
    """What is wrong with the value of a server's name, or None."""
    if isinstance(value, dict):
        return None
    return f"expected the keys of a server, such as command or url, found {_type(value)}"


Take = Callable[[Draft, Steps, Any], None]
"""Reads one key of a server."""
