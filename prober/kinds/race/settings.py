"""The settings of a race: which tools stand for the operations of a model, how many clients use them, how long."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, get_args

from prober.config.checks import ExpectationField, JsonPathField, Source
from prober.config.field_types import Choice, Converted, Expanding, Integer, JsonObject, ListOf, Text
from prober.config.mapping_schema import Key, key, keys_of, mapping_of
from prober.config.quantities import Duration
from prober.kinds.race.models import MODELS, OPERATIONS
from prober.kinds.step import STEP, Step

if TYPE_CHECKING:
    from prober.assertions.expectations import Expectation

MOST_CLIENTS: Final = 64
MOST_OPERATIONS: Final = 2_000
"""The most that one run asks of a server. A history of that size is judged without holding up other probes."""

ALL_OPS: Final = "ops"
"""In the arguments of the cleanup: the list of everything that the clients tried to write."""


_frozen: Final[Callable[[Iterable[Any]], frozenset[Any]]] = frozenset


@dataclass(frozen=True, kw_only=True)
class RaceCall:
    """The tool that stands for one operation of a model, and where its answer says what the model needs."""

    tool: str = field(metadata=key(Text(), "The tool to call."))
    arguments: Mapping[str, Any] = field(
        default_factory=dict,
        repr=False,
        metadata=key(
            Expanding(JsonObject()),
            'Arguments of the call. "{scratch}" is the object of this run, "{op}" a unique text to write, "{client}"'
            ' the number of the client, "{version}" the version it saw last or its fencing token, "{value}" what it was'
            " told when it acquired the lock.",
        ),
    )
    source: Source = field(
        default="structured",
        metadata=key(
            Choice(get_args(Source)),
            "Where the paths lead: `structured` content, the `text` parsed as JSON, or the whole `result`.",
            name="from",
        ),
    )
    value: str | None = field(
        default=None,
        metadata=key(
            JsonPathField(),
            "JSONPath of what the answer shows: a number, a text, an array or all elements of a collection.",
        ),
    )
    version: str | None = field(
        default=None, metadata=key(JsonPathField(), "JSONPath of the version or fencing token in the answer.")
    )
    fields: tuple[str, ...] = field(
        default=(),
        metadata=key(
            ListOf(item=JsonPathField(), wanted="a list of JSONPaths", least=2),
            "JSONPaths of the fields that are written together.",
        ),
    )
    conflict_when: tuple[Expectation, ...] = field(
        default=(),
        metadata=key(
            ListOf(item=ExpectationField(), wanted="a list of expectations", least=1),
            "How a call that was turned down looks: expectations of the whole result that then all hold.",
        ),
    )
    """Then the operation had no effect."""
    weight: int = field(
        default=1,
        metadata=key(Integer(least=1, most=100), "How often this operation is chosen, compared with the others."),
    )


_CALL: Final = mapping_of(RaceCall)


@dataclass(frozen=True, kw_only=True)
class RaceSettings:
    """Several clients on one scratch object at once, their history held against a model."""

    model: str = field(metadata=key(Choice(tuple(MODELS)), "What the object is, and so what may never be seen of it."))
    calls: Mapping[str, RaceCall]
    """By the model's names for its operations, which are keys of the probe."""
    clients: int = field(
        default=4,
        metadata=key(
            Integer(least=2, most=MOST_CLIENTS),
            "How many clients race, each with a session of its own; on stdio they share the processes.",
        ),
    )
    processes: int | None = field(
        default=None,
        metadata=key(
            Integer(least=1, most=16), "How many processes of a stdio server work on the same state; two if not given."
        ),
    )
    operations: int = field(
        default=200, metadata=key(Integer(least=2, most=MOST_OPERATIONS), "How many calls the race has at most.")
    )
    seconds: float = field(default=10.0, metadata=key(Duration(), "How long the race lasts at most."))
    """Never longer than the deadline leaves room for."""
    setup: Step | None = field(
        default=None, metadata=key(STEP, "A call before the race; it may capture names for the others.")
    )
    cleanup: Step | None = field(
        default=None, metadata=key(STEP, 'A call that is made in any case; "{ops}" is all writes.')
    )
    ttl: float | None = field(default=None, metadata=key(Duration(), "How long a granted lock lasts."))
    """None where a lock does not expire."""
    staleness: float | None = field(default=None, metadata=key(Duration(), "How far a read may be behind: for caches."))
    guarantees: frozenset[str] = field(
        default=frozenset(),
        metadata=key(
            Converted(
                ListOf(item=Choice(("monotonic_reads", "read_your_writes")), wanted="a list of guarantees"), _frozen
            ),
            "What each client may still rely on where reads may be behind.",
        ),
    )
    seed: int | None = field(
        default=None,
        metadata=key(
            Integer(least=0, most=2**32 - 1), "Makes the choice of operations and delays the same in every run."
        ),
    )
    """None: a new seed for every run."""


def keys() -> tuple[Key, ...]:
    """The keys of a race. The keys of the operations follow the key `model`."""
    model, *others = keys_of(RaceSettings)
    return (model, *map(_operation_key, OPERATIONS), *others)


def _operation_key(name: str) -> Key:
    models = " and ".join(model for model, asked in MODELS.items() if name in asked.operations)
    return Key(name=name, value_type=_CALL, help=f"The tool that is the {name} of {models}.")
