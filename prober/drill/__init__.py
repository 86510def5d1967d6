"""Proves a pipeline: each fault injected, seen by a probe, counted, and alerted.

expected.py   what must come of each fault: one written-out mapping
run.py        the whole drill: every fault its turn;  turn.py  one fault, from switched on to over
pipeline.py   what is drilled, up: reference servers, daemon, Prometheus, Alertmanager, hook
probes.py     the shipped probes in haste;  haste.py  the shipped rules and routes in haste
programs.py   processes;  servers.py  what they are asked;  hook.py  what the Alertmanager tells
findings.py   what was found;  table.py  how it is told
"""

from prober.drill.expected import ECHOES, EXPECTED
from prober.drill.findings import Finding, Report
from prober.drill.pipeline import Alerting
from prober.drill.programs import Broken
from prober.drill.run import Plan, drill
from prober.drill.table import write_json, write_table

__all__ = [
    "ECHOES",
    "EXPECTED",
    "Alerting",
    "Broken",
    "Finding",
    "Plan",
    "Report",
    "drill",
    "write_json",
    "write_table",
]
