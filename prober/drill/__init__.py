"""Proves a monitoring pipeline: injects each fault and follows it from the probe to the metric and the alert.

expected.py    what must come of each fault: one written-out mapping
run.py         the whole drill; fault_run.py: one fault, from switched on to over
pipeline.py    starts what is drilled: reference servers, daemon, Prometheus, Alertmanager, webhook
probes.py      the shipped probes with short intervals; timescale.py: the shipped rules and routes with short times
processes.py   child processes; clients.py: requests to them; webhook.py: receives what the Alertmanager sends
findings.py    what was found; table.py: the report
"""

from prober.drill.expected import ECHOES, EXPECTED
from prober.drill.findings import Finding, Report
from prober.drill.pipeline import Alerting
from prober.drill.processes import Broken
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
