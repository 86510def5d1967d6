"""The /metrics page: results of runs as Prometheus families.

families.py     the table of all families: type, help, labels, and how to read the values
family.py       the dataclasses of the table's rows
records.py      the values of one probe, updated by each run
target_record.py  the values of one target
results.py      the results that a probe of a kind can end with
exposition.py   the text of the page, written in slices between which the event loop serves others; content negotiation
self_metrics.py the prober's own metrics, in prometheus_client's objects
workers.py      the metrics of worker processes
sink.py         Metrics: the Sink that updates the records and writes the page
"""

from prober.metrics.families import Row, families
from prober.metrics.sink import Metrics

__all__ = ["Metrics", "Row", "families"]
