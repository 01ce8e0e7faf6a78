"""Phone numbers, as far as the sandbox must know them."""

from __future__ import annotations

import re

import phonenumbers

E164 = re.compile(r"\+[1-9][0-9]{6,14}")
TAKES_SMS = frozenset(
    {phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE}
)


def can_receive_sms(number: str) -> bool:
    """Whether this is a mobile number in E.164 form (+819012345678) of an existing numbering plan."""
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
        and phonenumbers.number_type(parsed) in TAKES_SMS
    )


def calling_code(number: str) -> int:
    """The country calling code of a number in E.164 form."""
    return int(phonenumbers.parse(number).country_code or 0)


def mask(number: str) -> str:
    """Show the country code and the last four digits only: +81******5678."""
    parsed = phonenumbers.parse(number)
    prefix = f"+{parsed.country_code}"
    hidden = len(number) - len(prefix) - 4
    return f"{prefix}{'*' * hidden}{number[-4:]}"
