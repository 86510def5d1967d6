"""The parts that tools and the state layer work with, as one value."""

from __future__ import annotations

from dataclasses import dataclass

from prober.reference.contention import Contention
from prober.reference.metrics import ReferenceMetrics
from prober.reference.settings import Settings
from prober.reference.state.cache import ReadThroughCache
from prober.reference.state.projection import StateCache
from prober.reference.state.store_failures import StoreFailures
from prober.reference.stores.protocol import Store
from prober.reference.stores.values import Config


@dataclass(frozen=True, kw_only=True)
class Context:
    """One server's parts. `store` is a FaultyStore around the real one."""

    settings: Settings
    store: Store
    metrics: ReferenceMetrics
    contention: Contention
    configs: ReadThroughCache[Config]
    states: StateCache
    failures: StoreFailures
