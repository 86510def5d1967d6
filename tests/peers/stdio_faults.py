"""Every way a child process misbehaves here: `FAULTS`, name to fault. Message faults come on a line of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from prober.outcome import Reason
from tests.peers import stdio_acts as stdio
from tests.peers.fault import Fault
from tests.peers.messages import CALL, DISCOVER, MESSAGE_FAULTS, dump
from tests.peers.protocol import IN_USE, NARROW, Place, of_era
from tests.peers.stdio_acts import Act

ENDED: Final = frozenset({Place("modern", "close"), Place("handshake", "close")})
HANDSHAKE_IN_USE: Final = of_era(NARROW & IN_USE, "handshake")
CLEAN_EXIT: Final = {"kind": "handshake", "expect_clean_exit": True}
_PING: Final = dump({"jsonrpc": "2.0", "id": "server-1", "method": "ping"}) + b"\n"

FAULTS: Final[Mapping[str, Fault[Act]]] = {
    "exits": Fault(act=stdio.exits(3), reason=Reason.PROCESS_EXITED, where=NARROW),
    "exits_well": Fault(act=stdio.exits(0), reason=Reason.PROCESS_EXITED, where=NARROW),
    "exits_when_initialized": Fault(
        act=stdio.exits(3),
        reason=Reason.PROCESS_EXITED,
        where=frozenset({Place("handshake", "initialized")}),
        probe={"kind": "call", "tool": "echo", "arguments": {"message": "hi"}},
    ),
    "killed": Fault(act=stdio.killed, reason=Reason.PROCESS_EXITED, where=NARROW),
    "closes_stdout": Fault(act=stdio.closes_stdout, reason=Reason.CONNECTION_CLOSED, where=NARROW),
    "passed_over": Fault(act=stdio.passes_over, reason=Reason.TIMEOUT, where=DISCOVER),
    "silence": Fault(act=stdio.silence, reason=Reason.TIMEOUT, where=NARROW),
    "unfinished_line": Fault(act=stdio.unfinished, reason=Reason.TIMEOUT, where=NARROW),
    "drip": Fault(act=stdio.drips, reason=Reason.TIMEOUT, where=NARROW),
    "junk_line": Fault(
        act=stdio.preceded(b"Server is listening on stdio\n"), reason=Reason.MALFORMED_JSON, where=NARROW
    ),
    "endless_line": Fault(act=stdio.endless_line, reason=Reason.TOO_LARGE, where=NARROW),
    "line_of_50_mb": Fault(act=stdio.large_line(50 * stdio.MEGABYTE), reason=Reason.TOO_LARGE, where=NARROW),
    "too_slow": Fault(act=stdio.slowly(0.3), reason=Reason.TOO_SLOW, where=CALL, probe={"latency": {"fail": "100ms"}}),
    "exits_with_status": Fault(act=stdio.exits(1), reason=None, where=ENDED),
    "ignores_end": Fault(act=stdio.ignores_end, reason=Reason.TIMEOUT, where=ENDED, probe=CLEAN_EXIT),
    "ignores_end_and_sigterm": Fault(
        act=stdio.ignores_end_and_sigterm, reason=Reason.TIMEOUT, where=ENDED, probe=CLEAN_EXIT
    ),
    "leaves_a_child": Fault(act=stdio.leaves_a_child, reason=None, where=ENDED),
    "log_flood": Fault(act=stdio.log_flood(stdio.MEGABYTE), reason=None, where=NARROW),
    "blank_line_first": Fault(act=stdio.preceded(b"\n"), reason=None, where=NARROW),
    "notified_first": Fault(act=stdio.preceded(stdio.LOG + b"\n"), reason=None, where=NARROW),
    "pinged_first": Fault(act=stdio.preceded(_PING), reason=None, where=HANDSHAKE_IN_USE),
    "ends_with_crlf": Fault(act=stdio.ends_with_crlf, reason=None, where=NARROW),
    **{name: fault.at(NARROW).doing(stdio.spoilt(fault.act)) for name, fault in MESSAGE_FAULTS.items()},
}
