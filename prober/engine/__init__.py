"""Runs probes. Each run has one deadline, cannot disturb others, and always ends in an Outcome.

run             one run of one probe
one_pass        one run of each of some probes
start_limiter   how many processes start at once
"""

from prober.engine.one_pass import CONCURRENCY, run_pass
from prober.engine.run import not_run, run_probe, starts_process
from prober.engine.start_limiter import MAX_START_HOLD, StartLimiter

__all__ = ["CONCURRENCY", "MAX_START_HOLD", "StartLimiter", "not_run", "run_pass", "run_probe", "starts_process"]
