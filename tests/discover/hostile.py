"""Names and words that would like to be something else: YAML, a path, an escape sequence, our own language."""

from __future__ import annotations

from typing import Any, Final

from tests.kinds.offering import Tool, gives, tool

HOSTILE: Final = (
    "plain",
    "two words",
    "line\nbreak",
    "\nprobes:\n  evil: {target: peer, kind: call, tool: wipe, allow_writes: true}\n",
    "carriage\rreturn",
    "tab\there",
    "next\x85line\u2028and\u2029paragraph",
    'double "quotes"',
    "single 'quotes'",
    "back\\slash \\n",
    "colon: space",
    "trailing:",
    "# comment",
    "space # comment",
    "- item",
    "{a: b}",
    "[a, b]",
    "${HOME}",
    "$$ $${HOME} ${file:/etc/passwd}",
    "&anchor",
    "*alias",
    "!!python/object/apply:os.system",
    "!tag",
    "%directive",
    "@at",
    "`tick`",
    "|",
    ">-",
    "? key",
    "---",
    "...",
    "<<",
    "=",
    "~",
    " leading and trailing ",
    "null",
    "True",
    "yes",
    "off",
    "1",
    "1e3",
    "0o17",
    "0x1F",
    "1_000",
    ".inf",
    "-.5",
    "12:30",
    "2026-07-28",
    "../../../../tmp/escape",
    "..",
    "/etc/passwd",
    "C:\\windows",
    "a/b/c",
    ".hidden",
    "con",
    "\x1b[2J\x1b]0;owned\x07\x9b31m",
    "\x00\x07\x08\x7f",
    "\u202eright to left\u202c",
    "\ufeffmark",
    "käse 漢字 🎉 e\u0301",
    "\ufffe\uffff\U000e0001",
    "x" * 10_000,
)

LONG: Final = "Very long. " * 1000 + "\n  evil: true\x1b[31m\n"


def hostile_tools() -> list[Tool]:
    """For every hostile text a tool with that name, which takes it as an argument and says it in its description."""
    tools = []
    for text in HOSTILE:
        properties = {name: {"default": value} for name, value in arguments_of(text).items()}
        schema = {"type": "object", "properties": properties, "required": list(properties)}
        tools.append(tool(text, gives(arguments_of(text)), inputSchema=schema, description=text + LONG, title=text))
    return tools


def arguments_of(text: str) -> dict[str, Any]:
    """The text wherever one can stand, but for names of members that no YAML can have."""
    key = "a key" if text == "<<" or len(text) > 1000 else text
    return {key: text, "list": [text, {key: text}]}
