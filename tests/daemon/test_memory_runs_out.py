"""A daemon whose memory runs out blames nobody and goes on; a server that is killed for its memory has failed."""

from __future__ import annotations

import json
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest

from prober.outcome import Reason, Situation
from tests.daemon.crowd import crowd
from tests.daemon.process import Running, daemon
from tests.daemon.ruffians import ruffians
from tests.daemon.watching import Page, metrics, until
from tests.running import run_document

WELL: Final = 4
GREEDY: Final = 3


def configuration(crowd_port: int, ruffians_port: int) -> dict[str, Any]:
    """Servers that are well, and others whose answers and lists take megabytes."""
    urls = {f"well-{n}": f"http://127.0.0.1:{crowd_port}/ok/1" for n in range(WELL)}
    urls |= {f"large-{n}": f"http://127.0.0.1:{ruffians_port}/large" for n in range(GREEDY)}
    urls |= {f"json-{n}": f"http://127.0.0.1:{ruffians_port}/json" for n in range(GREEDY)}
    call = {"kind": "call", "tool": "echo", "arguments": {"message": "hi"}}
    parsed = {"from": "text", "expect": [{"path": "$.m1", "equals": 1}]}
    return {
        "targets": {name: {"url": url, "protocol": "modern"} for name, url in urls.items()},
        "defaults": {"interval": "5s", "timeout": "5s"},
        "probes": {name: {"target": name, **call, **(parsed if name.startswith("json") else {})} for name in urls},
    }


def bound(running: Running, *, room: int | None) -> None:
    """Let a process have so much address space more than it has; without a bound again where it is None."""
    pid = running.process.pid
    _, hard = resource.prlimit(pid, resource.RLIMIT_AS)
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    [size] = [int(line.split()[1]) * 1024 for line in lines if line.startswith("VmSize:")]
    resource.prlimit(pid, resource.RLIMIT_AS, (hard if room is None else size + room, hard))


def passed(page: Page, before: Page) -> set[str]:
    """Targets with a run that passed between two readings."""
    return {
        sample.labels["target"]
        for sample in page.samples
        if sample.name == "mcp_probe_runs_total"
        and sample.labels["result"] == "pass"
        and sample.value > (before.value(sample.name, **sample.labels) or 0)
    }


def read(running: Running) -> Page | None:
    """The page of metrics; None where there was no memory to make it."""
    try:
        return metrics(running)
    except OSError:
        return None


def shortages(page: Page | None) -> float:
    return (page and page.value("mcp_prober_shortages_total")) or 0.0


def reasons(page: Page) -> set[str]:
    """Of the runs that were the last of their probes."""
    known = [sample for sample in page.samples if sample.name == "mcp_probe_failure_info" and sample.value]
    return {sample.labels["reason"] for sample in known}


@pytest.mark.alone
@pytest.mark.clock
def test_a_daemon_whose_memory_runs_out_blames_nobody_and_goes_on_when_there_is_some_again(tmp_path: Path) -> None:
    file = tmp_path / "memory.yaml"
    with crowd() as crowd_port, ruffians() as ruffians_port:
        document = configuration(crowd_port, ruffians_port)
        file.write_text(json.dumps(document))
        with daemon(file, "--history", tmp_path / "history.db", history=True) as running:
            start = metrics(running)
            until(lambda: len(passed(metrics(running), start)) >= WELL or None, "most pass")
            bound(running, room=0)
            until(lambda: shortages(read(running)) >= 3 or None, "memory runs out")
            seen = [page for page in (read(running),) if page]
            bound(running, room=None)
            seen.append(metrics(running))
            until(lambda: len(passed(metrics(running), seen[-1])) > WELL or None, "most pass again")
            print(f"{shortages(seen[-1]):.0f} shortages, reasons {[reasons(page) for page in seen]}")
            assert set().union(*map(reasons, seen)) <= {"prober_shortage", "undecided", "timeout"}, (
                "as of a busy machine"
            )
            assert running.stop() == -15
    log = "".join(running.log)
    assert "Traceback" not in log
    assert '"level": "error"' not in log, "nothing was lost that somebody waited for"


async def test_a_server_that_the_kernel_kills_for_its_memory_fails_with_what_to_do(tmp_path: Path) -> None:
    """Where no control group can be made, its own signal 9 stands for the kernel's."""
    with limited(64 * 1024 * 1024) as group:
        eats = f"echo $$$$ > {group}/cgroup.procs && x=a && while true; do x=$$x$$x; done; kill -9 $$$$"
        document = {
            "targets": {
                "greedy": {"command": ["sh", "-c", eats if group else "kill -9 $$$$"], "startup_timeout": "20s"}
            },
            "probes": {"p": {"target": "greedy", "kind": "handshake", "timeout": "20s"}},
        }
        [outcome] = await run_document(document, tmp_path)
        print(f"by {group or 'itself'}: {outcome.message}")
        assert (outcome.reason, outcome.message) == (Reason.PROCESS_EXITED, "the process exited by signal 9")
        assert outcome.evidence[0].situation == Situation.PROCESS_KILLED
        if group:
            assert killed_in(group) >= 1


@contextmanager
def limited(most: int) -> Iterator[Path | None]:
    """A control group with so many bytes of memory; None where none can be made."""
    for root, limit in (
        (Path("/sys/fs/cgroup"), "memory.max"), (Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes")
    ):  # fmt: skip
        group = root / f"mcp-prober-{os.getpid()}"
        try:
            group.mkdir()
        except OSError:
            continue
        try:
            if (group / limit).exists():
                (group / limit).write_text(str(most))
                with suppress(OSError):  # where there is no swap to be had, there is no such file
                    (group / "memory.swap.max").write_text("0")
                yield group
                return
        finally:
            until(partial(_removed, group), "the last process of the group is gone")
    yield None


def _removed(group: Path) -> bool | None:
    with suppress(OSError):
        group.rmdir()
    return None if group.exists() else True


def killed_in(group: Path) -> int:
    """How many processes the kernel has killed there for their memory."""
    [told] = [file for name in ("memory.events", "memory.oom_control") if (file := group / name).exists()]
    return int(dict(line.split() for line in told.read_text().splitlines())["oom_kill"])
