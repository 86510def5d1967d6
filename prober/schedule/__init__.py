"""Runs probes when they are due.

scheduler.py     Scheduler: the probes of a configuration and their runs, reload and drain
scheduled_probe.py ScheduledProbe: one of them; Runner: a run within the budget of its target
timer.py         Timer: calls at each due time
interval_trigger.py IntervalTrigger: when a probe with an interval is due
shard.py         Shard: which probes this process runs
concurrency.py   ConcurrencyLimits: how many runs go on at once, and which wait
target_state.py  TargetState: what is kept of a target between runs
rate_limit.py    RateLimit: how many requests a target may still be sent
host_limit.py    HostLimit: how many a host may be sent, over all targets of a source
maintenance.py   MaintenanceWindows: whether a window is open
own_outage.py    OutageDetector: whether the prober itself is cut off
"""

from prober.schedule.scheduler import Scheduler
from prober.schedule.shard import Shard

__all__ = ["Scheduler", "Shard"]
