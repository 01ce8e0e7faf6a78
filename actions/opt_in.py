"""Opt back into the Secure Login System: who may, an explicit yes, a code, the backend's receipt; else the guide."""

from __future__ import annotations

from typing_extensions import override

from actions import guide_flow, linking
from actions.backend import Backend, BackendError, Delivery, ErrorKind, SecureLogin
from actions.backend.vocabulary import OptInPath, OptInReason
from actions.code_step import CODE_ENDS, CodeStep, TaskEnd
from actions.dialogue_commands import Command
from actions.dialogue_stack import Frame
from actions.flow_states import CodeEntry, OptInConfirmation
from actions.patterns import offer_return
from actions.replies import LEAVE_BUTTON, next_topic_buttons, task_button, topic_button
from actions.task import Task
from actions.turn import Turn
from actions.vault_client import VaultClient
from knowledge.rendering import TextId

TEXTS = "opting_in"


class OptIn(Task):
    """The task behind `sls_opt_in`: confirm -> code. The portal's steps are that topic's guide."""

    topic = "sls_opt_in"
    frame_topic = TEXTS

    def __init__(self, backend: Backend, vault: VaultClient) -> None:
        self._backend = backend
        ends = CODE_ENDS | {
            ErrorKind.NOT_ELIGIBLE: TaskEnd(TextId(TEXTS, "not_eligible")),
            # The code was right, and only the answer got lost.
            ErrorKind.ALREADY_VERIFIED: TaskEnd(TextId(TEXTS, "already_enrolled")),
            ErrorKind.NOT_LINKED: TaskEnd(TextId("linking", "not_linked"), topic_button("linking")),
        }
        self._code = self.code_step = CodeStep(self, vault, ends)

    @override
    async def begin(self, turn: Turn) -> None:
        login = await linking.ask_or_guide(turn, self, self._backend.secure_login)
        if login is None:
            return
        if login.next is OptInPath.HERE:
            state = OptInConfirmation(login.number_masked or "", turn.message.id)
            frame = Frame.of_task(self.frame_topic, state)
            turn.stack.push(frame)
            self.show(turn, frame)
        elif login.next is OptInPath.PORTAL:
            turn.say(TEXTS, "portal")
            guide_flow.begin(turn, self.topic)
        else:
            self._say_why_not(turn, login)

    @override
    async def proceed(self, turn: Turn, frame: Frame, command: Command) -> None:
        match frame.state, command:
            case _, Command.STOP | Command.LEAVE:
                self._code.leave(turn)
            case _, Command.HOW:
                self._code.close(turn)
                guide_flow.begin(turn, self.topic)
            case CodeEntry() as entry, _:
                await self._code.proceed(turn, entry, command)
            case OptInConfirmation(), Command.NO:
                self._code.leave(turn)
            case OptInConfirmation() as confirmation, Command.YES | Command.NEXT:
                await self._start(turn, confirmation)
            case _:
                self.show(turn, frame)

    @override
    def show(self, turn: Turn, frame: Frame) -> None:
        turn.stack.update(paused=False)
        match frame.state:
            case CodeEntry() as entry:
                self._code.show(turn, entry)
            case OptInConfirmation(number_masked):
                how = task_button(TEXTS, "by_myself", Command.HOW)
                buttons = [topic_button("affirm"), how, LEAVE_BUTTON]
                turn.say(TEXTS, "confirm", buttons, number=number_masked)

    async def find_delivery(self, turn: Turn, entry: CodeEntry) -> Delivery:
        """Return what became of the code that was sent last. Raises BackendError."""
        return await self._backend.last_text_message(turn.message.client)

    async def resend_code(self, turn: Turn, entry: CodeEntry) -> None:
        """Have a new code sent. Raises BackendError."""
        key = f"{turn.message.id}:resend"
        await self._backend.resend_opt_in_code(turn.message.client, entry.challenge_id, key)

    async def redeem_code(self, turn: Turn, entry: CodeEntry, code: str) -> None:
        """Hand the code in, close the task and say the receipt. Raises BackendError."""
        key = f"{turn.message.id}:check"
        done = await self._backend.check_opt_in_code(turn.message.client, entry.challenge_id, code, key)
        self._code.close(turn)
        turn.say(TEXTS, "done", [topic_button("ibkey_activate")], receipt=done.receipt)
        offer_return(turn)

    async def _start(self, turn: Turn, confirmation: OptInConfirmation) -> None:
        key = f"{confirmation.request_id}:start"
        try:
            challenge = await self._backend.start_opt_in(turn.message.client, key)
        except BackendError as error:
            self._code.refuse(turn, error)
            return
        entry = CodeEntry(challenge.id)
        self._code.wait(turn, entry, TextId(TEXTS, "sent"), number=challenge.number_masked)

    def _say_why_not(self, turn: Turn, login: SecureLogin) -> None:
        reason = next(iter(login.reasons), None)
        related = next_topic_buttons(turn.topic(self.topic))
        person = [topic_button("human")]
        if reason is OptInReason.ALREADY_ENROLLED:
            turn.say(TEXTS, "already_enrolled", related)
        elif reason is OptInReason.NOT_PRIMARY_USER and login.primary_masked:
            turn.say(TEXTS, "not_primary_user", person, name=login.primary_masked)
        elif reason is OptInReason.NO_ACTIVE_DEVICE:
            turn.say(TEXTS, "no_active_device", related)
        else:
            turn.say(TEXTS, "not_eligible", person)
        offer_return(turn)
