"""What became of a text message, in the words of the topic `codes`."""

from __future__ import annotations

from actions.backend import Backend, BackendError, Delivery
from actions.replies import ReplyDraft
from actions.turn import Turn
from knowledge.rendering import TextId

_BY_STATE = {
    "queued": "sms_queued",
    "sent": "sms_sent",
    "delivered": "sms_delivered",
}
_BY_REASON = {
    "carrier_refused": "sms_carrier_refused",
    "do_not_call": "sms_do_not_call",
    "unreachable": "sms_unreachable",
    "cannot_receive": "sms_cannot_receive",
}


def delivery_text(delivery: Delivery) -> TextId:
    """Return the text that says what became of a message."""
    if delivery.state == "undelivered":
        return TextId("codes", _BY_REASON.get(str(delivery.reason), "sms_undelivered"))
    return TextId("codes", _BY_STATE[delivery.state])


async def say_last_delivery(turn: Turn, backend: Backend) -> None:
    """Say why the last text message did not arrive, if the backend knows that it did not; else nothing."""
    try:
        delivery = await backend.last_text_message(turn.message.client)
    except BackendError:
        return
    if delivery.state == "undelivered" and delivery.number_masked:
        turn.say("codes", "last_sms", number=delivery.number_masked)
        turn.say_draft(ReplyDraft(delivery_text(delivery)))
