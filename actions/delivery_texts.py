"""The delivery of a text message, in the words of the topic `codes`."""

from __future__ import annotations

from actions.backend import Backend, BackendError, Delivery
from actions.backend.vocabulary import SmsState, UndeliveredReason
from actions.replies import ReplyDraft
from actions.turn import Turn
from knowledge.rendering import TextId

_BY_STATE = {
    SmsState.QUEUED: "sms_queued",
    SmsState.SENT: "sms_sent",
    SmsState.DELIVERED: "sms_delivered",
    SmsState.UNDELIVERED: "sms_undelivered",
}
_BY_REASON = {
    UndeliveredReason.CARRIER_REFUSED: "sms_carrier_refused",
    UndeliveredReason.DO_NOT_CALL: "sms_do_not_call",
    UndeliveredReason.UNREACHABLE: "sms_unreachable",
    UndeliveredReason.CANNOT_RECEIVE: "sms_cannot_receive",
}


def delivery_text(delivery: Delivery) -> TextId:
    """Return the text that says what became of a message."""
    by_state = _BY_STATE[delivery.state]
    return TextId("codes", _BY_REASON.get(delivery.reason, by_state) if delivery.reason else by_state)


async def say_last_delivery(turn: Turn, backend: Backend) -> None:
    """Say why the last text message did not arrive, if the backend knows that it did not; else nothing."""
    try:
        delivery = await backend.last_text_message(turn.message.client)
    except BackendError:
        return
    if delivery.state is SmsState.UNDELIVERED and delivery.number_masked:
        turn.say("codes", "last_sms", number=delivery.number_masked)
        turn.say_draft(ReplyDraft(delivery_text(delivery)))
