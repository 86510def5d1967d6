"""What was found, kept in SQLite: results for weeks, failures with their evidence for months, roll-ups for a year.

store.py             HistoryStore: takes results, and answers queries about the past
models.py            what the answers are made of
retention.py         how long and how much is kept
writer.py            the thread that writes, its bounded queue, and what it does in trouble
history_file.py      the file: locked, opened, moved aside where it is damaged
write_connection.py  the connection that writes batches, and the numbers that names have in the file
rollup.py            recent results to their places: runs, hours, days, statuses
pruning.py           what is too old or too much goes
reader.py            the threads that read, each with a connection of its own
queries.py           the queries, as SQL;  series.py  those for what is drawn over time
availability.py      a stretch of time for a report;  incidents.py  when a target failed;  run_times.py  percentiles
incident_book.py     incidents, written down as they come;  recorded_incidents.py  those, with their notes.py
codec.py             values as the file has them: microseconds, and the texts of a run as JSON
schema.py            tables, views and connections
lock.py              one process per file

How a result travels: it is queued, written within half a second to the small table `recent` (a transaction that only
appends), and some minutes later moved to `runs` and added to its hour and day. To append is cheap; the pages where runs
end are spread over the whole file, and to write one of them for every run would write a hundred times as much.
"""

from __future__ import annotations

from prober.history.models import Day, Overview, PastFailure, PastResult, Point
from prober.history.notes import NoSuchIncidentError, Note, NoteRefusedError
from prober.history.recorded_incidents import RecordedIncident
from prober.history.retention import Retention
from prober.history.schema import HistoryError
from prober.history.store import HistoryStore

__all__ = [
    "Day",
    "HistoryError",
    "HistoryStore",
    "NoSuchIncidentError",
    "Note",
    "NoteRefusedError",
    "Overview",
    "PastFailure",
    "PastResult",
    "Point",
    "RecordedIncident",
    "Retention",
]
