"""What a process of the prober's own does with its memory and its imports; never that of somebody who imports us."""

from __future__ import annotations

import gc
import sys


def begin() -> None:
    """At the start, before what is heavy is imported."""
    gc.set_threshold(50_000)  # collecting garbage during imports finds none and takes a tenth of the start
    # httpx imports its own command line along with itself (rich, pygments, click: 0.1 s at every start), where it can.
    # None in this table is how Python marks a module that is not to be had, and then httpx does without.
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type] # typeshed knows modules only


def keep_configuration() -> None:
    """Once a configuration is in force, which lives for months.

    With ten thousand probes, each garbage collection that looks through it would stop the loop for a tenth of a second,
    so it is frozen; the previous configuration is collected first.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
