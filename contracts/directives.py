"""Directives: what actions ask the gateway to do besides speaking. Actions have no database; these are their hands."""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct

from contracts.enums import ClarificationKind, ExpectedInput, HandoffReason, Priority
from contracts.handoff import HandoffContext


class ExpectInput(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="expect"):
    """The next message holds `what`, for `seconds` at most; with None nothing is expected any more."""

    what: ExpectedInput | None
    seconds: float = 600.0


class ReminderChoice(Struct, frozen=True, forbid_unknown_fields=True):
    """A button of a reminder: the name of its label among the topic's texts, and its payload."""

    text: str
    payload: str


class ScheduleReminder(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="remind"):
    """Say the text `text` of `topic` after `seconds`, in the language spoken then, unless the client writes before."""

    seconds: float
    topic: str
    text: str
    choices: tuple[ReminderChoice, ...] = ()


class RequestHandoff(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="handoff"):
    """Hand the conversation to a person."""

    reason: HandoffReason
    priority: Priority = Priority.NORMAL
    context: HandoffContext = HandoffContext()


class RecordClarification(
    Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="clarification"
):
    """Keep the message for a person to label: it was not clear. `candidates` are topics, the likeliest first."""

    kind: ClarificationKind
    candidates: tuple[str, ...] = ()


Directive: TypeAlias = ExpectInput | ScheduleReminder | RequestHandoff | RecordClarification
