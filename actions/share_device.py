"""Share a security device: with whom and which one, a request that the portal finishes, and how it stands.

The device owner's credentials and the response code belong to the portal; nothing here asks for them.
"""

from __future__ import annotations

from collections.abc import Sequence

from typing_extensions import override

from actions import guide_flow, linking
from actions.backend import Backend, BackendError, ErrorKind, Partner, SharingRequest
from actions.backend.vocabulary import DeviceOwner, IneligibilityReason, SharingRefusal, SharingState
from actions.dialogue_commands import Command
from actions.dialogue_stack import Frame
from actions.flow_states import PartnerOption, PartnerQuestion, SharingConfirmation
from actions.patterns import offer_return, say_cancelled, say_unavailable
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
from contracts.enums import HandoffReason
from contracts.handoff import BackendFailure
from contracts.payloads import Payload
from knowledge.rendering import ANSWER, TextId

TEXTS = "sharing"
PARTNER = "partner"
"""The entity that chooses a partner, by the position in the list that was shown."""
# The topic that explains a reason further, where there is one.
_REASON_TOPICS = {
    IneligibilityReason.DIFFERENT_IDENTIFICATION: "share_error_identification",
    IneligibilityReason.IB_KEY: "ibkey_add_user",
    IneligibilityReason.NO_DEVICE: "ibkey_activate",
    IneligibilityReason.ALREADY_SHARED: "share_undo",
}
_REASON_TEXTS = {
    IneligibilityReason.DIFFERENT_IDENTIFICATION: "reason_different_identification",
    IneligibilityReason.TEMPORARY_DEVICE: "reason_temporary_device",
    IneligibilityReason.IB_KEY: "reason_ib_key",
    IneligibilityReason.NO_DEVICE: "reason_no_device",
    IneligibilityReason.ALREADY_SHARED: "reason_already_shared",
}
_CONFIRM_TEXTS = {DeviceOwner.SELF: "confirm_self", DeviceOwner.PARTNER: "confirm_partner"}
_REFUSAL_TEXTS = {
    SharingRefusal.LESS_SECURE_DEVICE: "refused_less_secure_device",
    SharingRefusal.DIFFERENT_IDENTIFICATION: "refused_different_identification",
    SharingRefusal.COMPLIANCE: "refused_compliance",
    SharingRefusal.UNKNOWN: "refused_unknown",
}


class ShareDevice(Task):
    """The task behind `share_device`: partner -> confirm. The portal's steps are that topic's guide."""

    topic = "share_device"
    frame_topic = TEXTS

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    @override
    async def begin(self, turn: Turn) -> None:
        partners = await linking.ask_or_guide(turn, self, self._backend.partners)
        if partners is None:
            return
        if not partners:
            turn.say(TEXTS, "nobody", [topic_button(t) for t in ("share_other_person", "share_rules")])
            offer_return(turn)
        elif len(partners) == 1:
            self._judge(turn, partners[0])
        else:
            options = tuple(PartnerOption(partner.id, partner.username_masked) for partner in partners)
            frame = Frame.of_task(self.frame_topic, PartnerQuestion(options))
            turn.stack.push(frame)
            self.show(turn, frame)

    @override
    async def proceed(self, turn: Turn, frame: Frame, command: Command) -> None:
        match frame.state, command:
            case _, Command.STOP | Command.LEAVE | Command.NO:
                turn.stack.pop()
                say_cancelled(turn)
            case _, Command.HOW:
                turn.stack.pop()
                guide_flow.begin(turn, self.topic)
            case PartnerQuestion() as question, Command.ANSWER:
                await self._choose(turn, frame, question)
            case SharingConfirmation() as confirmation, Command.YES | Command.NEXT:
                await self._start(turn, confirmation)
            case _:
                self.show(turn, frame)

    @override
    def is_answer(self, turn: Turn, frame: Frame) -> bool:
        return isinstance(frame.state, PartnerQuestion) and PARTNER in turn.message.entities

    @override
    def show(self, turn: Turn, frame: Frame) -> None:
        turn.stack.update(paused=False)
        match frame.state:
            case PartnerQuestion(partners):
                names = [
                    ButtonDraft(partner.name_masked, Payload.answer(**{PARTNER: str(position)}).encode())
                    for position, partner in enumerate(partners)
                ]
                turn.say(TEXTS, "which_partner", [*names, LEAVE_BUTTON])
            case SharingConfirmation() as confirmation:
                self._ask_confirmation(turn, confirmation)

    def _ask_confirmation(self, turn: Turn, confirmation: SharingConfirmation) -> None:
        if confirmation.is_equal:
            turn.say(TEXTS, "equal")
        how = task_button(TEXTS, "by_myself", Command.HOW)
        turn.say(
            TEXTS,
            _CONFIRM_TEXTS[confirmation.owner],
            [topic_button("affirm"), how, LEAVE_BUTTON],
            name=confirmation.name_masked,
            device=TextLabel(TEXTS, confirmation.device.value),
        )

    async def _choose(self, turn: Turn, frame: Frame, question: PartnerQuestion) -> None:
        position = turn.message.entities[PARTNER]
        options = question.partners
        is_known = position.isdecimal() and int(position) < len(options)
        try:
            # Asked anew: what was true when the list was shown may have changed.
            partners = await self._backend.partners(turn.message.client)
        except BackendError as error:
            self._refuse(turn, error)
            return
        chosen = options[int(position)].id if is_known else None
        partner = next((partner for partner in partners if partner.id == chosen), None)
        if partner is None:
            self.show(turn, frame)
            return
        turn.stack.pop()
        self._judge(turn, partner)

    def _judge(self, turn: Turn, partner: Partner) -> None:
        if not partner.eligible or partner.device is None or partner.owner is None:
            self._say_why_not(turn, partner)
            return
        confirmation = SharingConfirmation(
            partner_id=partner.id,
            name_masked=partner.username_masked,
            device=partner.device,
            owner=partner.owner,
            is_equal=partner.equal,
            request_id=turn.message.id,
        )
        frame = Frame.of_task(self.frame_topic, confirmation)
        turn.stack.push(frame)
        self.show(turn, frame)

    def _say_why_not(self, turn: Turn, partner: Partner) -> None:
        turn.say(TEXTS, "not_eligible", name=partner.username_masked)
        known = [reason for reason in partner.reasons if reason in _REASON_TEXTS]
        for text in [_REASON_TEXTS[reason] for reason in known] or ["reason_other"]:
            turn.say(TEXTS, text)
        more = [topic_button(_REASON_TOPICS[reason]) for reason in known if reason in _REASON_TOPICS]
        turn.say(TEXTS, "what_next", [*more, topic_button("human")])
        offer_return(turn)

    async def _start(self, turn: Turn, confirmation: SharingConfirmation) -> None:
        key = f"{confirmation.request_id}:share"
        try:
            request = await self._backend.start_sharing(turn.message.client, confirmation.partner_id, key)
        except BackendError as error:
            self._refuse(turn, error)
            return
        turn.failures.reset(self.topic)
        turn.stack.pop()
        say_state(turn, request)
        answers = {"requesting_device": "own"} if confirmation.is_equal else None
        guide_flow.begin(turn, self.topic, answers)

    def _refuse(self, turn: Turn, error: BackendError) -> None:
        self.record_failure(turn, error)
        if error.kind is ErrorKind.REQUEST_OPEN:
            self._end(turn, TextId(TEXTS, "request_open"), "share_status")
        elif error.kind in {ErrorKind.NOT_ELIGIBLE, ErrorKind.NOT_FOUND}:
            self._end(turn, TextId(TEXTS, "changed"), self.topic, "human")
        elif error.kind is ErrorKind.NOT_LINKED:
            self._end(turn, TextId("linking", "not_linked"), "linking")
        else:
            say_unavailable(turn)

    def _end(self, turn: Turn, text: TextId, *next_topics: str) -> None:
        turn.stack.pop()
        turn.say(text.topic, text.name, [topic_button(topic) for topic in next_topics])
        offer_return(turn)


class ShareStatus(Task):
    """The task behind `share_status`: one question to the backend, nothing stays open."""

    topic = frame_topic = "share_status"

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    @override
    async def begin(self, turn: Turn) -> None:
        related = next_topic_buttons(turn.topic(self.topic))
        try:
            requests = await self._backend.sharing_requests(turn.message.client)
        except BackendError as error:
            self.record_failure(turn, error)
            if error.kind is ErrorKind.NOT_LINKED:
                turn.say(self.topic, ANSWER, related)
                linking.say_invitation(turn)
            else:
                turn.say("linking", "cannot_ask")
                turn.say(self.topic, ANSWER, related)
            offer_return(turn)
            return
        turn.failures.reset(self.topic)
        if requests:
            say_state(turn, requests[0], related)
            _escalate_compliance(turn, requests[0])
        else:
            turn.say(TEXTS, "no_requests", [topic_button("share_device")])
        offer_return(turn)

    @override
    async def proceed(self, turn: Turn, frame: Frame, command: Command) -> None:
        await self.begin(turn)

    @override
    def show(self, turn: Turn, frame: Frame) -> None:
        turn.say(self.topic)


def say_state(turn: Turn, request: SharingRequest, buttons: Sequence[ButtonDraft] = ()) -> None:
    """Say how a request stands."""
    name = request.username_masked
    match request.state:
        case SharingState.AWAITING_PORTAL:
            turn.say(TEXTS, "awaiting_portal", buttons, name=name, address=request.portal_url)
        case SharingState.APPROVED:
            turn.say(TEXTS, "approved", buttons, name=name, receipt=request.receipt)
        case SharingState.PENDING_COMPLIANCE:
            turn.say(TEXTS, "pending_compliance", buttons, name=name)
        case SharingState.EXPIRED:
            turn.say(TEXTS, "expired", buttons, name=name)
        case SharingState.REFUSED:
            reason = request.reason or SharingRefusal.UNKNOWN
            turn.say(TEXTS, _REFUSAL_TEXTS[reason], buttons, name=name)


def _escalate_compliance(turn: Turn, request: SharingRequest) -> None:
    """Call a person about what lies with the compliance department, once for each decision of theirs."""
    if request.reason is SharingRefusal.COMPLIANCE:
        code = SharingRefusal.COMPLIANCE.value
    elif request.state is SharingState.PENDING_COMPLIANCE:
        code = SharingState.PENDING_COMPLIANCE.value
    else:
        return
    if turn.failures.escalate_once(f"{request.id} {code}"):
        turn.hand_over(
            HandoffReason.COMPLIANCE,
            topic=ShareDevice.topic,
            step=request.state.value,
            errors=[BackendFailure(code, request.id)],
        )
