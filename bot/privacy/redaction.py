"""Passwords and PINs that clients type although nobody asked, taken out of a message before it is stored.

Found by context: a word that names a secret, a link ("is", ":", "は"), then something that can be one. What is
kept is a typed placeholder such as ⟦secret:pin⟧. Errors on the side of taking out too much.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

PASSWORD_WORDS = r"password|passwd|passphrase|pass\s?word|pwd|パスワード|パスフレーズ|ログインパス"  # noqa: S105 - words that name one, not one
PIN_WORDS = r"pin(?:\s?(?:code|number))?|passcode|暗証番号|ピンコード|ピン番号|ピン|パスコード"
RESPONSE_WORDS = r"response(?:\s+(?:string|code))?|レスポンス(?:・?ストリング|・?コード)?"

# "my PIN is", "PIN=", "PIN: ", "パスワードは", "暗証番号が". Without a link only something with a digit counts.
_LINK = r"(?:\s*(?:is|was|are|=|:|：|は|が|→|->)\s*[\"'「『(]?\s*)"
_NEAR = r"\s+[\"'「『(]?"
_VALUE = r"(?P<value>[^\s\"'」』)、。,]{3,64})"

# Words that follow "my password is" without being one.
_NOT_SECRETS = frozenset(
    """a an the not no wrong incorrect invalid right correct lost forgotten forgot missing gone expired blocked locked
    refused rejected rejecting working failing broken needed required unknown asked asking different same too very
    being never always still also only just now here what where how why when this that these it in on at for from to
    of or and but with my your their safe secret private secure strong weak short long old new numeric letters digits
    characters changed reset okay fine accepted declined entered typed something nothing please sent going
    doesn't does don't dont doesnt isn't isnt can't cant won't wont""".split()
)
# Japanese goes on without a space: what follows "パスワードは" is a secret only if it is written in ASCII.
_ASCII = re.compile(r"^[\x21-\x7e]+")
_HAS_DIGIT = re.compile(r"\d")

_KINDS = (
    ("password", re.compile(rf"(?P<head>(?:{PASSWORD_WORDS}){_LINK}){_VALUE}", re.IGNORECASE), False),
    ("pin", re.compile(rf"(?P<head>\b(?:{PIN_WORDS}){_LINK}){_VALUE}", re.IGNORECASE), False),
    ("response", re.compile(rf"(?P<head>(?:{RESPONSE_WORDS}){_LINK}){_VALUE}", re.IGNORECASE), True),
    ("password", re.compile(rf"(?P<head>(?:{PASSWORD_WORDS}){_NEAR}){_VALUE}", re.IGNORECASE), True),
    ("pin", re.compile(rf"(?P<head>\b(?:{PIN_WORDS}){_NEAR}){_VALUE}", re.IGNORECASE), True),
)
_ZERO_WIDTH = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"))


@dataclass(frozen=True)
class Redacted:
    """A message without its secrets, and the kinds that were found ("password", "pin", "response")."""

    text: str
    kinds: tuple[str, ...] = ()


def redact(text: str) -> Redacted:
    """Take passwords, PINs and card responses out of `text`.

    Where nothing is found the text comes back as it was; otherwise it comes back normalised (NFKC, zero-width
    characters dropped), since that is the form in which the secret was found.
    """
    normal = unicodedata.normalize("NFKC", text).translate(_ZERO_WIDTH)
    kinds: list[str] = []
    for kind, pattern, needs_digit in _KINDS:
        normal, found = _replace(normal, kind, pattern, needs_digit)
        kinds += [kind] * found
    return Redacted(normal, tuple(kinds)) if kinds else Redacted(text)


def _replace(text: str, kind: str, pattern: re.Pattern[str], needs_digit: bool) -> tuple[str, int]:
    found = 0

    def substitute(match: re.Match[str]) -> str:
        nonlocal found
        secret = _secret_part(match["value"], needs_digit)
        if not secret:
            return match[0]
        found += 1
        return f"{match['head']}⟦secret:{kind}⟧{match['value'][len(secret) :]}"

    return pattern.sub(substitute, text), found


def _secret_part(value: str, needs_digit: bool) -> str:
    """The leading part of `value` that can be a secret; empty when it is an ordinary word or a placeholder."""
    ascii_part = _ASCII.match(value)
    if ascii_part is None:
        return ""
    secret = ascii_part[0]
    if len(secret) < 3 or (needs_digit and not _HAS_DIGIT.search(secret)):
        return ""
    return "" if secret.strip(".!?;").casefold() in _NOT_SECRETS else secret
