"""The long-running prober.

daemon.py    Daemon: connects scheduler, sinks and web server; start, reload, drain
configuration.py what the files say, what sources of targets give, and the two together
opening.py   the parts that an operator may leave out: history, telemetry
polling.py   metrics that nothing announces
settings.py  the daemon's settings
verdict_log.py a Sink that logs changes of verdict
logs.py      the format of log lines
systemd.py   notifications to systemd: readiness, reloads, watchdog
"""

from prober.daemon.daemon import Daemon
from prober.daemon.settings import Settings

__all__ = ["Daemon", "Settings"]
