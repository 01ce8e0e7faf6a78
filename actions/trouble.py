"""What the backend has refused or left unanswered in a conversation: an agent is told, and three failures call one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from actions.backend import BackendError, ErrorKind

# A task that has failed so often is a person's matter.
ENOUGH = 3
# Of older ones an agent need not know.
KEPT = 8
# What a task goes on after, or what says that its end is reached already.
NO_FAILURE = {
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


class Trouble:
    """The errors since the last success or hand-over, each {task, code, request_id}, the newest last.

    `told` has the ids of what a person has been called for once already.
    """

    def __init__(self, errors: Iterable[dict[str, str]] = (), told: Iterable[str] = ()) -> None:
        self.errors = list(errors)
        self.told = list(told)

    @classmethod
    def from_slot(cls, value: Any) -> Trouble:
        """The trouble in the tracker's slot."""
        kept = value or {}
        return cls(kept.get("errors") or (), kept.get("told") or ())

    def as_json(self) -> dict[str, Any]:
        """The trouble as the tracker's slot keeps it."""
        return {"errors": self.errors, "told": self.told}

    def note(self, task: str, error: BackendError) -> None:
        """Add an error of the task `task`, a topic."""
        new = {"task": task, "code": error.kind.value, "request_id": error.request_id}
        self.errors = [*self.errors, new][-KEPT:]

    def is_enough(self, task: str) -> bool:
        """Whether the newest error is the task's third failure, or a later one."""
        failures = [e for e in self.errors if e["task"] == task and e["code"] not in NO_FAILURE]
        return len(failures) >= ENOUGH and failures[-1] is self.errors[-1]

    def over(self, task: str) -> None:
        """The task has come to its end."""
        self.errors = [error for error in self.errors if error["task"] != task]

    def clear(self) -> None:
        """A person knows of it, or the client has begun anew."""
        self.errors = []

    def first_time(self, id: str) -> bool:
        """Whether no person has been called for `id` yet; from now on one has."""
        if id in self.told:
            return False
        self.told = [*self.told, id][-KEPT:]
        return True
