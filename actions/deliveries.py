"""What became of a text message, in the words of the topic `codes`."""

from __future__ import annotations

from actions.backend import Backend, BackendError, Delivery
from actions.turn import Turn

_STATES = {
    "queued": "codes__sms_queued",
    "sent": "codes__sms_sent",
    "delivered": "codes__sms_delivered",
}
_REASONS = {
    "carrier_refused": "codes__sms_carrier_refused",
    "do_not_call": "codes__sms_do_not_call",
    "unreachable": "codes__sms_unreachable",
    "cannot_receive": "codes__sms_cannot_receive",
}


def text(delivery: Delivery) -> str:
    """The name of the text that says it."""
    if delivery.state == "undelivered":
        return _REASONS.get(str(delivery.reason), "codes__sms_undelivered")
    return _STATES[delivery.state]


async def say_last(turn: Turn, backend: Backend) -> None:
    """Say why the last text message did not arrive, if the backend knows that it did not; else nothing."""
    try:
        delivery = await backend.last_text_message(turn.client)
    except BackendError:
        return
    if delivery.state == "undelivered" and delivery.number_masked:
        turn.say("codes__last_sms", number=delivery.number_masked)
        turn.say(text(delivery))
