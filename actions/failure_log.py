"""The backend's refusals and failures in a conversation. Three failures of a task call a person."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from msgspec import Struct

from actions.backend import BackendError, ErrorKind
from contracts.codec import ContractError, convert, to_builtins

logger = logging.getLogger(__name__)

ESCALATE_AFTER = 3
"""A task that has failed so many times is a person's matter."""
MAX_ENTRIES = 8
"""Older entries are dropped."""
# What a task goes on after, or what says that its end is reached already.
_NO_FAILURE = {
    kind.value
    for kind in (
        # The code has its own count of tries, and the last of them is LOCKED.
        ErrorKind.WRONG_CODE,
        ErrorKind.RESEND_TOO_EARLY,
        ErrorKind.NOT_LINKED,
        ErrorKind.ALREADY_LINKED,
        ErrorKind.ALREADY_VERIFIED,
        ErrorKind.REQUEST_OPEN,
    )
}


class TaskFailure(Struct, frozen=True):
    """One refusal or failure of the backend."""

    task: str
    """The task's topic."""
    code: str
    request_id: str
    """The id of the call in the backend's own log."""


class _FailureSlot(Struct, frozen=True):
    errors: tuple[TaskFailure, ...] = ()
    escalated_ids: tuple[str, ...] = ()


class FailureLog:
    """The errors since the last success or hand-off, the newest last, and the ids a person was called for once."""

    def __init__(self, errors: Iterable[TaskFailure] = (), escalated_ids: Iterable[str] = ()) -> None:
        self.errors = tuple(errors)
        self.escalated_ids = tuple(escalated_ids)

    @classmethod
    def from_slot(cls, value: object) -> FailureLog:
        """Read the tracker's slot. One that cannot be read is dropped."""
        try:
            kept: _FailureSlot = convert(value or {}, _FailureSlot)
        except ContractError as error:
            logger.warning("unreadable failure log dropped: %s", error)
            return cls()
        return cls(kept.errors, kept.escalated_ids)

    def to_slot(self) -> object:
        """Return the log as the tracker's slot keeps it."""
        return to_builtins(_FailureSlot(self.errors, self.escalated_ids))

    def record(self, task: str, error: BackendError) -> None:
        """Add an error of the task `task`, a topic."""
        entry = TaskFailure(task, error.kind.value, error.request_id)
        self.errors = (*self.errors, entry)[-MAX_ENTRIES:]

    def should_escalate(self, task: str) -> bool:
        """Return whether the newest error is the task's third failure, or a later one."""
        failures = [e for e in self.errors if e.task == task and e.code not in _NO_FAILURE]
        return len(failures) >= ESCALATE_AFTER and failures[-1] is self.errors[-1]

    def reset(self, task: str) -> None:
        """Forget the errors of a task that has succeeded."""
        self.errors = tuple(error for error in self.errors if error.task != task)

    def clear(self) -> None:
        """Forget all errors: a person knows of them, or the client has started over."""
        self.errors = ()

    def escalate_once(self, id: str) -> bool:
        """Return whether no person has been called for `id` yet, and note that one is called now."""
        if id in self.escalated_ids:
            return False
        self.escalated_ids = (*self.escalated_ids, id)[-MAX_ENTRIES:]
        return True
