"""`python -m docs.generate.picture [FILE]`: the picture on top of the README, a run in a real terminal as SVG.

Three reference servers are started, two of them with a fault; what `mcp-prober run` shows of them in a terminal of 100
columns is the picture.
"""

from __future__ import annotations

import io
import os
import pty
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from rich.console import Console
from rich.text import Text

from docs.generate.pages import FOLDER
from prober.cli.commands.demo import reference_server
from prober.cli.exit_codes import FAILED

PICTURE: Final = FOLDER / "images" / "terminal.svg"

_WIDTH: Final = 100
_SERVERS: Final = {"busy": "http-503", "broken": "null-field", "well": None}
"""A server each, with the fault that it begins with."""
_CHUNK: Final = 65_536

_PROBES: Final = """\
targets:
  billing: {{url: "{busy}"}}
  notes: {{url: "{broken}"}}
  orders: {{url: "{well}"}}
probes:
  billing-handshake: {{target: billing, kind: handshake}}
  notes-catalog: {{target: notes, kind: catalog, tools: [get_session, get_invoice]}}
  notes-session: {{target: notes, kind: call, tool: get_session, arguments: {{session_id: probe}}}}
  orders-catalog: {{target: orders, kind: catalog, tools: [get_session]}}
  orders-session: {{target: orders, kind: call, tool: get_session, arguments: {{session_id: probe}}}}
"""

_SVG: Final = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{
  font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: {char_height}px; line-height: {line_height}px; font-variant-east-asian: full-width;
}}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: system-ui, sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""
"""As Rich's own, but with fonts of the reader's machine only."""


def shown(words: Sequence[str], folder: Path) -> str:
    """What `mcp-prober` writes to the terminal in which it is started, without the progress."""
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(folder)
        os.environ.update(COLUMNS=str(_WIDTH), TERM="xterm-256color", PYTHONPATH=str(FOLDER.parent))
        os.execv(sys.executable, [sys.executable, "-m", "prober", *words])  # noqa: S606 - our own program
    parts = []
    while part := _read(terminal):
        parts.append(part)
    _, status = os.waitpid(child, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == FAILED, b"".join(parts).decode()
    return b"".join(parts).decode().rpartition("\r\x1b[2K")[2]


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, _CHUNK)
    except OSError:  # how Linux says that the other end is closed
        return b""


def drawn() -> str:
    """The picture."""
    with ExitStack() as stack:
        folders = [Path(stack.enter_context(TemporaryDirectory())) for _ in range(3)]
        servers = {
            name: stack.enter_context(reference_server(folder, fault=fault))
            for folder, (name, fault) in zip(folders, _SERVERS.items(), strict=True)
        }
        (folders[0] / "probes.yaml").write_text(_PROBES.format(**servers), encoding="utf-8")
        text = shown(["run", "probes.yaml"], folders[0])
    console = Console(record=True, width=_WIDTH, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text.from_ansi("$ mcp-prober run probes.yaml\n" + text.replace("\r\n", "\n")))
    return console.export_svg(title="mcp-prober", code_format=_SVG, unique_id="run")


if __name__ == "__main__":
    picture = Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURE
    picture.write_text(drawn(), encoding="utf-8")
