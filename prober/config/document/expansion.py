"""Expands `${NAME}` and `${file:PATH}` in configuration texts: environment variables and contents of files."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

MAX_FILE_BYTES: Final = 1024 * 1024

_SPECIAL: Final = re.compile(r"\$\$|\$\{([^}]*)(\})?")
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class ExpansionError(ValueError):
    """A `${…}` that cannot be expanded. The message holds its name, never a value."""


def expand(text: str, *, environ: Mapping[str, str], folder: Path, hide: Callable[[str], None]) -> str:
    """The text with each `${…}` replaced and each `$$` turned into `$`; any other `$` stands for itself.

    Relative paths start in `folder`; one trailing line end of a file's content is dropped. Values are not expanded
    again. `hide` is called with every inserted value.
    """
    if "$" not in text:
        return text

    def replace(match: re.Match[str]) -> str:
        if match[0] == "$$":
            return "$"
        if match[2] is None:
            raise ExpansionError("a ${ without its }; write $${ for the text ${")
        value = _value(match[1], environ, folder)
        hide(value)
        return value

    return _SPECIAL.sub(replace, text)


def without_variables(text: str) -> str:
    """The text with a bare `$` for each `${…}` and `$$`: the literal part of the text."""
    return _SPECIAL.sub("$", text)


def _value(name: str, environ: Mapping[str, str], folder: Path) -> str:
    if name.startswith("file:") and "\0" not in name:
        return _content(name, folder / name.removeprefix("file:"))
    if not _VARIABLE.fullmatch(name):
        # Not quoted: the braces may hold a secret as a default, `${TOKEN:-…}`.
        raise ExpansionError("neither ${VARIABLE} nor ${file:PATH}; write $${ for the text ${")
    if name not in environ:
        raise ExpansionError(f"the variable {name} is not set")
    return environ[name]


def _content(name: str, path: Path) -> str:
    try:
        if not path.is_file():  # opening a pipe might block forever
            raise ExpansionError(f"${{{name}}}: {'not a file' if path.exists() else 'no such file'}")
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
        if len(content) > MAX_FILE_BYTES:
            raise ExpansionError(f"${{{name}}}: larger than {MAX_FILE_BYTES // 1024} KiB")
        text = content.decode()
    except OSError as error:
        raise ExpansionError(f"${{{name}}}: {(error.strerror or 'cannot be read').lower()}") from None
    except UnicodeDecodeError:
        raise ExpansionError(f"${{{name}}}: not UTF-8") from None
    return text.removesuffix("\n").removesuffix("\r")
