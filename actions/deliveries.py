"""What became of a text message, in the words of the topic `codes`."""

from __future__ import annotations

from actions.backend import Delivery

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
