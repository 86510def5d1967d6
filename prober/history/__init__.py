"""What was found, kept in SQLite: results for weeks, failures with their evidence for months, roll-ups for a year.

store.py     HistoryStore: the one thing others hold; a Sink, and the questions one may ask
models.py    what the answers are made of
retention.py how long and how much is kept
writer.py    the thread that writes, its bounded queue, and what it does in trouble
write_connection.py  the connection that writes: a batch, and what the probes' names are numbered
folding.py   fresh results, folded into packed hours, roll-ups and the present
pruning.py   what is too old or too much goes
reader.py    the threads that read, each with a connection of its own
queries.py the questions, as SQL;  rollups.py  those about time and share;  overview.py  the front page's
packing.py   a run in about nine bytes
details.py   the texts of a run, capped, as JSON
schema.py    tables, migrations, and what is refused
lock.py      one process per file

How a result travels: it is queued, written within half a second to the small table `recent` (a transaction that only
appends), and some minutes later folded with others into its hour. Appending is what is cheap; the places where a result
ends are spread over the whole file, and to go to each of them for every result would write a hundred times as much.
The folding is one transaction, so that whoever reads sees a result in `recent` or in its hour, never in both.
"""

from __future__ import annotations

from prober.history.models import Counts, Day, Overview, PastFailure, PastResult, Point
from prober.history.retention import Retention
from prober.history.schema import HistoryError
from prober.history.store import HistoryStore

__all__ = [
    "Counts",
    "Day",
    "HistoryError",
    "HistoryStore",
    "Overview",
    "PastFailure",
    "PastResult",
    "Point",
    "Retention",
]
