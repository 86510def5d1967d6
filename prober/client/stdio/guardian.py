"""The process between the prober and a stdio server, on Linux: whatever the server leaves running ends with it.

    python -I -S guardian.py PARENT REPORT PROGRAM [ARGUMENT ...]

It starts the server with its own standard streams and lets go of them, then waits: for the end of the server, for
SIGUSR1 from the prober, or for the end of the prober, which the kernel makes the same signal. Then it kills what is
left of the server and exits as the server did. To REPORT, a file descriptor, it writes `0`, or the error number with
which the program could not be started.

What a descendant of the server starts and leaves is adopted by this process ("child subreaper", see prctl(2)), also
across setsid and double forks. So only children of its own are ever killed: their process ids cannot have gone to
others, because nobody else reaps them, and when it has no child any more, nothing is left.

A script of the standard library alone, which starts within some ten milliseconds; it is run, never imported.
"""

import os
import signal
import sys
from collections.abc import Iterator
from ctypes import CDLL
from time import monotonic

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
LONGEST = 0.8
"""Seconds in which what can be killed is gone. What cannot, because it runs as another user, must not hold us up."""
PAUSE = 0.01


def main() -> None:
    parent, report, command = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())  # what is meant for the server's group
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    prctl = CDLL(None).prctl
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    prctl(PR_SET_PDEATHSIG, signal.SIGUSR1, 0, 0, 0)
    if os.getppid() != parent:  # it died before it could be asked for
        return
    os.set_inheritable(report, False)
    try:
        server = os.posix_spawnp(
            command[0], command, os.environ, setsigmask=before, setsigdef=(signal.SIGPIPE, signal.SIGXFSZ)
        )
    except OSError as error:
        os.write(report, b"%d" % (error.errno or 0))
        return
    os.write(report, b"0")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):  # the server alone holds its pipes, so that each end of them means what it says
        os.dup2(nowhere, fd)
    os.close(report)
    status = wait_for(server)
    end_all()
    exit_like(status)


def wait_for(server: int) -> int | None:
    """The exit code of the server; None when it has to end now."""
    while signal.sigwait({signal.SIGUSR1, signal.SIGCHLD}) != signal.SIGUSR1:
        for pid, status in reaped():
            if pid == server:
                return os.waitstatus_to_exitcode(status)
    return None


def reaped() -> Iterator[tuple[int, int]]:
    """The children that have ended. Raises ChildProcessError where no child is left, ended or not."""
    while (ended := os.waitpid(-1, os.WNOHANG))[0]:
        yield ended


def end_all() -> None:
    """Kill all children, then those that they leave to us, until there is none."""
    until = monotonic() + LONGEST
    while monotonic() < until:
        for pid in children():
            try:
                os.kill(pid, signal.SIGKILL)
            except PermissionError:
                continue
        try:
            for _ in reaped():
                pass
        except ChildProcessError:
            return
        signal.sigtimedwait({signal.SIGCHLD}, PAUSE)


def children() -> list[int]:
    own = os.getpid()
    try:
        with open(f"/proc/self/task/{own}/children") as file:  # noqa: PTH123 - pathlib is half of a start
            return [int(pid) for pid in file.read().split()]
    except OSError:  # a kernel without CONFIG_PROC_CHILDREN
        numbers = [name for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208
        return [int(pid) for pid in numbers if parent_of(pid) == own]


def parent_of(pid: str) -> int:
    try:
        with open(f"/proc/{pid}/stat") as file:  # noqa: PTH123
            return int(file.read().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def exit_like(status: int | None) -> None:
    """Exit with the status of the server, or by the signal that ended it."""
    if status is None or status < 0:
        import resource

        number = signal.SIGKILL if status is None else -status
        try:  # noqa: SIM105 - contextlib costs a third of a start
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        except OSError:  # a sandbox that has no say in core files either
            pass
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})
        os.kill(os.getpid(), number)
    os._exit(status or 0)


if __name__ == "__main__":
    main()
