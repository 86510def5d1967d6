"""The variables of each client in texts, and our `${NAME}` in their place.

    text of the client  ->  syntaxes of the client  ->  text for `targets:`

What is no variable to the client is none to us: its `$` is escaped. A secret that is written out becomes a variable.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from prober.client_configs.secrets import is_secret

_NAME: Final = r"[A-Za-z_][A-Za-z0-9_]*"
_SPECIAL: Final = re.compile(r"\$(?=[${]|$)")


@dataclass(kw_only=True)
class Variables:
    """The variables that stand for texts of one server. All servers of a file share `taken`."""

    environ: Mapping[str, str]
    folder: Path
    """Where relative paths of the file start."""
    server: str
    taken: dict[str, str]
    """What each name of a variable stands for: a secret, or the name itself. Never shown."""
    described: Mapping[str, str] = field(default_factory=dict)
    """What the file says of an input, by its name."""
    defaults: Mapping[str, object] = field(default_factory=dict)
    """The value of an input that nobody has to give, by its name."""
    needed: dict[str, str] = field(default_factory=dict)
    """The variables to set, and what each stands for."""
    notes: list[str] = field(default_factory=list)

    def reference(self, name: str, meaning: str = "") -> str:
        """`${NAME}` for a variable of the environment that the client would read."""
        self.taken.setdefault(name, name)
        if meaning or name not in self.needed:
            self.needed[name] = meaning
        return f"${{{name}}}"

    def stand_in(self, wanted: str, value: str, meaning: str) -> str:
        """`${NAME}` for a text that must not be written out. One secret has one variable."""
        name = variable_name(wanted)
        for candidate in (name, variable_name(f"{self.server}_{wanted}"), *(f"{name}_{n}" for n in range(2, 1000))):
            if self.taken.setdefault(candidate, value) == value:
                self.needed[candidate] = meaning
                return f"${{{candidate}}}"
        raise ValueError("more than a thousand variables of one name")

    def default(self, name: str, default: str, spelling: str) -> str:
        """The variable where it is set; else its default, which our `${NAME}` cannot hold."""
        if name in self.environ or is_secret(default, name=name):
            return self.reference(name)
        self.notes.append(f"{spelling}: {name} is not set, so its default {default!r} was taken")
        return escaped(default)

    def input(self, key: str, spelling: str) -> str:
        """What stands for something that the client would ask a person for: its default where it has one."""
        default = self.defaults.get(key)
        if (
            default is not None
            and not isinstance(default, list | dict)
            and variable_name(key) not in self.environ
            and not is_secret(text := str(default).lower() if isinstance(default, bool) else str(default), name=key)
        ):
            self.notes.append(f"{spelling}: its default {text!r} was taken")
            return escaped(text)
        return self.stand_in(key, spelling, self.described.get(key, f"what the client asks for as {key}"))


@dataclass(frozen=True, kw_only=True)
class Syntax:
    """One way in which clients write a variable."""

    written: str
    """As the client's documentation shows it."""
    becomes: str
    """In words, for people."""
    pattern: re.Pattern[str]
    read: Callable[[re.Match[str], Variables], str]


def variable_name(text: str) -> str:
    """A name for a variable of the environment."""
    name = re.sub(r"[^A-Za-z0-9]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text)).strip("_").upper()
    return name if name and not name[0].isdecimal() else f"_{name}"


def escaped(text: str) -> str:
    """A text in which our configuration finds no variable."""
    return _SPECIAL.sub("$$", text)


def translated(text: str, syntaxes: tuple[Syntax, ...], variables: Variables) -> str:
    """The text with each variable of the client in our form, and every other `$` as it is."""
    parts, at = [], 0
    while at < len(text):
        found = [
            (match.start(), order, match)
            for order, syntax in enumerate(syntaxes)
            if (match := syntax.pattern.search(text, at)) is not None
        ]
        if not found:
            break
        start, order, match = min(found, key=lambda each: each[:2])
        parts += [_literal(text[at:start], variables), syntaxes[order].read(match, variables)]
        at = match.end()
    return "".join([*parts, _literal(text[at:], variables)])


def without_variables(text: str, syntaxes: tuple[Syntax, ...]) -> str:
    """What is written out of a text."""
    for syntax in syntaxes:
        text = syntax.pattern.sub(" ", text)
    return text


def _literal(text: str, variables: Variables) -> str:
    for unknown in re.findall(r"\$\{[^}]{0,60}\}", text):
        shown = unknown.partition(":-")[0] + (":-…}" if ":-" in unknown else "")
        variables.notes.append(f"{shown} is no variable of this client as far as known; it was kept as a text")
    return escaped(text)


def _braced(match: re.Match[str], variables: Variables) -> str:
    return variables.reference(match["name"])


def _default(match: re.Match[str], variables: Variables) -> str:
    return variables.default(match["name"], match["default"], f"${{{match['name']}:-…}}")


def _file(match: re.Match[str], variables: Variables) -> str:
    path = Path(match["path"]).expanduser()
    return f"${{file:{variables.folder / path}}}"


def _input(match: re.Match[str], variables: Variables) -> str:
    return variables.input(match["name"], match[0])


def _registry(match: re.Match[str], variables: Variables) -> str:
    known = match["name"] in variables.described
    return variables.input(match["name"], match[0]) if known else escaped(match[0])


def _folder(_match: re.Match[str], variables: Variables) -> str:
    return escaped(str(variables.folder))


def _syntax(written: str, becomes: str, pattern: str, read: Callable[[re.Match[str], Variables], str]) -> Syntax:
    return Syntax(written=written, becomes=becomes, pattern=re.compile(pattern), read=read)


_OURS: Final = "`${NAME}`"

BRACED: Final = _syntax("${NAME}", _OURS, rf"\$\{{(?P<name>{_NAME})\}}", _braced)
BRACED_DEFAULT: Final = _syntax(
    "${NAME:-default}",
    f"{_OURS}, or the default where NAME is not set",
    rf"\$\{{(?P<name>{_NAME}):-(?P<default>[^}}]*)\}}",
    _default,
)
ENV: Final = _syntax("${env:NAME}", _OURS, rf"\$\{{env:(?P<name>{_NAME})\}}", _braced)
BARE_ENV: Final = _syntax("{env:NAME}", _OURS, rf"\{{env:(?P<name>{_NAME})\}}", _braced)
DOLLAR: Final = _syntax("$NAME", _OURS, rf"\$(?P<name>{_NAME})", _braced)
PERCENT: Final = _syntax("%NAME%", _OURS, rf"%(?P<name>{_NAME})%", _braced)
FILE: Final = _syntax("${file:PATH}", "`${file:PATH}`", r"\$\{file:(?P<path>[^}]+)\}", _file)
BASENAME: Final = _syntax(
    "${workspaceFolderBasename}",
    "the name of that folder",
    r"\$\{workspaceFolderBasename\}",
    lambda _match, variables: escaped(variables.folder.name),
)
BARE_FILE: Final = _syntax("{file:PATH}", "`${file:PATH}`", r"(?<!\$)\{file:(?P<path>[^}]+)\}", _file)
INPUT: Final = _syntax("${input:ID}", "`${ID}`", r"\$\{input:(?P<name>[^}]+)\}", _input)
USER_CONFIG: Final = _syntax(
    "${user_config.KEY}",
    "`${KEY}`, or its default where it is no secret",
    r"\$\{user_config\.(?P<name>[^}]+)\}",
    _input,
)
WORKSPACE: Final = _syntax("${workspaceFolder}", "the folder of the project", r"\$\{workspaceFolder\}", _folder)
PROJECT: Final = _syntax(
    "${CLAUDE_PROJECT_DIR}", "the folder of the project", r"\$\{CLAUDE_PROJECT_DIR(:-[^}]*)?\}", _folder
)
BUNDLE: Final = _syntax("${__dirname}", "the folder of the manifest", r"\$\{__dirname\}", _folder)
USER_HOME: Final = _syntax(
    "${userHome}", "`${HOME}`", r"\$\{userHome\}", lambda _match, variables: variables.reference("HOME")
)
SEPARATOR: Final = _syntax("${/}", "`/`", r"\$\{(?:/|pathSeparator)\}", lambda _match, _variables: "/")
HOME: Final = _syntax("${HOME}", "`${HOME}`", r"\$\{(?P<name>HOME|DESKTOP|DOCUMENTS|DOWNLOADS)\}", _braced)
REGISTRY_VARIABLE: Final = _syntax(
    "{NAME}", "`${NAME}`, or its value or default where it has one", r"\{(?P<name>[A-Za-z_][A-Za-z0-9_-]*)\}", _registry
)
