"""The error codes of Twilio that have consequences.

Source: https://www.twilio.com/docs/api/errors

Twilio adds and splits codes, so any other code is judged by its HTTP status alone.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain import UnreachableReason


@dataclass(frozen=True)
class Meaning:
    """The consequences of a code: the error's name, and why the number is unreachable, if it is.

    The name selects a text `agent_...` of the topic `delivery`. `passing`: a retry may succeed. `ours`: the operator
    must act.
    """

    error: str
    unreachable: UnreachableReason | None = None
    passing: bool = False
    ours: bool = False


_STOPPED = Meaning("stopped", UnreachableReason.OPTED_OUT)
_NOT_MOBILE = Meaning("not_mobile", UnreachableReason.UNUSABLE)
_SENDER = Meaning("sender_wrong", ours=True)
_UNREGISTERED = Meaning("sender_unregistered", ours=True)
_NOT_SET_UP = Meaning("not_set_up", passing=True, ours=True)
_BUSY = Meaning("rate_limited", passing=True)

MEANINGS = {
    20003: _NOT_SET_UP,  # wrong credentials
    20005: _NOT_SET_UP,  # account not active
    20404: _NOT_SET_UP,  # no such account
    20429: _BUSY,
    21211: Meaning("number_invalid", UnreachableReason.UNUSABLE),
    21408: Meaning("region_off", ours=True),
    21603: _SENDER,  # no sender at all
    21606: _SENDER,  # a sender that is not ours, or cannot send
    21610: _STOPPED,
    21611: _BUSY,  # the sender's queue is full
    21612: _SENDER,  # this sender cannot reach this number
    21614: _NOT_MOBILE,
    21617: Meaning("too_long"),
    21635: _NOT_MOBILE,  # landline
    21659: _SENDER,
    21660: _SENDER,
    21703: _SENDER,  # a Messaging Service without numbers
    30001: _BUSY,
    30002: _NOT_SET_UP,  # account suspended
    30003: Meaning("handset_unreachable"),
    30004: Meaning("unusable", UnreachableReason.UNUSABLE),  # blocked by the phone or the carrier
    30005: _NOT_MOBILE,  # unknown handset
    30006: _NOT_MOBILE,  # landline, or a carrier that takes nothing
    30007: Meaning("filtered"),
    30008: Meaning("not_delivered"),
    30024: _UNREGISTERED,
    30032: _UNREGISTERED,  # toll-free number not verified
    30034: _UNREGISTERED,  # US number without registration
    63038: _BUSY,  # daily limit
}
UNKNOWN = Meaning("refused")


def meaning(code: object, default: Meaning = UNKNOWN) -> Meaning:
    """Return the meaning of `code` (a number, or its digits); `default` for an unknown one."""
    text = str(code)
    return MEANINGS.get(int(text), default) if text.isascii() and text.isdigit() else default
