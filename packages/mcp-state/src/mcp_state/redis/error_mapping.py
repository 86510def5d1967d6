"""Maps exceptions of redis-py to errors of the store protocol."""

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

from mcp_state.errors import StoreUnavailableError

OTHER_ERRORS: Final = (OSError, ValueError)
"""Exceptions of a call beside RedisError: a timeout is an OSError, a reply outside the protocol a ValueError."""

_UNUSABLE: Final = (ReadOnlyError, MasterDownError, ClusterDownError)
"""Replies of a server that no client can use at the moment."""

_REFUSED: Final = (
    *_UNUSABLE,
    AskError,
    AuthenticationError,
    BusyLoadingError,
    ClusterCrossSlotError,
    NoPermissionError,
    OutOfMemoryError,
    TryAgainError,
)
"""Replies without any execution. Any other error may come from the middle of a script."""

_REFUSED_CODES: Final = ("BUSY ", "MISCONF ", "NOREPLICAS ")
"""Codes of such replies that redis-py has no class for: the message begins with the code."""


def is_healthy_reply(error: Exception) -> bool:
    """Whether the error is a reply of a working server: no sign of an outage."""
    return isinstance(error, ResponseError | UnicodeError) and not isinstance(error, _UNUSABLE)


def store_error(error: Exception, *, sent_write: bool) -> StoreUnavailableError:
    """The store's error. `sent_write`: the call is a write, and Redis may have received it before the error."""
    message, detail = _texts(error)
    return StoreUnavailableError(message, detail=detail, maybe_written=sent_write and not _refused(error))


def _refused(error: Exception) -> bool:
    return isinstance(error, _REFUSED) or (isinstance(error, ResponseError) and str(error).startswith(_REFUSED_CODES))


def _texts(error: Exception) -> tuple[str, str]:
    """What callers may read, and what more the operator may read: hosts and ports, but no arguments of commands."""
    match error:
        case OutOfMemoryError():
            return "Redis is out of memory and takes no writes", ""
        case ReadOnlyError():
            return "this Redis is a read-only replica", ""
        case BusyLoadingError():
            return "Redis is loading its data", ""
        case AuthenticationError():
            return "Redis refuses the credentials", ""
        case TimeoutError():
            return "Redis did not answer in time", ""
        case ResponseError():
            code, _, _ = str(error).partition(" ")
            text, _, _ = str(error).partition(", with args")
            return f"Redis refused with {code if code.isupper() else 'ERR'}", text
        case ValueError():
            return "Redis gave an answer that cannot be read", type(error).__name__
    return "Redis cannot be reached", str(error).rstrip(".")
