"""The deadlines of each ownership state."""

from __future__ import annotations

from dataclasses import dataclass
from enum import auto

from bot.domain import Awaiting, ConversationState
from contracts.enums import StrEnum

# The states without deadlines.
AT_REST = frozenset({ConversationState.ASSISTANT, ConversationState.CLOSED})
# The states in which an agent owns the conversation.
BY_AGENT = frozenset({ConversationState.ASSIGNED, ConversationState.HUMAN, ConversationState.WRAPUP})
# The states with an open case, which lasts a day at most.
IN_CASE = frozenset({ConversationState.QUEUED, ConversationState.ASSIGNED, ConversationState.HUMAN})
MAX_CASE_SECONDS = 24 * 3600

# A message within this time after a resolve reopens the case.
REOPEN_SECONDS = 120
# An agent without a heartbeat for this long is offline: two heartbeats of an open page were missed.
OFFLINE_SECONDS = 120


class DeadlineAction(StrEnum):
    """What happens at a deadline."""

    REMIND_CLIENT = auto()
    """Tell a queued client their place and the expected wait."""
    OFFER_TICKET = auto()
    """Offer a queued client a ticket."""
    MAKE_TICKET = auto()
    """Turn the request of a queued client into a ticket."""
    CHECK_AGENT = auto()
    """Requeue the client if the agent has gone."""
    NUDGE_AGENT = auto()
    """Remind the agent of a client who waits."""
    REQUEUE = auto()
    """Put the client back into the queue."""
    ASK_CLIENT = auto()
    """Ask a silent client whether they are still there."""
    WRAP_UP = auto()
    """End the case of a client who has left."""
    RETURN_TO_ASSISTANT = auto()
    """Give the conversation back to the assistant."""


@dataclass(frozen=True)
class Deadline:
    """An action that is due `after` seconds in a state."""

    after: float
    action: DeadlineAction


# Each state's deadlines in order. The last one leaves the state.
SCHEDULE: dict[tuple[ConversationState, Awaiting | None], tuple[Deadline, ...]] = {
    (ConversationState.QUEUED, None): (
        Deadline(60, DeadlineAction.REMIND_CLIENT),
        Deadline(300, DeadlineAction.REMIND_CLIENT),
        Deadline(600, DeadlineAction.OFFER_TICKET),
        Deadline(1200, DeadlineAction.MAKE_TICKET),
    ),
    (ConversationState.ASSIGNED, None): (
        Deadline(120, DeadlineAction.CHECK_AGENT),
        Deadline(300, DeadlineAction.REQUEUE),
    ),
    (ConversationState.HUMAN, Awaiting.AGENT): (
        Deadline(120, DeadlineAction.CHECK_AGENT),
        Deadline(300, DeadlineAction.CHECK_AGENT),
        Deadline(600, DeadlineAction.NUDGE_AGENT),
        Deadline(1200, DeadlineAction.CHECK_AGENT),
        Deadline(1800, DeadlineAction.REQUEUE),
    ),
    (ConversationState.HUMAN, Awaiting.CLIENT): (
        Deadline(900, DeadlineAction.ASK_CLIENT),
        Deadline(3600, DeadlineAction.WRAP_UP),
    ),
    (ConversationState.WRAPUP, None): (Deadline(600, DeadlineAction.RETURN_TO_ASSISTANT),),
    (ConversationState.AFTER_HOURS, None): (Deadline(600, DeadlineAction.RETURN_TO_ASSISTANT),),
    # The client has written the message that goes with the ticket.
    (ConversationState.AFTER_HOURS, Awaiting.CLIENT): (Deadline(120, DeadlineAction.RETURN_TO_ASSISTANT),),
    (ConversationState.BLOCKED, None): (Deadline(24 * 3600, DeadlineAction.RETURN_TO_ASSISTANT),),
}


def deadlines_of(state: ConversationState, awaiting: Awaiting | None) -> tuple[Deadline, ...]:
    """Return the deadlines of a state; none for a state at rest."""
    return SCHEDULE.get((state, awaiting)) or SCHEDULE.get((state, None), ())
