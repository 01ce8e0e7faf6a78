"""The gateway's vocabulary: ids, and the enums of what its tables hold."""

from __future__ import annotations

from enum import auto
from typing import NewType

from contracts.enums import StrEnum

ConversationId = NewType("ConversationId", int)
InboundId = NewType("InboundId", int)
OutboundId = NewType("OutboundId", int)
HandoffId = NewType("HandoffId", int)
AgentId = NewType("AgentId", int)
Epoch = NewType("Epoch", int)


class ConversationState(StrEnum):
    """Who has a conversation."""

    ASSISTANT = "ASSISTANT"
    """The assistant answers."""
    QUEUED = "QUEUED"
    """The client waits for an agent."""
    ASSIGNED = "ASSIGNED"
    """An agent has claimed it and has not written yet."""
    HUMAN = "HUMAN"
    """An agent and the client talk."""
    WRAPUP = "WRAPUP"
    """The agent has resolved it; the client is asked for a score."""
    AFTER_HOURS = "AFTER_HOURS"
    """It became a ticket; the client may add to it."""
    CLOSED = "CLOSED"
    """Over until the client writes again."""
    BLOCKED = "BLOCKED"
    """An agent blocked the client."""


class Awaiting(StrEnum):
    """For whose message a conversation with an agent waits."""

    AGENT = "agent"
    CLIENT = "client"


class UnreachableReason(StrEnum):
    """Why nothing may be sent to a client."""

    OPTED_OUT = "stopped"
    """The client's own wish; only their own "start" ends it."""
    BLOCKED = "blocked"
    """The client blocked the assistant, or deleted their account."""
    UNUSABLE = "unusable"
    """The number or chat takes no messages: a landline, an unknown handset."""


class ReachabilityChange(StrEnum):
    """What an inbound message changes about reachability."""

    OPT_OUT = auto()
    """The client wants no more messages."""
    BLOCK = auto()
    """The client blocked the assistant on the platform."""
    REGAIN = auto()
    """The client wrote, or unblocked the assistant: messages can be sent again."""


class InboundKind(StrEnum):
    """What an inbound message is."""

    TEXT = "text"
    """A redacted text."""
    BUTTON = "button"
    """A button's token."""
    CODE = "code"
    """The vault's reference to a code."""
    LINK = "link"
    """The vault's reference to a link token."""
    COMMAND = "command"
    """The name of a command to the gateway, such as `language ja`."""
    EDIT = "edit"
    """An earlier text as it reads now: recorded, not answered."""
    EVENT = "event"
    """Something that happened in the chat without being said: recorded, perhaps with a notice."""


class InboundStatus(StrEnum):
    """How far an inbound message has come."""

    QUEUED = "queued"
    DONE = "done"
    DEAD = "dead"
    """Given up after several failures."""


class ChatEvent(StrEnum):
    """What happens in a chat without being said: the content of an inbound message of kind `event`."""

    BLOCKED = auto()
    UNBLOCKED = auto()
    FOREIGN_CONTACT = auto()
    """The client sent somebody else's contact."""
    MEDIA = auto()
    """A picture, a voice message, a file."""
    GROUP = auto()
    """The assistant was added to a group."""


class TurnOutcome(StrEnum):
    """What became of one attempt to answer an inbound message."""

    ANSWERED = auto()
    TO_DESK = auto()
    """It is for people, or the gateway carried out the choice itself."""
    NOTICE = auto()
    """A notice answered it without the dialogue engine."""
    OVERTAKEN = auto()
    """The conversation got another owner during the turn; the message is looked at again."""
    RETRIED = auto()
    GIVEN_UP = auto()


class Consumer(StrEnum):
    """Who an inbound message is for, decided once: what people are to read never runs through Rasa."""

    ASSISTANT = "assistant"
    DESK = "desk"


class Origin(StrEnum):
    """Who says an outbound message."""

    ASSISTANT = "assistant"
    AGENT = "agent"
    BACKEND = "backend"
    """A notice of the auth backend, in our words."""
    SYSTEM = "system"
    """A notice of the gateway."""


class OutboundStatus(StrEnum):
    """How far an outbound message has come."""

    QUEUED = "queued"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
    DROPPED = "dropped"
    """Not sent: the owner changed, or the client cannot be reached."""
    UNKNOWN = "unknown"
    """It may have been sent, and nobody can find out."""


class Role(StrEnum):
    """What an account at the desk may do."""

    AGENT = "agent"
    LEAD = "lead"
    """An agent who may also see figures and write canned replies."""
    AUDITOR = "auditor"
    """Reads everything and changes nothing."""


WORKING_ROLES = (Role.AGENT, Role.LEAD)
"""The roles that may own conversations."""


class TicketReason(StrEnum):
    """Why a request became a ticket."""

    CLOSED = "closed"
    """Outside the desk's hours."""
    BUSY = "busy"
    """The queue was full."""
    NOBODY_CAME = "nobody_came"
    """No agent claimed it in time."""
    ASKED_FOR = "asked_for"
    """The client chose to leave a message."""
    TOO_LONG = "too_long"
    """The case was open for a day."""


class TicketStatus(StrEnum):
    """Whether a ticket is still to be dealt with."""

    OPEN = "open"
    DONE = "done"


class Outcome(StrEnum):
    """How a case ended."""

    SOLVED = "solved"
    EXPLAINED = "explained"
    PASSED_ON = "passed_on"
    NOT_REACHED = "not_reached"
    NOT_OURS = "not_ours"
    GIVEN_BACK = "given_back"
    CANCELLED = "cancelled"
    TICKET = "ticket"
    CLIENT_LEFT = "client_left"
    BLOCKED = "blocked"
    CLOSED_ELSEWHERE = "closed_elsewhere"


AGENT_OUTCOMES = (
    Outcome.SOLVED,
    Outcome.EXPLAINED,
    Outcome.PASSED_ON,
    Outcome.NOT_REACHED,
    Outcome.NOT_OURS,
)
"""The outcomes that an agent may choose."""


class OwnershipEvent(StrEnum):
    """What happened to a conversation's ownership."""

    REQUESTED = auto()
    CLAIMED = auto()
    TAKEN_OVER = auto()
    ANSWERED = auto()
    TRANSFERRED = auto()
    RESOLVED = auto()
    REOPENED = auto()
    GIVEN_BACK = auto()
    CANCELLED = auto()
    SCORED = auto()
    CAME_BACK = auto()
    WENT_ON = auto()
    TIME_OVER = auto()
    CLIENT_LEFT = auto()
    NUDGED = auto()
    NO_ANSWER = auto()
    AGENT_GONE = auto()
    BLOCKED = auto()
    UNBLOCKED = auto()
    TICKET_CLOSED = auto()
    TICKET_BUSY = auto()
    TICKET_NOBODY_CAME = auto()
    TICKET_ASKED_FOR = auto()
    TICKET_TOO_LONG = auto()

    @classmethod
    def ticket(cls, reason: TicketReason) -> OwnershipEvent:
        """Return the event of a request that became a ticket."""
        return cls(f"ticket_{reason}")


class WebhookStatus(StrEnum):
    """How far an event has come on its way to the operator's webhook."""

    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"


class Notice(StrEnum):
    """The gateway's own notices: texts of the topic `notices`, stored with a message by name."""

    SECRET_REMOVED = auto()
    TOO_LONG = auto()
    ENGINE_DOWN = auto()
    OLD_BUTTON = auto()
    MESSAGE_FAILED = auto()
    EMPTY = auto()
    STOPPED = auto()
    STARTED = auto()
    HELP = auto()
    LANGUAGE = auto()
    MEDIA = auto()
    FOREIGN_CONTACT = auto()
    PRIVATE_ONLY = auto()
    MISSED = auto()
    MISSED_FILTERED = auto()
    NO_SUCH_CHOICE = auto()
    TELEGRAM_INSTEAD = auto()
