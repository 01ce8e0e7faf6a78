"""Phone numbers as clients write them: completed, checked, and masked to be read back."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType, ValidationResult

from contracts.enums import StrEnum

# Where a mobile number cannot be told from a landline (as in the US), it is tried.
_CAN_GET_SMS = {PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE, PhoneNumberType.UNKNOWN}
REGION = "region"
"""The entity that says which country a number is of; its values are ISO 3166 codes in small letters."""


class NumberProblem(StrEnum):
    """Why a number cannot be used, by the name of the text that says so."""

    NO_COUNTRY = "ask_region"
    INVALID = "number_invalid"
    TOO_SHORT = "number_too_short"
    TOO_LONG = "number_too_long"
    LANDLINE = "number_landline"
    PREMIUM = "number_premium"
    SPECIAL = "number_special"


_BY_TYPE = {
    PhoneNumberType.FIXED_LINE: NumberProblem.LANDLINE,
    PhoneNumberType.PREMIUM_RATE: NumberProblem.PREMIUM,
    PhoneNumberType.SHARED_COST: NumberProblem.PREMIUM,
}
_BY_LENGTH = {
    ValidationResult.TOO_SHORT: NumberProblem.TOO_SHORT,
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: NumberProblem.TOO_SHORT,
    ValidationResult.TOO_LONG: NumberProblem.TOO_LONG,
}


@dataclass(frozen=True)
class MobileNumber:
    """A usable number in E.164 form, such as +819012345678."""

    e164: str

    @property
    def masked(self) -> str:
        """Country code and the last four digits: +81 *** 5678."""
        return f"+{phonenumbers.parse(self.e164).country_code} *** {self.e164[-4:]}"

    def has_trunk_prefix_in(self, text: str) -> bool:
        """Return whether `text` has the number with the 0 before it that is dialled within its country only."""
        national = self.e164.removeprefix(f"+{phonenumbers.parse(self.e164).country_code}")
        digits = re.sub(r"\D", "", unicodedata.normalize("NFKC", text))
        return bool(re.search(rf"0{national}$|0{national}(?!\d)", digits))


def number_in(entities: Mapping[str, str]) -> str | None:
    """Return the number that a message holds, with a country code or only as digits; None when it holds none."""
    return entities.get("phone_number") or entities.get("number")


def parse_number(number: str, client: str, region: str | None = None) -> MobileNumber | NumberProblem:
    """Return the number in E.164 form, or why it cannot be used.

    Without a country code it is one of `region`, else of the country of the client's own number (which an SMS
    client's reference ends in), else its country must be asked for.
    """
    region = region.upper() if region else _region_of(client)
    if region is None and not number.startswith("+"):
        return NumberProblem.NO_COUNTRY
    try:
        parsed = phonenumbers.parse(number, region)
    except NumberParseException as error:
        return (
            NumberProblem.TOO_LONG
            if error.error_type == NumberParseException.TOO_LONG
            else NumberProblem.INVALID
        )
    if not phonenumbers.is_valid_number(parsed):
        return _BY_LENGTH.get(phonenumbers.is_possible_number_with_reason(parsed), NumberProblem.INVALID)
    kind = phonenumbers.number_type(parsed)
    if kind not in _CAN_GET_SMS:
        return _BY_TYPE.get(kind, NumberProblem.SPECIAL)
    return MobileNumber(phonenumbers.format_number(parsed, PhoneNumberFormat.E164))


def own_number(client: str) -> MobileNumber | None:
    """Return the number that an SMS client writes from; None for other clients, and where it is no number."""
    channel, _, peer = client.partition(":")
    if channel.rpartition(".")[2] != "sms":
        return None
    found = parse_number(peer, client) if peer.startswith("+") else NumberProblem.INVALID
    return found if isinstance(found, MobileNumber) else None


def _region_of(client: str) -> str | None:
    peer = client.partition(":")[2]
    if not peer.startswith("+"):
        return None
    try:
        # By the country code alone: the client's own number may be of a range that the library does not know yet.
        region = phonenumbers.region_code_for_country_code(phonenumbers.parse(peer).country_code or 0)
        return None if region == "ZZ" else str(region)
    except NumberParseException:
        return None
