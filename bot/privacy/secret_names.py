"""The kinds of secrets, the words that name each, and the words that join a name to its value."""

from __future__ import annotations

import re

from bot.privacy.secret_values import VALUE
from contracts.enums import StrEnum


class SecretKind(StrEnum):
    """What was removed from a message; the kind stands in the placeholder."""

    PASSWORD = "password"  # noqa: S105 - a name, no password
    """The password of the brokerage's account."""
    PIN = "pin"
    """The PIN or passcode of the app or the device."""
    RESPONSE = "response"
    """The response of a security card to a challenge."""


# A word ends where its script does: "私のPINは" holds PIN, "shopping" and "ショッピング" do not.
_KATAKANA = "(?<![ァ-ヶー])(?:{})(?![ァ-ヶー])"
_LATIN = "(?<![a-z])(?:{})s?(?![a-z])"

_NAMES = {
    SecretKind.PASSWORD: (
        _LATIN.format(r"pass?[\s\-]?w(?:or|ro)[dt]|pass?wo?r?d|passphrase|pwd?|pass"),
        "パスワード|パスフレーズ|ログインパス",
        _KATAKANA.format("パス"),
    ),
    SecretKind.PIN: (
        _LATIN.format(
            r"(?:pin|p\.i\.n\.?|p\si\sn|p-i-n)(?:[\s\-]?(?:code|number|no\.?|nr\.?))?|pass[\s\-]?code"
        ),
        r"暗証(?:番号|コード)|パスコード|ピン・?(?:コード|ナンバー|番号)",
        _KATAKANA.format("ピン"),
    ),
    SecretKind.RESPONSE: (
        _LATIN.format(r"response(?:\s+(?:string|code|value|number))?"),
        "レスポンス(?:・?(?:ストリング|コード|番号|文字列))?",
    ),
}

# "my password for the portal is ...", "the PIN that I use = ..."
_QUALIFIER = r"(?:\s+(?:for|of|to|on|in|at|i|we|that|which)(?:\s+(?!is\b|was\b)[a-z]+){0,4})?"
_LINK_WORD = r"\b(?:is|was|are|were)\b|[=→⇒]|-+>|=+>|とは|は|が|って"
# Only the first link may be a colon. Later colons are separators: if they were both, the pattern would try each way
# of dividing a row of colons, which takes quadratic time.
_LINK = rf"\s*(?:{_LINK_WORD}|:)(?:[\s:]*(?:{_LINK_WORD}))*[\s:,、(\[<*_]*"

# "... is my PIN", "..., the old login password", "...が今のパスワード"
_REVERSED_LINK = r"(?:\b(?:is|was)\b|[=,]|は|が|って|という)\s*"
_OWNER = (
    r"(?:(?:my|the|our|his|her|old|new|current|ib\s?key|ibkr|login|account|app)\s+|"
    r"(?:私|僕|俺|今|現在|アプリ|ログイン)の?)*"
)


def _by_kind(pattern: str) -> dict[SecretKind, re.Pattern[str]]:
    """Compile `pattern` for each kind, with the kind's names in place of NAME."""
    return {
        kind: re.compile(pattern.replace("NAME", f"(?P<name>{'|'.join(names)})"), re.IGNORECASE)
        for kind, names in _NAMES.items()
    }


NAME = _by_kind("NAME")
# A name, a link and a value: the groups `name` and `value`.
LINKED = _by_kind(f"NAME{_QUALIFIER}{_LINK}(?P<value>{VALUE})")
# A link and a name, where the value stands before them.
REVERSED = _by_kind(f"{_REVERSED_LINK}{_OWNER}NAME")
