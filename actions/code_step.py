"""The step at which a task waits for a code: typed, wrong, expired, locked, sent again, missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from msgspec.structs import replace

from actions import guide_flow
from actions.backend import BackendError, Delivery, ErrorKind
from actions.delivery_texts import delivery_text
from actions.dialogue_commands import Command, task_payload
from actions.flow_states import CodeEntry
from actions.patterns import offer_return, say_cancelled, say_unavailable
from actions.replies import LEAVE_BUTTON, ButtonDraft, ReplyDraft, task_button, topic_button
from actions.turn import Turn
from actions.vault_client import VaultClient
from contracts.directives import ExpectInput, ReminderChoice, ScheduleReminder
from contracts.enums import ExpectedInput
from knowledge.rendering import TextId

EXPECT_SECONDS = 600.0
REMIND_SECONDS = 180.0
# How long a new code is refused where the backend does not say it.
DEFAULT_RESEND_SECONDS = 120

MISSING_BUTTON = task_button("codes", "missing", Command.MISSING_CODE)
RESEND_BUTTON = task_button("codes", "resend", Command.RESEND)
PERSON_BUTTON = topic_button("human")
CODE_BUTTONS = (MISSING_BUTTON, RESEND_BUTTON, LEAVE_BUTTON)
EXPECT_CODE = ExpectInput(ExpectedInput.CODE, EXPECT_SECONDS)
EXPECT_NOTHING = ExpectInput(None)
_REMINDER = ScheduleReminder(
    REMIND_SECONDS,
    "codes",
    "reminder",
    (
        ReminderChoice("missing", task_payload(Command.MISSING_CODE)),
        ReminderChoice("resend", task_payload(Command.RESEND)),
        ReminderChoice("leave", task_payload(Command.LEAVE)),
    ),
)


@dataclass(frozen=True)
class TaskEnd:
    """How a task ends that the backend refuses: what is said, and what is offered instead."""

    text: TextId
    button: ButtonDraft = PERSON_BUTTON


CODE_ENDS: dict[ErrorKind, TaskEnd] = {
    ErrorKind.LOCKED: TaskEnd(TextId("codes", "locked")),
    ErrorKind.TOO_MANY_SENDS: TaskEnd(TextId("codes", "too_many_sends")),
    ErrorKind.TOO_MANY_REQUESTS: TaskEnd(TextId("codes", "too_many_requests")),
    ErrorKind.NOT_FOUND: TaskEnd(TextId("codes", "expired_for_good")),
    ErrorKind.ALREADY_VERIFIED: TaskEnd(TextId("codes", "expired_for_good")),
}
"""The refusals that end every task with a code."""


class CodeOwner(Protocol):
    """The task that a code is for."""

    topic: str
    frame_topic: str

    async def resend_code(self, turn: Turn, entry: CodeEntry) -> None:
        """Have a new code sent. Raises BackendError."""

    async def redeem_code(self, turn: Turn, entry: CodeEntry, code: str) -> None:
        """Hand the code in, close the task and say what it brought. Raises BackendError."""

    async def find_delivery(self, turn: Turn, entry: CodeEntry) -> Delivery:
        """Return what became of the code that was sent last. Raises BackendError."""


@dataclass(frozen=True)
class CodeStep:
    """The step that all tasks with a code share. Its texts about the code are in the topic `codes`."""

    owner: CodeOwner
    vault: VaultClient
    ends: Mapping[ErrorKind, TaskEnd]
    buttons: tuple[ButtonDraft, ...] = CODE_BUTTONS
    missing_text: TextId | None = None
    """Said of a missing code where it must not be told what became of it."""

    async def proceed(self, turn: Turn, entry: CodeEntry, command: Command) -> None:
        """Carry out a command while the code is awaited."""
        match command:
            case Command.CODE:
                await self._check(turn, entry)
            case Command.RESEND:
                await self._resend(turn, entry)
            case Command.YES if entry.is_resend_offered:
                await self._resend(turn, entry)
            case Command.NO if entry.is_resend_offered:
                self.leave(turn)
            case Command.MISSING_CODE | Command.STUCK:
                await self.say_missing(turn, entry)
            case _:
                self.show(turn, entry)

    def show(self, turn: Turn, entry: CodeEntry) -> None:
        """Say again that the code is awaited."""
        if entry.is_resend_offered:
            self._offer_resend(turn, entry)
        else:
            self.wait(turn, entry, TextId("codes", "waiting_code"))

    def wait(self, turn: Turn, entry: CodeEntry, text: TextId, **values: object) -> None:
        """Say `text` and wait for the code, with a reminder if nothing comes."""
        turn.stack.enter(replace(entry, is_resend_offered=False))
        turn.direct(EXPECT_CODE)
        turn.direct(_REMINDER)
        turn.say_draft(ReplyDraft(text, self.buttons, values))

    async def say_missing(self, turn: Turn, entry: CodeEntry) -> None:
        """Say what became of the code, and look for the cause with the client."""
        turn.stack.update(paused=False)
        if self.missing_text is not None:
            self.wait(turn, entry, self.missing_text)
            return
        try:
            delivery = await self.owner.find_delivery(turn, entry)
        except BackendError:
            # The guide that looks for the cause is good without knowing.
            pass
        else:
            turn.say_draft(ReplyDraft(delivery_text(delivery)))
        turn.direct(EXPECT_CODE)
        guide_flow.begin(turn, "sms_missing", {"which_sms": "confirm"})

    def refuse(self, turn: Turn, error: BackendError) -> None:
        """Say what the backend refused, in our words, and stay or end accordingly."""
        turn.record_failure(self.owner.topic, error, self.owner.frame_topic)
        frame = turn.stack.current
        entry = frame.state if frame and isinstance(frame.state, CodeEntry) else None
        details = error.details
        if error.kind in self.ends:
            self.end(turn, self.ends[error.kind].text, [self.ends[error.kind].button])
        elif entry is None:
            say_unavailable(turn)
        elif error.kind is ErrorKind.WRONG_CODE:
            self.wait(turn, entry, TextId("codes", "wrong_code"), left=details.get("checks_left", 0))
        elif error.kind is ErrorKind.RESEND_TOO_EARLY:
            seconds = details.get("retry_after", DEFAULT_RESEND_SECONDS)
            self.wait(turn, entry, TextId("codes", "resend_too_early"), seconds=seconds)
        elif error.kind is ErrorKind.EXPIRED:
            self._offer_resend(turn, entry)
        else:
            say_unavailable(turn)

    def end(self, turn: Turn, text: TextId, buttons: Sequence[ButtonDraft] = ()) -> None:
        """Close the task, say `text` and offer a person, or `buttons`."""
        self.close(turn)
        turn.say_draft(ReplyDraft(text, tuple(buttons) or (PERSON_BUTTON,)))
        offer_return(turn)

    def leave(self, turn: Turn) -> None:
        """Close the task, as the client asks."""
        self.close(turn)
        say_cancelled(turn)

    def close(self, turn: Turn) -> None:
        """Close the task, and with it the help with a code that nobody waits for any more."""
        turn.stack.remove(lambda frame: frame.topic == self.owner.frame_topic)
        turn.stack.remove(lambda f: f.topic == "sms_missing" and f.answers.get("which_sms") == "confirm")
        if turn.stack.current is not None:
            turn.stack.update(paused=True)
        turn.direct(EXPECT_NOTHING)

    async def _resend(self, turn: Turn, entry: CodeEntry) -> None:
        try:
            await self.owner.resend_code(turn, entry)
        except BackendError as error:
            self.refuse(turn, error)
        else:
            self.wait(turn, entry, TextId("codes", "resent"))

    async def _check(self, turn: Turn, entry: CodeEntry) -> None:
        code = await self.vault.redeem(turn.message.entities["code"])
        if code is None:
            self.wait(turn, entry, TextId("codes", "code_again"))
            return
        try:
            await self.owner.redeem_code(turn, entry, code)
        except BackendError as error:
            self.refuse(turn, error)
        else:
            turn.failures.reset(self.owner.topic)

    def _offer_resend(self, turn: Turn, entry: CodeEntry) -> None:
        turn.stack.enter(replace(entry, is_resend_offered=True))
        turn.direct(EXPECT_CODE)
        turn.say("codes", "expired", [RESEND_BUTTON, LEAVE_BUTTON])
