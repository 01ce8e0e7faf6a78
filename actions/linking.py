"""Link a chat to a user: a token from the portal, or a code to the number on record; status and end of the link."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from typing_extensions import override

from actions import guide_flow, phone_numbers
from actions.backend import Backend, BackendError, Delivery, ErrorKind, Link
from actions.backend.vocabulary import LinkEnd, LinkState
from actions.code_step import CODE_ENDS, CodeStep, TaskEnd
from actions.dialogue_commands import TASK_COMMAND, Command, named_command
from actions.dialogue_stack import Frame
from actions.flow_states import CodeEntry, LinkOffer, UnlinkConfirmation
from actions.patterns import offer_return, say_unavailable
from actions.replies import LEAVE_BUTTON, ButtonDraft, TextLabel, topic_button
from actions.task import Task
from actions.turn import Turn
from actions.vault_client import VaultClient
from contracts.payloads import Payload
from knowledge.rendering import TextId

TOPIC = "linking"
Fetched = TypeVar("Fetched")
_UNLINK_BUTTON = ButtonDraft(
    TextLabel(TOPIC, "unlink"), Payload(TOPIC, {TASK_COMMAND: Command.UNLINK.value}).encode()
)


class Linking(Task):
    """The task `linking`: offer -> code (by SMS), unlink."""

    topic = frame_topic = TOPIC

    def __init__(self, backend: Backend, vault: VaultClient) -> None:
        self._backend = backend
        self._vault = vault
        ends = CODE_ENDS | {ErrorKind.ALREADY_LINKED: TaskEnd(TextId(TOPIC, "already_linked"))}
        # What became of the code is not told: it would tell whether the number is on record.
        missing = TextId(TOPIC, "code_missing")
        self._code = self.code_step = CodeStep(self, vault, ends, missing_text=missing)

    @override
    async def begin(self, turn: Turn) -> None:
        if "link" in turn.message.entities:
            await self._redeem_token(turn)
            return
        try:
            link = await self._backend.link(turn.message.client)
        except BackendError as error:
            self.record_failure(turn, error)
            say_unavailable(turn)
            return
        wants_unlink = named_command(turn.message.entities, TASK_COMMAND) is Command.UNLINK
        if link.linked and wants_unlink:
            frame = Frame.of_task(self.frame_topic, UnlinkConfirmation(turn.message.id))
            turn.stack.push(frame)
            self.show(turn, frame)
        elif link.linked:
            turn.say(TOPIC, "linked", [_UNLINK_BUTTON], name=link.username_masked)
            offer_return(turn)
        elif link.state is LinkState.PENDING:
            turn.say(TOPIC, "pending")
            offer_return(turn)
        elif wants_unlink:
            turn.say(TOPIC, "not_linked", [topic_button(TOPIC)])
            offer_return(turn)
        else:
            self._say_how(turn, link)

    @override
    async def proceed(self, turn: Turn, frame: Frame, command: Command) -> None:
        match frame.state, command:
            case _, Command.STOP | Command.LEAVE:
                self._code.leave(turn)
            case CodeEntry() as entry, _:
                await self._code.proceed(turn, entry, command)
            case _, Command.NO:
                self._code.leave(turn)
            case UnlinkConfirmation() as confirmation, Command.YES | Command.NEXT:
                await self._unlink(turn, confirmation)
            case LinkOffer() as offer, Command.YES | Command.NEXT:
                await self._send_code(turn, offer)
            case _:
                self.show(turn, frame)

    @override
    def show(self, turn: Turn, frame: Frame) -> None:
        turn.stack.update(paused=False)
        if isinstance(frame.state, CodeEntry):
            self._code.show(turn, frame.state)
            return
        text = "unlink_confirm" if isinstance(frame.state, UnlinkConfirmation) else "offer_code"
        turn.say(TOPIC, text, [topic_button("affirm"), LEAVE_BUTTON])

    async def find_delivery(self, turn: Turn, entry: CodeEntry) -> Delivery:
        """Return what became of the last text message. Raises BackendError."""
        return await self._backend.last_text_message(turn.message.client)

    async def resend_code(self, turn: Turn, entry: CodeEntry) -> None:
        """Have a new code sent. Raises BackendError."""
        key = f"{turn.message.id}:resend"
        await self._backend.resend_link_code(turn.message.client, entry.challenge_id, key)

    async def redeem_code(self, turn: Turn, entry: CodeEntry, code: str) -> None:
        """Hand the code in, close the task and say whether the chat is linked. Raises BackendError."""
        key = f"{turn.message.id}:check"
        link = await self._backend.check_link_code(turn.message.client, entry.challenge_id, code, key)
        self._code.close(turn)
        if link.linked:
            turn.say(TOPIC, "linked_now", [_UNLINK_BUTTON], name=link.username_masked)
        else:
            turn.say(TOPIC, "not_linked", [topic_button("human")])
        offer_return(turn)

    def _say_how(self, turn: Turn, link: Link) -> None:
        if link.ended is LinkEnd.EXPIRED:
            turn.say(TOPIC, "expired")
        elif link.ended is LinkEnd.DECLINED:
            turn.say(TOPIC, "declined")
        number = phone_numbers.own_number(turn.message.client)
        if number is None:
            turn.say(TOPIC, "how")
            offer_return(turn)
            return
        frame = Frame.of_task(self.frame_topic, LinkOffer(number.e164, turn.message.id))
        turn.stack.push(frame)
        self.show(turn, frame)

    async def _redeem_token(self, turn: Turn) -> None:
        token = await self._vault.redeem(turn.message.entities["link"])
        if token is None:
            turn.say(TOPIC, "token_invalid")
            offer_return(turn)
            return
        try:
            await self._backend.redeem(turn.message.client, token, f"{turn.message.id}:link")
        except BackendError as error:
            self.record_failure(turn, error)
            await self._say_token_refused(turn, error)
        else:
            turn.say(TOPIC, "confirm_in_portal")
        offer_return(turn)

    async def _say_token_refused(self, turn: Turn, error: BackendError) -> None:
        if error.kind is ErrorKind.LINK_TOKEN_INVALID:
            # Used up perhaps by this very chat, when the answer got lost.
            turn.say(TOPIC, "pending" if await self._is_pending(turn) else "token_invalid")
        elif error.kind is ErrorKind.ALREADY_LINKED:
            turn.say(TOPIC, "already_linked", [_UNLINK_BUTTON])
        else:
            turn.say(TOPIC, "token_again", [topic_button("human")])

    async def _is_pending(self, turn: Turn) -> bool:
        try:
            return (await self._backend.link(turn.message.client)).state is LinkState.PENDING
        except BackendError:
            return False

    async def _send_code(self, turn: Turn, offer: LinkOffer) -> None:
        key = f"{offer.request_id}:start"
        try:
            challenge = await self._backend.send_link_code(turn.message.client, offer.number, key)
        except BackendError as error:
            if error.kind is ErrorKind.NUMBER_INVALID:
                self.record_failure(turn, error)
                self._code.end(turn, TextId(TOPIC, "how"))
            else:
                self._code.refuse(turn, error)
            return
        self._code.wait(turn, CodeEntry(challenge.id), TextId(TOPIC, "sent"))

    async def _unlink(self, turn: Turn, confirmation: UnlinkConfirmation) -> None:
        try:
            await self._backend.unlink(turn.message.client, f"{confirmation.request_id}:unlink")
        except BackendError as error:
            if error.kind is not ErrorKind.NOT_LINKED:
                self.record_failure(turn, error)
                say_unavailable(turn)
                return
        self._code.end(turn, TextId(TOPIC, "unlinked"), [topic_button("capabilities")])


async def ask_or_guide(turn: Turn, task: Task, fetch: Callable[[str], Awaitable[Fetched]]) -> Fetched | None:
    """Begin a task that is there for linked clients: return what `fetch` says about the client.

    None when the turn is answered without it: the task was open and shows where it stands, or the backend does not
    know the client or does not answer, and the guide of the same topic leads instead.
    """
    frame = turn.stack.bring_to_front(lambda frame: frame.topic == task.frame_topic)
    if frame is not None:
        task.show(turn, frame)
        return None
    try:
        return await fetch(turn.message.client)
    except BackendError as error:
        task.record_failure(turn, error)
        if error.kind is ErrorKind.NOT_LINKED:
            say_invitation(turn)
        else:
            turn.say(TOPIC, "cannot_ask")
        guide_flow.begin(turn, task.topic)
        return None


def say_invitation(turn: Turn) -> None:
    """Say that the assistant could do this itself if the chat were linked."""
    turn.say(TOPIC, "invite", [topic_button(TOPIC)])
