"""Takes from texts of others what a messenger would act on: mentions that wake a channel, links, images, formatting.

Slack, Discord, Telegram, Teams and others read markup in different dialects, and a webhook may lead to any of them. So
an invisible character goes where every dialect needs two characters side by side; people read the same text as before.
"""

from __future__ import annotations

import re
from typing import Final

_GAP: Final = "\u200b"
"""ZERO WIDTH SPACE: no messenger sees a word through it."""

_ACTED_ON: Final = re.compile(
    r"""
      @ (?= [\w<\[{&!] )                # @everyone, @here, @name
    | < (?= [!@\#&:/\w] )              # Slack's <!channel> and <https://…|text>, Discord's <@&1>, HTML
    | & (?= [\w\#]+ ; )                # &lt;!channel&gt;, for services that unescape
    | [a-zA-Z][a-zA-Z0-9+.-]* : (?= // )  # https://…
    | (?: mailto | tel | javascript | data ) : (?= \S )
    | \b www (?= \. )
    | \] (?= [(\[:] )                   # [text](target), ![image](target)
    """,
    re.VERBOSE | re.IGNORECASE,
)


def defused(text: str) -> str:
    """The text, which a messenger shows and does not act on."""
    return _ACTED_ON.sub(lambda found: found[0] + _GAP, text)
