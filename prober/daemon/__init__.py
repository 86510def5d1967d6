"""The long-running prober as a value: build, enter, reload, leave.

daemon.py    Daemon: what flows from the scheduler to the sinks, and what the web room reads
settings.py  how it runs
changes.py   a Sink that logs what changes;  logs.py  how a line looks
systemd.py   readiness, reloads and the watchdog, told to systemd
"""

from prober.daemon.daemon import Daemon
from prober.daemon.settings import Settings

__all__ = ["Daemon", "Settings"]
