"""The settings of a race: the tools of the model's operations, the number of clients, limits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, get_args

from prober.config.answer_checks import ExpectationField, JsonPathField, Source
from prober.config.fields.field_types import Choice, Integer, JsonObject, ListOf, Text
from prober.config.fields.mapping_schema import Key, key, keys_of, mapping_of, settings
from prober.config.fields.unit_fields import Duration
from prober.config.fields.wrapping import Converted, Expanding
from prober.kinds.race.models import MODELS, OPERATIONS
from prober.kinds.step import STEP, Step

if TYPE_CHECKING:
    from prober.assertions.expectations import Expectation

MOST_CLIENTS: Final = 64
MOST_OPERATIONS: Final = 2_000
"""The most calls of one run. A trace of this size is judged without delaying other probes."""

ALL_OPS: Final = "ops"
"""A placeholder in the arguments of the cleanup: the list of all elements that clients tried to write."""

_frozen: Final[Callable[[Iterable[Any]], frozenset[Any]]] = frozenset


@settings
class RaceCall:
    """The tool that stands for one operation of a model, and where its answer says what the model needs."""

    tool: str = key(Text(), "The tool to call.")
    arguments: Mapping[str, Any] = key(
        Expanding(JsonObject()),
        'Arguments of the call. "{scratch}" is the object of this run, "{op}" a unique text to write, "{client}"'
        ' the number of the client, "{version}" the version it saw last or its fencing token, "{value}" what it was'
        " told when it acquired the lock.",
        default_factory=dict,
        repr=False,
    )
    source: Source = key(
        Choice(get_args(Source)),
        "Where the paths lead: `structured` content, the `text` parsed as JSON, the whole `result`, or `result-text`.",
        name="from",
        default="structured",
    )
    value: str | None = key(
        JsonPathField(),
        "JSONPath of what the answer shows: a number, a text, an array or all elements of a collection.",
        default=None,
    )
    version: str | None = key(JsonPathField(), "JSONPath of the version or fencing token in the answer.", default=None)
    fields: tuple[str, ...] = key(
        ListOf(item=JsonPathField(), wanted="a list of JSONPaths", least=2),
        "JSONPaths of the fields that are written together.",
        default=(),
    )
    conflict_when: tuple[Expectation, ...] = key(
        ListOf(item=ExpectationField(), wanted="a list of expectations", least=1),
        "How a call that was turned down looks, or a dequeue of an empty queue where it gives no null: expectations of"
        " the whole result that then all hold.",
        default=(),
    )
    """A conflict: the operation had no effect."""
    weight: int = key(
        Integer(least=1, most=100), "How often this operation is chosen, compared with the others.", default=1
    )


_CALL: Final = mapping_of(RaceCall)


@settings
class RaceSettings:
    """Several clients on one scratch object at once, their trace judged by a model."""

    model: str = key(Choice(tuple(MODELS)), "What the object is, and so what may never be seen of it.")
    calls: Mapping[str, RaceCall]
    """By operation of the model; the names are keys of the probe."""
    clients: int = key(
        Integer(least=2, most=MOST_CLIENTS),
        "How many clients race, each with a session of its own; on stdio they share the processes.",
        default=4,
    )
    processes: int | None = key(
        Integer(least=1, most=16),
        "How many processes of a stdio server work on the same state; two if not given.",
        default=None,
    )
    operations: int = key(Integer(least=2, most=MOST_OPERATIONS), "How many calls the race has at most.", default=200)
    seconds: float = key(Duration(), "How long the race lasts at most.", default=10.0)
    """Shorter if the deadline comes first."""
    setup: Step | None = key(STEP, "A call before the race; it may capture names for the others.", default=None)
    cleanup: Step | None = key(STEP, 'A call that is made in any case; "{ops}" is all writes.', default=None)
    ttl: float | None = key(Duration(), "How long a granted lock lasts.", default=None)
    """None where a lock does not expire."""
    staleness: float | None = key(Duration(), "How far a read may be behind: for caches.", default=None)
    guarantees: frozenset[str] = key(
        Converted(ListOf(item=Choice(("monotonic_reads", "read_your_writes")), wanted="a list of guarantees"), _frozen),
        "What each client may still rely on where reads may be behind.",
        default=frozenset(),
    )
    seed: int | None = key(
        Integer(least=0, most=2**32 - 1),
        "Makes the choice of operations and delays the same in every run.",
        default=None,
    )
    """None: a new seed for every run."""


def keys() -> tuple[Key, ...]:
    """The keys of a race. The keys of the operations follow the key `model`."""
    model, *others = keys_of(RaceSettings)
    return (model, *map(_operation_key, OPERATIONS), *others)


def _operation_key(name: str) -> Key:
    models = " and ".join(name_of for name_of, model in MODELS.items() if name in model.operations)
    return Key(name=name, value_type=_CALL, help=f"The tool that is the {name} of {models}.")
