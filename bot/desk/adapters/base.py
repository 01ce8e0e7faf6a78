"""What a desk must be able to do, whoever made it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

CLAIM, REPLY, RESOLVE = "claim", "reply", "resolve"


class DeskUnreachable(Exception):
    """The desk does not answer just now; the same call may be made again."""


class CaseUnknown(DeskUnreachable):
    """The desk answers, but has no such case: somebody has deleted it there."""


@dataclass(frozen=True)
class Entry:
    """Something a client has written: `id` grows within a conversation."""

    id: int
    text: str
    at: float


@dataclass(frozen=True)
class Case:
    """A hand-off as a desk is told of it. `client` is masked.

    `about` is what is known of it, in words, `told` what was said before, oldest first.
    """

    handoff_id: int
    conversation_id: int
    conversation: str
    epoch: int
    client: str
    channel: str
    language: str
    about: Sequence[str] = ()
    told: Sequence[str] = ()


@dataclass(frozen=True)
class AgentAct:
    """What an agent has done at their desk: `kind` is claim, reply or resolve; `id` names it for good."""

    id: str
    kind: str
    agent: str
    text: str = ""


class DeskAdapter(Protocol):
    """Five calls. Each may be repeated after a failure and then changes nothing that it has already done."""

    async def open(self, case: Case) -> str:
        """Put the case before the agents; gives back the desk's own id of it."""
        ...

    async def append(self, external_id: str, entries: Sequence[Entry], delivered: int, epoch: int) -> None:
        """Show what the client has written, and the epoch that the case is in now.

        `delivered` is how many entries of the case were appended before.
        """
        ...

    async def note(self, external_id: str, text: str) -> None:
        """Show agents something that clients do not see."""
        ...

    async def poll(self, external_id: str, after: str) -> tuple[list[AgentAct], str]:
        """What agents have done after the place `after` ("" for the beginning), in order, and the next such place."""
        ...

    async def close(self, external_id: str, epoch: int) -> None:
        """The case is over."""
        ...
