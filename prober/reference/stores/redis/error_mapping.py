"""Redis' errors, said in the words of the store protocol."""

from __future__ import annotations

from typing import Final

from redis.exceptions import (
    AskError,
    AuthenticationError,
    BusyLoadingError,
    ClusterCrossSlotError,
    ClusterDownError,
    MasterDownError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    ResponseError,
    TryAgainError,
)

from prober.reference.stores.errors import StoreUnavailableError

FOREIGN: Final = (OSError, ValueError)
"""What a call can raise besides RedisError: a deadline that passed is an OSError, an answer that is no Redis' a
ValueError."""

_UNUSABLE: Final = (ReadOnlyError, MasterDownError, ClusterDownError)
"""Answers that say this server cannot be used by anybody at the moment."""

_REFUSED: Final = (
    AskError,
    AuthenticationError,
    BusyLoadingError,
    ClusterCrossSlotError,
    ClusterDownError,
    MasterDownError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    TryAgainError,
)
"""Answers given instead of executing anything. Any other error may have come from the middle of a script."""

_REFUSED_CODES: Final = ("BUSY ", "MISCONF ", "NOREPLICAS ")
"""The same, where redis-py has no class for it and the message begins with the code."""


def says_well(error: Exception) -> bool:
    """True for an answer that shows a working server, whatever it refused: no sign of an outage."""
    return isinstance(error, ResponseError | UnicodeError) and not isinstance(error, _UNUSABLE)


def store_error(error: Exception, *, sent_write: bool) -> StoreUnavailableError:
    """The store's word for it. `sent_write`: the call is a write, and Redis may have got it before the error."""
    return StoreUnavailableError(_told(error), maybe_written=sent_write and not _refused(error))


def _refused(error: Exception) -> bool:
    return isinstance(error, _REFUSED) or (isinstance(error, ResponseError) and str(error).startswith(_REFUSED_CODES))


def _told(error: Exception) -> str:
    match error:
        case OutOfMemoryError():
            return "Redis is out of memory and takes no writes"
        case ReadOnlyError():
            return "this Redis is a read-only replica"
        case BusyLoadingError():
            return "Redis is loading its data"
        case AuthenticationError():
            return "Redis refuses the credentials"
        case TimeoutError():
            return "Redis did not answer in time"
        case ResponseError():
            return f"Redis refused: {error}"
        case ValueError():
            return f"Redis gave an answer that cannot be read: {error}"
    return f"Redis cannot be reached: {str(error).rstrip('.')}"
