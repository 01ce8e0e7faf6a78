"""Verify a mobile number: the number, a confirm code by SMS, the code typed back."""

from __future__ import annotations

from typing_extensions import override

from actions import phone_numbers
from actions.backend import Backend, BackendError, Delivery, ErrorKind, Verified
from actions.backend.vocabulary import SmsTwoFactor
from actions.code_step import CODE_ENDS, EXPECT_SECONDS, MISSING_BUTTON, RESEND_BUTTON, CodeStep, TaskEnd
from actions.dialogue_commands import TASK_COMMAND, Command, named_command
from actions.dialogue_stack import Frame
from actions.flow_states import CodeEntry, NumberConfirmation, NumberQuestion, RegionQuestion
from actions.guide_flow import wants_all_steps
from actions.patterns import offer_return
from actions.phone_numbers import REGION, MobileNumber, NumberProblem
from actions.replies import (
    LEAVE_BUTTON,
    ButtonDraft,
    TextLabel,
    next_topic_buttons,
    task_button,
    topic_button,
)
from actions.task import Task
from actions.turn import Turn
from actions.vault_client import VaultClient
from contracts.directives import ExpectInput
from contracts.enums import ExpectedInput
from contracts.payloads import REQUEST_CONTACT, Payload
from knowledge.rendering import TextId

TOPIC = "verify_phone"
# Countries offered when the number does not say its own; any other is named in words or by its code.
REGIONS = ("jp", "gb", "us", "in", "hk", "sg")
_EXPECT_NUMBER = ExpectInput(ExpectedInput.PHONE_NUMBER, EXPECT_SECONDS)
_CHANGE_BUTTON = task_button(TOPIC, "change_number", Command.CHANGE_NUMBER)
_HOW_BUTTON = task_button(TOPIC, "by_myself", Command.HOW)
# What is wanted beside the number that the message holds.
_BEATS_NUMBER = frozenset({Command.STOP, Command.LEAVE, Command.HOW})


class VerifyPhone(Task):
    """The task `verify_phone`: number (-> region) -> confirm -> code."""

    topic = frame_topic = TOPIC

    def __init__(self, backend: Backend, vault: VaultClient) -> None:
        self._backend = backend
        ends = CODE_ENDS | {
            ErrorKind.LOCKED: TaskEnd(TextId(TOPIC, "locked")),
            ErrorKind.TOO_MANY_SENDS: TaskEnd(TextId(TOPIC, "too_many_sends")),
            ErrorKind.ALREADY_VERIFIED: TaskEnd(TextId(TOPIC, "verified_before")),
        }
        buttons = (MISSING_BUTTON, RESEND_BUTTON, _CHANGE_BUTTON, LEAVE_BUTTON)
        self._code = self.code_step = CodeStep(self, vault, ends, buttons)

    @override
    async def begin(self, turn: Turn) -> None:
        frame = turn.stack.bring_to_front(lambda frame: frame.topic == self.frame_topic)
        if frame is not None and named_command(turn.message.entities, TASK_COMMAND):
            await self.handle(turn, frame)
            return
        if frame is None:
            turn.stack.push(Frame.of_task(self.frame_topic, NumberQuestion()))
        if wants_all_steps(turn):
            self.list_steps(turn, frame or Frame.of_task(self.frame_topic, NumberQuestion()))
        elif frame is not None and not self._names_number(turn, frame):
            # A code that is on its way must not be forgotten because the client asks for the same thing again.
            self.show(turn, frame)
        elif phone_numbers.number_in(turn.message.entities) is not None:
            self._take_number(turn)
        else:
            await self._say_numbers_on_record(turn)
            self._ask_number(turn)

    @override
    async def proceed(self, turn: Turn, frame: Frame, command: Command) -> None:
        if command not in _BEATS_NUMBER and self._names_number(turn, frame):
            command = Command.CHANGE_NUMBER
        match frame.state, command:
            case _, Command.STOP | Command.LEAVE:
                self._code.leave(turn)
            case _, Command.HOW:
                self.list_steps(turn, frame)
            case _, Command.CHANGE_NUMBER:
                self._take_number(turn)
            case CodeEntry() as entry, _:
                await self._code.proceed(turn, entry, command)
            case ((NumberQuestion() | RegionQuestion()), Command.NO):
                self._code.leave(turn)
            case NumberQuestion(), Command.CODE:
                self._ask_number(turn, NumberProblem.INVALID)
            case RegionQuestion(), _ if command is Command.BACK or frame.paused:
                self._ask_number(turn)
            case RegionQuestion(number), Command.ANSWER:
                self._take(turn, number, turn.message.entities[REGION])
            case NumberConfirmation(), Command.NO | Command.BACK:
                self._ask_number(turn)
            case NumberConfirmation() as confirmation, Command.YES | Command.NEXT:
                await self._send(turn, confirmation)
            case _:
                self.show(turn, frame)

    @override
    def is_answer(self, turn: Turn, frame: Frame) -> bool:
        is_region = isinstance(frame.state, RegionQuestion) and REGION in turn.message.entities
        return is_region or self._names_number(turn, frame)

    @override
    def show(self, turn: Turn, frame: Frame) -> None:
        match frame.state:
            case RegionQuestion(number):
                self._ask_region(turn, number)
            case NumberConfirmation(number):
                self._confirm(turn, MobileNumber(number))
            case CodeEntry() as entry:
                self._code.show(turn, entry)
            case _:
                self._ask_number(turn)

    @override
    def list_steps(self, turn: Turn, frame: Frame) -> None:
        turn.say(TOPIC, "how")
        self.show(turn, frame)

    async def find_delivery(self, turn: Turn, entry: CodeEntry) -> Delivery:
        """Return what became of the code that was sent last. Raises BackendError."""
        return await self._backend.delivery(turn.message.client, entry.challenge_id)

    async def resend_code(self, turn: Turn, entry: CodeEntry) -> None:
        """Have a new code sent. Raises BackendError."""
        await self._backend.resend(turn.message.client, entry.challenge_id, f"{turn.message.id}:resend")

    async def redeem_code(self, turn: Turn, entry: CodeEntry, code: str) -> None:
        """Hand the code in, close the task and say the receipt. Raises BackendError."""
        key = f"{turn.message.id}:check"
        verified = await self._backend.check(turn.message.client, entry.challenge_id, code, key)
        self._code.close(turn)
        related = next_topic_buttons(turn.topic(self.topic))
        turn.say(TOPIC, _verified_text(verified), related, receipt=verified.receipt)
        offer_return(turn)

    async def _say_numbers_on_record(self, turn: Turn) -> None:
        """Say to a linked client which numbers are on record; of anybody else nothing is known."""
        try:
            status = await self._backend.security_status(turn.message.client)
        except BackendError:
            return
        for masked, is_verified in status.numbers:
            text = "on_record_verified" if is_verified else "on_record_unverified"
            turn.say(TOPIC, text, number=masked)

    def _names_number(self, turn: Turn, frame: Frame) -> bool:
        """Return whether the message holds a number to start with; while a code is awaited, a usable one."""
        number = phone_numbers.number_in(turn.message.entities)
        if number is None or not isinstance(frame.state, CodeEntry):
            return number is not None
        return isinstance(phone_numbers.parse_number(number, turn.message.client), MobileNumber)

    def _take_number(self, turn: Turn) -> None:
        number = phone_numbers.number_in(turn.message.entities)
        if number is None:
            self._ask_number(turn)
        else:
            self._take(turn, number, turn.message.entities.get(REGION))

    def _take(self, turn: Turn, number: str, region: str | None) -> None:
        found = phone_numbers.parse_number(number, turn.message.client, region)
        if found is NumberProblem.NO_COUNTRY:
            self._ask_region(turn, number)
        elif isinstance(found, NumberProblem):
            self._ask_number(turn, found)
        else:
            if found.has_trunk_prefix_in(number if region else turn.message.text):
                turn.say(TOPIC, "trunk_prefix")
            self._confirm(turn, found)

    def _ask_number(self, turn: Turn, problem: NumberProblem | None = None) -> None:
        turn.stack.enter(NumberQuestion())
        turn.direct(_EXPECT_NUMBER)
        buttons = [_HOW_BUTTON, LEAVE_BUTTON]
        if turn.message.client.startswith("telegram:"):
            # A simulated phone has no number of its own to share.
            buttons.insert(0, ButtonDraft(TextLabel(TOPIC, "share_contact"), REQUEST_CONTACT))
        turn.say(TOPIC, problem.value if problem else "ask_number", buttons)

    def _ask_region(self, turn: Turn, number: str) -> None:
        turn.stack.enter(RegionQuestion(number))
        turn.direct(_EXPECT_NUMBER)
        choices = [
            ButtonDraft(TextLabel(TOPIC, f"region_{region}"), Payload.answer(**{REGION: region}).encode())
            for region in REGIONS
        ]
        turn.say(TOPIC, "ask_region", [*choices, LEAVE_BUTTON])

    def _confirm(self, turn: Turn, number: MobileNumber) -> None:
        frame = turn.stack.current
        match frame and frame.state:
            case NumberConfirmation(number=same, request_id=request_id) if same == number.e164:
                # However often the client has to say yes, it is one request, and the backend does it once.
                pass
            case _:
                request_id = turn.message.id
        turn.stack.enter(NumberConfirmation(number.e164, request_id))
        turn.direct(_EXPECT_NUMBER)
        buttons = [topic_button("affirm"), _CHANGE_BUTTON, LEAVE_BUTTON]
        turn.say(TOPIC, "confirm_number", buttons, number=number.masked)

    async def _send(self, turn: Turn, confirmation: NumberConfirmation) -> None:
        number = MobileNumber(confirmation.number)
        key = f"{confirmation.request_id}:start"
        try:
            challenge = await self._backend.start_verification(turn.message.client, number.e164, key)
        except BackendError as error:
            if error.kind is ErrorKind.NUMBER_INVALID:
                self.record_failure(turn, error)
                self._ask_number(turn, NumberProblem.INVALID)
            else:
                self._code.refuse(turn, error)
            return
        self._code.wait(turn, CodeEntry(challenge.id), TextId(TOPIC, "sent"), number=number.masked)


def _verified_text(verified: Verified) -> str:
    """Return the name of the text that says what the verification brought."""
    if not verified.in_force:
        return "verified_portal"
    return "verified_enrolled" if verified.sms_two_factor is SmsTwoFactor.ENROLLING else "verified"
