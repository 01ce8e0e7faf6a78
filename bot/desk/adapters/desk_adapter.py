"""The interface of an external desk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.domain import ConversationId, Epoch, HandoffId

CLAIM, REPLY, RESOLVE = "claim", "reply", "resolve"


class DeskUnavailableError(Exception):
    """The desk does not answer now. The same call may be repeated."""


class UnknownCaseError(DeskUnavailableError):
    """The desk has no such case: it was deleted there."""


@dataclass(frozen=True)
class Entry:
    """A client's message: `id` grows within a conversation."""

    id: int
    text: str
    at: float


@dataclass(frozen=True)
class Case:
    """A case as an external desk gets it. `client` is masked.

    `about` is the context in words; `told` are the messages before the hand-off, oldest first.
    """

    handoff_id: HandoffId
    conversation_id: ConversationId
    conversation: str
    epoch: Epoch
    client: str
    channel: str
    language: str
    about: Sequence[str] = ()
    told: Sequence[str] = ()


@dataclass(frozen=True)
class AgentAct:
    """An agent's act at the external desk: `kind` is claim, reply or resolve; `id` identifies it for good."""

    id: str
    kind: str
    agent: str
    text: str = ""


class DeskAdapter(Protocol):
    """Five idempotent calls: each may be repeated after a failure."""

    async def open(self, case: Case) -> str:
        """Open the case and return the desk's id of it."""
        ...

    async def append(self, external_id: str, entries: Sequence[Entry], delivered: int, epoch: Epoch) -> None:
        """Append the client's messages, and the current epoch of the case.

        `delivered` counts the entries appended before.
        """
        ...

    async def note(self, external_id: str, text: str) -> None:
        """Add a private note."""
        ...

    async def poll(self, external_id: str, after: str) -> tuple[list[AgentAct], str]:
        """Return the agents' acts after the cursor `after` ("" for the beginning), in order, and the next cursor."""
        ...

    async def close(self, external_id: str, epoch: Epoch) -> None:
        """Close the case."""
        ...
