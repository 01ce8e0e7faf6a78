"""Commands: an intent and its entities become one command about the open flow, here and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from contracts.enums import StrEnum
from contracts.payloads import Payload

GUIDE_COMMAND = "guide_command"
"""The entity by which words or a button say what to do with the open guide."""
TASK_COMMAND = "task_command"
"""The same for the open task."""
# Buttons that the version before this one has sent name these entities, and two values, differently.
_FORMER_ENTITIES = {GUIDE_COMMAND: "walk", TASK_COMMAND: "task"}
_FORMER_VALUES = {"all": "show_all", "missing": "missing_code"}


class Command(StrEnum):
    """A command about the guide or task on top of the dialogue stack."""

    YES = "yes"
    """Yes to what was asked last."""
    NO = "no"
    """No to what was asked last."""
    NEXT = "next"
    """The step is done: the next one."""
    BACK = "back"
    """The step before."""
    STUCK = "stuck"
    """The step does not work."""
    ANSWER = "answer"
    """The message answers a question of what is open, now or as a correction."""
    CODE = "code"
    """The message holds a code: a reference into the gateway's vault."""
    REPEAT = "repeat"
    """Show it again."""
    WHERE = "where"
    """Say where we are."""
    SHOW_ALL = "show_all"
    """Show all steps at once."""
    FINISH = "finish"
    """Close the guide as walked to its end."""
    RESUME = "resume"
    """Go on after an interruption."""
    STOP = "stop"
    """Close what is on top."""
    LEAVE = "leave"
    """Leave the task."""
    RESEND = "resend"
    """Send a new code."""
    MISSING_CODE = "missing_code"
    """The code has not come."""
    CHANGE_NUMBER = "change_number"
    """Use another number."""
    HOW = "how"
    """Say how to do it without the assistant."""
    LINK = "link"
    """Link this chat to a user of the brokerage."""
    UNLINK = "unlink"
    """End the link of this chat."""
    OTHER = "other"
    """Nothing of the above."""


_BY_INTENT = {
    "affirm": Command.YES,
    "deny": Command.NO,
    "step_done": Command.NEXT,
    "step_back": Command.BACK,
    "step_stuck": Command.STUCK,
}
# "It does not work again" calls for help, not for the same step once more.
_YIELD_TO_STUCK = frozenset({Command.REPEAT, Command.RESUME, None})


@dataclass(frozen=True)
class Situation:
    """Where the conversation stands when a message comes, as far as it decides what the message means."""

    is_guide: bool = False
    """Whether a guide is on top, not a task or a pending topic."""
    is_at_step: bool = False
    """Whether the guide stands at a step that may not work, not at a question."""
    is_paused: bool = False
    """Whether the client was just asked whether to go on, after an interruption."""
    is_answer: bool = False
    """Whether the message answers what is asked, or corrects an answer."""


def resolve_command(intent: str, entities: Mapping[str, str], situation: Situation) -> Command:
    """Return what the client wants.

    The order of precedence: a code; a command in words or by a button; help with a step; an answer; yes, no and the
    like. A yes or no right after an interruption answers "shall we go on?" and nothing else.
    """
    if "code" in entities:
        return Command.CODE
    command = named_command(entities, GUIDE_COMMAND)
    if not situation.is_guide:
        command = named_command(entities, TASK_COMMAND) or command
    may_be_stuck = situation.is_at_step or not situation.is_guide
    if intent == "step_stuck" and command in _YIELD_TO_STUCK and may_be_stuck:
        return Command.STUCK
    if command is not None:
        return command
    if situation.is_answer:
        return Command.ANSWER
    by_intent = _BY_INTENT.get(intent, Command.OTHER)
    return _after_interruption(by_intent, situation) if situation.is_paused else by_intent


def _after_interruption(command: Command, situation: Situation) -> Command:
    match command:
        case Command.YES:
            return Command.RESUME
        case Command.NEXT if not situation.is_guide:
            return Command.RESUME
        case Command.NO:
            return Command.STOP
    return command


def named_command(entities: Mapping[str, str], entity: str) -> Command | None:
    """Return the command that the entity names, None when it is absent or unknown."""
    value = entities.get(entity) or entities.get(_FORMER_ENTITIES[entity], "")
    value = _FORMER_VALUES.get(value, value)
    try:
        return Command(value)
    except ValueError:
        return None


def guide_payload(command: Command) -> str:
    """Return the payload of a button that gives a command about the open guide or what lies below it."""
    return Payload.answer(**{GUIDE_COMMAND: command.value}).encode()


def task_payload(command: Command) -> str:
    """Return the payload of a button that gives a command about the open task."""
    return Payload.answer(**{TASK_COMMAND: command.value}).encode()
