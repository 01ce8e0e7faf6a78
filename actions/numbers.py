"""Phone numbers as clients write them: completed, checked, and masked for reading back."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

# Where a number cannot be told from a landline (as in the US), it is tried.
_CAN_GET_SMS = {PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE, PhoneNumberType.UNKNOWN}


class Flaw(enum.Enum):
    """Why a number cannot be used."""

    INVALID = "number_invalid"
    NOT_MOBILE = "number_not_mobile"


@dataclass(frozen=True)
class Number:
    """A usable number in E.164 form, such as +819012345678."""

    e164: str

    @property
    def readable(self) -> str:
        """As people read it: +81 90-1234-5678."""
        return phonenumbers.format_number(phonenumbers.parse(self.e164), PhoneNumberFormat.INTERNATIONAL)

    @property
    def masked(self) -> str:
        """Country code and the last four digits: +81 *** 5678."""
        return f"+{phonenumbers.parse(self.e164).country_code} *** {self.e164[-4:]}"


def in_message(entities: Mapping[str, str], client: str) -> Number | Flaw | None:
    """The number in a message's entities; None when there is none.

    A number without a country code is read as one of the country that the client's own number (an SMS
    client's reference ends in it) belongs to.
    """
    written = entities.get("phone_number") or entities.get("number")
    if written is None:
        return None
    try:
        parsed = phonenumbers.parse(written, _region(client))
    except NumberParseException:
        return Flaw.INVALID
    if not phonenumbers.is_valid_number(parsed):
        return Flaw.INVALID
    if phonenumbers.number_type(parsed) not in _CAN_GET_SMS:
        return Flaw.NOT_MOBILE
    return Number(phonenumbers.format_number(parsed, PhoneNumberFormat.E164))


def _region(client: str) -> str | None:
    peer = client.partition(":")[2]
    if not peer.startswith("+"):
        return None
    try:
        # By the country code alone: the client's own number may be of a range that the library does not know yet.
        region = phonenumbers.region_code_for_country_code(phonenumbers.parse(peer).country_code or 0)
        return None if region == "ZZ" else str(region)
    except NumberParseException:
        return None
