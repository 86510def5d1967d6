"""The long-running prober.

daemon.py    Daemon: connects scheduler, sinks and web server; start, reload, drain
configuration.py what the files say, what sources of targets give, and the two together
scheduling.py opens the schedule: in this process, or split among workers
workers/     probes split among worker processes
opening.py   the parts that an operator may leave out: history, telemetry
polling.py   metrics that nothing announces
settings.py  the daemon's settings
verdict_log.py a Sink that logs changes of verdict
logs.py      the format of log lines
systemd.py   notifications to systemd: readiness, reloads, watchdog

It exports nothing: a worker process would import the whole daemon along with its own part.
"""
