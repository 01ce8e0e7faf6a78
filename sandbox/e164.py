"""Phone numbers in E.164 form, such as +819012345678."""

from __future__ import annotations

import re

import phonenumbers

E164 = re.compile(r"\+[1-9][0-9]{6,14}")
SMS_TYPES = frozenset(
    {phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE}
)


def can_receive_sms(number: str) -> bool:
    """Whether this is a mobile number, in E.164 form, of an existing numbering plan."""
    if not E164.fullmatch(number):
        return False
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return False
    canonical = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return (
        canonical == number
        and phonenumbers.is_valid_number(parsed)
        and phonenumbers.number_type(parsed) in SMS_TYPES
    )


def calling_code(number: str) -> int:
    """Return the country calling code."""
    return int(phonenumbers.parse(number).country_code or 0)


def mask_number(number: str) -> str:
    """Return the number with only its country code and its last four digits: +81******5678."""
    prefix = f"+{calling_code(number)}"
    hidden = len(number) - len(prefix) - 4
    return f"{prefix}{'*' * hidden}{number[-4:]}"
