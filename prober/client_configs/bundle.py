"""The manifest of an MCP bundle (MCPB, before that DXT): one command, with values that a person is asked for.

Source: the manifest's specification, 0.1 to 0.4. `${user_config.KEY}` of a list becomes one argument for each item.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from typing import Any, Final

from prober.client_configs import keys
from prober.client_configs.document import Document
from prober.client_configs.draft import Draft, Mistaken
from prober.client_configs.keys import Key, left_out
from prober.client_configs.listing import ClientConfig
from prober.client_configs.variables import (
    BUNDLE,
    SEPARATOR,
    USER_CONFIG,
    Syntax,
    Variables,
    variable_name,
)
from prober.client_configs.variables import HOME as HOME_FOLDER
from prober.config.document.diagnostics import ConfigError, Mistake

CLIENT: Final = "MCPB"
SYNTAXES: Final[tuple[Syntax, ...]] = (BUNDLE, USER_CONFIG, HOME_FOLDER, SEPARATOR)
KEYS: Final[Mapping[str, Key]] = {"command": keys.COMMAND, "args": keys.ARGS, "env": keys.ENV}

_PLATFORMS: Final = {"win32": "win32", "darwin": "darwin"}
_LIST: Final = re.compile(r"\$\{user_config\.([^}]+)\}")


def read_bundle(document: Document, *, environ: Mapping[str, str]) -> ClientConfig:
    """The one server of a manifest. Raises ConfigError."""
    root = document.value
    mistakes: list[Mistake] = []
    asked = root.get("user_config", {})
    server = root["server"]
    settings = server.get("mcp_config", _by_uv(server)) if isinstance(server, dict) else None
    if not isinstance(settings, dict):
        raise ConfigError([document.mistake(("server",), "has no mcp_config, which says how it is started")])
    if not isinstance(asked, dict) or not all(isinstance(each, dict) for each in asked.values()):
        raise ConfigError([document.mistake(("user_config",), "expected names with their keys")])
    draft = Draft(
        name=str(root.get("name") or document.file.absolute().parent.name),
        steps=("server", "mcp_config"),
        document=document,
        syntaxes=SYNTAXES,
        variables=Variables(
            environ=environ,
            folder=document.file.absolute().parent,
            server=str(root.get("name") or "server"),
            taken={},
            described={key: _said(key, each) for key, each in asked.items()},
            defaults={
                key: each["default"] for key, each in asked.items() if "default" in each and not each.get("sensitive")
            },
        ),
        mistakes=mistakes,
    )
    try:
        for name, value in _for_this_platform(draft, settings).items():
            key = KEYS.get(name) or left_out("not known here")
            if value is not None:
                key.take(draft, (*draft.steps, name), _spread(draft, value, asked) if name == "args" else value)
    except Mistaken as mistake:
        mistakes.append(document.mistake(mistake.steps, mistake.message))
    unused = [key for key in asked if f"${{user_config.{key}}}" not in str(settings)]
    if unused:
        draft.leave_out(f"user_config {', '.join(unused)}", "no part of the command uses it")
    finished = draft.finished() if not mistakes else None
    if finished is None:
        raise ConfigError(mistakes)
    about = [key for key in root if key not in ("server", "user_config", "name", "$schema")]
    about += [f"server.{key}" for key in server if key != "mcp_config"]
    return ClientConfig(
        file=document.file,
        client=CLIENT,
        servers=(finished,),
        notes=(f"not carried over, because it describes the bundle: {', '.join(about)}",) if about else (),
    )


def _by_uv(server: Mapping[str, Any]) -> dict[str, Any] | None:
    """How a host starts a bundle of the type `uv`, which does not have to say it."""
    if server.get("type") != "uv" or not isinstance(server.get("entry_point"), str):
        return None
    return {"command": "uv", "args": ["run", "--directory", "${__dirname}", server["entry_point"]]}


def _said(key: str, asked: Mapping[str, Any]) -> str:
    return ": ".join(str(each) for each in (asked.get("title") or key, asked.get("description")) if each)


def _for_this_platform(draft: Draft, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The command with what the manifest says of this platform in place of what it says of all."""
    merged = {name: value for name, value in settings.items() if name != "platform_overrides"}
    here = _PLATFORMS.get(sys.platform, "linux")
    for steps, platform, override in draft.entries(
        (*draft.steps, "platform_overrides"), settings.get("platform_overrides") or {}
    ):
        if platform != here:
            draft.leave_out(f"platform_overrides.{platform}", f"this is {here}")
            continue
        for _, name, value in draft.entries(steps, override):
            both = isinstance(value, dict) and isinstance(merged.get(name), dict)
            merged[name] = {**merged[name], **value} if both else value
    return merged


def _spread(draft: Draft, value: Any, asked: Mapping[str, Any]) -> Any:
    """The arguments, with one for each item of a list that a person is asked for."""
    if not isinstance(value, list):
        return value
    spread: list[Any] = []
    for word in value:
        match = _LIST.fullmatch(word) if isinstance(word, str) else None
        question = asked.get(match[1], {}) if match else {}
        default = question.get("default")
        if match is None or not question.get("multiple") or variable_name(match[1]) in draft.variables.environ:
            spread.append(word)
        elif isinstance(default, list):
            draft.note(f"{word}: its default was taken, one argument for each item")
            spread += default
        else:
            draft.note(f"{word} may be several values; the variable holds one")
            spread.append(word)
    return spread
