"""Runs probes when they are due.

scheduler.py   Scheduler: the timetable of a configuration, its runs, reload and drain
clock.py       APScheduler as the clock: calls at each due time, does nothing else
phase.py       when a probe with an interval is due, and which shard runs it: arithmetic on names
turns.py       how many run at once, and in which order
watched.py     what is kept of a target from run to run: what was learnt of it, its allowance
allowance.py   how many requests it may still be sent
windows.py     whether maintenance goes on
doubt.py       when the prober must not trust what it saw: LoopLag, Suspicion
"""

from prober.schedule.phase import Shard
from prober.schedule.scheduler import Scheduler

__all__ = ["Scheduler", "Shard"]
