"""`python -m prober.daemon.workers NAME FD FORMAT`: a worker process. The daemon starts it; nobody else has use for it.

Signals that end a group of processes together, from a terminal or a manager of services, are for the daemon to act on:
a worker that went by itself would be replaced, and what it runs would not be drained. It takes them and does nothing;
to ignore them would make the servers that it starts ignore them, too.
"""

import os
import signal
import sys
from typing import cast

from prober import own_process


def main() -> None:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda _number, _frame: None)
    own_process.begin()
    _, descriptor, log_format = sys.argv[1:]
    os.set_inheritable(int(descriptor), False)  # else a server would hold the connection open
    import asyncio
    import socket

    from prober.daemon import logs
    from prober.daemon.workers.worker import work

    logs.configure(cast(logs.Format, log_format))
    asyncio.run(work(socket.socket(fileno=int(descriptor))))


if __name__ == "__main__":
    main()
