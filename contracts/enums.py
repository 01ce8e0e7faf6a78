"""The enums that more than one process uses."""

from __future__ import annotations

import enum


class StrEnum(str, enum.Enum):
    """An enum whose members are strings and print as their value (`enum.StrEnum` needs Python 3.11)."""

    @staticmethod
    def _generate_next_value_(name: str, start: int, count: int, last_values: list[str]) -> str:
        """`auto()` is the member's name in lower case."""
        return name.lower()

    def __str__(self) -> str:
        return str(self.value)

    def __format__(self, format_spec: str) -> str:
        return format(str(self.value), format_spec)


class ChannelKind(StrEnum):
    """What the client holds in hand, whether the channel is live or simulated."""

    TELEGRAM = "telegram"
    """Buttons, bold text, long messages."""
    SMS = "sms"
    """Plain text: menus are numbered lines."""


class ExpectedInput(StrEnum):
    """What the client's next message is expected to hold."""

    CODE = "code"
    """A code: it goes into the vault and never reaches Rasa."""
    PHONE_NUMBER = "phone_number"
    """A phone number: its digits are not taken for a code."""


class HandoffReason(StrEnum):
    """Why a conversation is handed to people."""

    ASKED = "asked"
    """The client asked for a person."""
    URGENT = "urgent"
    """The client agreed to a person after an urgent topic; the context names the topic."""
    NOT_UNDERSTOOD = "not_understood"
    """The assistant did not understand twice in a row."""
    TASK_FAILED = "task_failed"
    """A task failed three times."""
    COMPLIANCE = "compliance"
    """The backend left the decision to the compliance department."""
    OUTAGE = "outage"
    """Rasa did not answer for too long."""
    TAKEN_OVER = "taken_over"
    """An agent stepped in."""


class Priority(StrEnum):
    """How soon a person is needed."""

    NORMAL = "normal"
    URGENT = "urgent"
    """Before everybody in the queue who only asked."""


class LinkStatus(StrEnum):
    """Whether the chat is linked to a user of the brokerage."""

    LINKED = "yes"
    NOT_LINKED = "no"
    UNKNOWN = "unknown"
    """The backend could not be asked."""


class ClarificationKind(StrEnum):
    """What was done about a message that was not clear enough to answer."""

    ASKED = "asked"
    """The client was asked which topic they meant."""
    REFUSED = "refused"
    """The assistant said that it has no answer."""
