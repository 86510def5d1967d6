"""The last runs in memory: of each probe some with their exchanges, of each target how long its runs took.

runs.py    RecentRuns: the runs, failures for longer than successes, within bounds
pace.py    RecentPace: durations by the minute, for the time before history has hours to draw
"""

from prober.recent.pace import RecentPace
from prober.recent.runs import RecentRun, RecentRuns

__all__ = ["RecentPace", "RecentRun", "RecentRuns"]
