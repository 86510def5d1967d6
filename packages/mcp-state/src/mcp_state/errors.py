"""The errors of shared state, and what a write that ended with one is counted as.

    StoreError
    ├── ConflictError                another writer came first: `conflict`
    │   ├── VersionConflictError     the version that was read is not the current one
    │   ├── ValueConflictError       the value that was read is not the current one
    │   ├── StaleTokenError          the fencing token of a guarded write is not the newest
    │   └── GaveUpError              a conflict on every try
    ├── RejectedError                the caller's mistake: `rejected`
    │   ├── UnknownSessionError      no such handle, or it expired
    │   ├── SessionExistsError       the handle to create is taken
    │   ├── LockHeldError            another owner holds the lock
    │   └── LockLostError            the caller does not hold the lock to release
    ├── StateLostError               a part of the session's state is missing from the store: `failed`, as the rest
    ├── StoreBusyError               no connection or no write lock within the bounded wait; nothing was written
    └── StoreUnavailableError        the store is down, broken or cut off by its circuit breaker

A store raises no other exception at run time: it maps the exceptions of its library to these.
"""

from __future__ import annotations


class StoreError(Exception):
    """Any refusal or failure of a store."""

    logged: bool = False
    """Whether the log has it, for a write that failed."""


class ConflictError(StoreError):
    """Another writer came first; nothing was written."""


class RejectedError(StoreError):
    """The write cannot be made as the caller asked for it; nothing was written."""


class UnknownSessionError(RejectedError):
    """No session has this handle: never created, deleted, or expired (a store need not distinguish these)."""

    def __init__(self, handle: str) -> None:
        super().__init__(f"unknown or expired session {handle!r}")
        self.handle = handle


class SessionExistsError(RejectedError):
    """The handle is taken by a live session."""

    def __init__(self, handle: str) -> None:
        super().__init__(f"session {handle!r} exists already")
        self.handle = handle


class VersionConflictError(ConflictError):
    """The version the caller read is not the current one; nothing was written.

    A store of your own may leave out `actual` where it learns no more than that its update matched no row.
    """

    def __init__(self, handle: str, *, expected: int, actual: int | None = None) -> None:
        now = "not at version" if actual is None else f"at version {actual}, not"
        super().__init__(f"session {handle!r} is {now} {expected}")
        self.handle = handle
        self.expected = expected
        self.actual = actual


class ValueConflictError(ConflictError):
    """The value the caller read is not the current one; nothing was written."""

    def __init__(self, handle: str) -> None:
        super().__init__(f"session {handle!r} does not hold the value that was expected")
        self.handle = handle


class GaveUpError(ConflictError):
    """A write met a conflict on every try; nothing was written."""

    def __init__(self, handle: str, *, tries: int) -> None:
        super().__init__(f"session {handle!r} was changed by others on each of {tries} tries")
        self.handle = handle
        self.tries = tries


class LockHeldError(RejectedError):
    """Another owner holds the lock; it expires in `expires_in` seconds unless released before."""

    def __init__(self, handle: str, *, expires_in: float) -> None:
        super().__init__(f"the lock of session {handle!r} is held for at most {expires_in:.3f} s more")
        self.handle = handle
        self.expires_in = expires_in


class LockLostError(RejectedError):
    """The caller does not hold the lock: it expired, was released already, or belongs to another owner."""

    def __init__(self, handle: str) -> None:
        super().__init__(f"the lock of session {handle!r} is not held by this owner")
        self.handle = handle


class StaleTokenError(ConflictError):
    """The newest grant has another fencing token; nothing was written."""

    def __init__(self, handle: str, *, token: int, current: int) -> None:
        super().__init__(f"fencing token {token} of session {handle!r} is not the newest, {current}")
        self.handle = handle
        self.token = token
        self.current = current


class StateLostError(StoreError):
    """A part of a session's state that was acknowledged is not in the store any more; nothing was written."""

    def __init__(self, handle: str, *, lost: str) -> None:
        super().__init__(f"the store has lost {lost} of session {handle!r}")
        self.handle = handle
        self.lost = lost


class StoreBusyError(StoreError):
    """No connection became free within the bounded wait. Nothing was written; a later retry may succeed."""


class StoreUnavailableError(StoreError):
    """The store cannot be used. `maybe_written`: the failure came after the write was sent, so it may have happened.

    `detail` is for the operator: it may name hosts, ports and files, which callers must not learn.
    """

    def __init__(self, message: str, *, detail: str = "", maybe_written: bool = False) -> None:
        super().__init__(message)
        self.detail = detail
        self.maybe_written = maybe_written


def explained(error: StoreError) -> str:
    """The error and what became of the write, for a caller to read."""
    if isinstance(error, StoreUnavailableError) and error.maybe_written:
        return f"{error}. The write may or may not have happened; read before trying again."
    return f"{error}. Nothing was written."
