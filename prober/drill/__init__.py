"""Tests a monitoring pipeline: injects each fault and follows it from the probe to the metric and the alert.

expected.py    by fault, the expected probe, metric and alert
run.py         the whole drill
fault_run.py   one fault, from injection to the resolved alert
pipeline.py    starts the pipeline: reference servers, daemon, Prometheus, Alertmanager, webhook
probes.py      the shipped probes with short intervals
machine.py     how busy this machine is, and which speed fits
timescale.py   the shipped rules and routes with short durations
own_routes.py  the operator's Alertmanager configuration, for real deliveries
deliveries.py  what became of them
processes.py   child processes
clients.py     HTTP clients of the child processes
webhook.py     the receiver of the Alertmanager's notifications
findings.py    the results, as values
report.py      the report
"""

from prober.drill.expected import ECHOES, EXPECTED
from prober.drill.findings import Finding, Report
from prober.drill.own_routes import OwnRoutes
from prober.drill.pipeline import Alerting
from prober.drill.processes import DrillError
from prober.drill.report import write_json, write_table
from prober.drill.run import Plan, drill

__all__ = [
    "ECHOES",
    "EXPECTED",
    "Alerting",
    "DrillError",
    "Finding",
    "OwnRoutes",
    "Plan",
    "Report",
    "drill",
    "write_json",
    "write_table",
]
