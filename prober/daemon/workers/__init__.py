"""Probes split among worker processes: `daemon --processes N`.

The daemon's process keeps all that is there once: the configuration and its sources, the web server, history and every
other sink, so that what they know outlives a worker. A worker has the schedule of its share and the wire, nothing else.
The two speak over a pair of sockets that nobody else has.

split_schedule.py  SplitSchedule: what Scheduler is to one process, in front of several
seat.py            Seat: the place of one worker, which outlives its processes, and the share that falls to it
accounts.py        Accounts: what the next process of a worker has to know of the one that died
division.py        which worker a target falls to
worker_process.py  WorkerProcess: one process, seen from the daemon's
messages.py        what the two sides say
channel.py         Channel: one end of their connection
worker.py          Worker: what such a process does; __main__.py starts it
"""
