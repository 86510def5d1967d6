"""What was found, as Prometheus families.

families.py     the table: every family with its type, help and labels, and where its numbers stand
family.py       what a row of the table is
records.py      the numbers of one probe and of one target, kept up to date run by run
reasons.py      the reasons that a probe of a kind can end with
exposition.py   the page, written fast and in turns with the event loop; which format a scraper wants
self_metrics.py what the prober measures of itself, with prometheus_client
collector.py    the same families for a prometheus_client registry
sink.py         Metrics, which ties them together
"""

from prober.metrics.families import Row, families
from prober.metrics.sink import Metrics

__all__ = ["Metrics", "Row", "families"]
