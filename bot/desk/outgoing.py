"""Check what agents send: no secrets, and no requests for a secret.

The check works by sentence: a word that names a secret, and words that ask the client to tell it. Asking a client to
type a PIN into the app, or never to tell it, is allowed.
"""

from __future__ import annotations

import re
import unicodedata

from bot.privacy.redaction import redact

_CODES = r"(?:confirm(?:ation)?|verification|security|sms|log-?in|one[- ]time|activation|2fa|two[- ]factor|text(?:ed)?)"
_NAME = re.compile(
    rf"\b(?:pass\s?word|passphrase|pass\s?code|pin(?:\s?(?:code|number))?|otp|(?:{_CODES}\s+)?code|"
    r"card\s+(?:response|value|number)|response(?:\s+(?:string|code|value))?|log-?in\s+(?:details|data)|credential)s?\b",
    re.IGNORECASE,
)
# Only where somebody is asked to hand something over: "the app sends you a code" is no such place.
_HAND_OVER = re.compile(
    r"(?:^|please|kindly|just|now|then|and|or|,|can you|could you|would you|will you|to|must|should|you can|you may)\s*"
    r"(?:tell|give|send|text|message|share|provide|supply|read|forward|show|repeat|confirm|submit|reply|respond|type|enter|"
    r"write|post|put|let (?:me|us) (?:know|have))\b(?P<after>[^.?!]*)",
    re.IGNORECASE,
)
_TO_US = re.compile(
    r"\b(?:me|us|here|below|back|over|this chat|this conversation|reply|i|we)\b", re.IGNORECASE
)
_ELSEWHERE = re.compile(
    r"\b(?:in|into|on|at|to)\s+(?:the|your|its|that)?\s*(?:ib\w*|client|app|portal|log-?in|page|screen|field|form|box|phone|"
    r"website|site|tws|mobile|window|device)\b",
    re.IGNORECASE,
)
_GIVING = re.compile(
    r"\b(?:tell|give|send|text|message|share|provide|supply|read|forward|repeat|let|reply|respond)\b",
    re.IGNORECASE,
)
# "Send a new code" is what a client asks for, "to your phone" where the app sends one.
_NOT_OURS = re.compile(
    r"^\s*(?:you\s+)?(?:a\s+new|another)\b|\bto\s+your\s+(?:phone|device|number)\b", re.IGNORECASE
)
_WANT = re.compile(
    r"\b(?:what(?:'s|\s+is|\s+was|\s+are)\s+(?:the|your)|(?:i|we)(?:'ll|\s+will)?\s+(?:just\s+)?(?:need|require|want)|"
    r"(?:can|may|could)\s+(?:i|we)\s+(?:have|get|see|ask))\b[^.?!]{0,50}$",
    re.IGNORECASE,
)
_BARE = re.compile(r"^\W*(?:(?:and|ok|now|so)\s+)?(?:(?:your|the)\s+)?$", re.IGNORECASE)
_NEVER = re.compile(
    r"\b(?:never|not|don't|won't|nobody|no\s+one|without|no\s+agent|instead\s+of|forgot\w*|lost|reset|rules?)\b",
    re.IGNORECASE,
)

_NAME_JA = re.compile(
    r"パスワード|パスフレーズ|暗証番号|PIN(?:コード|番号)?|ピンコード|パスコード|カードの?(?:応答値|数値|番号)|応答(?:値|コード|文字列)|"
    r"レスポンス(?:・?(?:コード|ストリング))?|(?:確認|認証|セキュリティ|有効化|ワンタイム|SMSの?)?コード|ログイン情報",
    re.IGNORECASE,
)
_TELL_JA = re.compile(
    r"教え|お知らせ|知らせ|お伝え|伝えて|送って|お送り|送信して|ご返信|返信して|お聞かせ|ご提示|読み上げ|伺|うかが|何です|何でしょう|いくつ"
)
_TYPE_JA = re.compile(r"入力|ご記入|書いて|お書き|打って")
_HERE_JA = re.compile(r"こちらに|ここに|このチャット|こちらへ|返信で|私に|当方に")
_ASKED_JA = re.compile(r"^[はを]?[?？、。]*(?:お願い|ください|下さい)?[\s\S]{0,6}$")
_NEVER_JA = re.compile(r"ない|ません|せず|ず、|不要|禁止|お控え|絶対に|決して|場合|忘れ")

_SENTENCE = re.compile(r"[^.!?。！？;；\n]+[.!?。！？]?")


def refusal(text: str) -> str | None:
    """Return why a text may not be sent: "secret" (it holds one) or "asks" (it asks for one); None when it may."""
    if redact(text).kinds:
        return "secret"
    normal = unicodedata.normalize("NFKC", text).replace("’", "'")
    sentences = [found[0].strip() for found in _SENTENCE.finditer(normal)]
    return "asks" if any(_asks_in_english(one) or _asks_in_japanese(one) for one in sentences) else None


def _asks_in_english(sentence: str) -> bool:
    named = _NAME.search(sentence)
    if named is None or _NEVER.search(sentence):
        return False
    before, after = sentence[: named.start()], sentence[named.end() :]
    if _WANT.search(before) and not _ELSEWHERE.search(after):
        return True
    if _BARE.match(before) and re.fullmatch(r"\W*(?:please)?\W*", after, re.IGNORECASE):
        return True
    for asked in _HAND_OVER.finditer(sentence):
        rest = asked["after"]
        if not _NAME.search(rest) or _NOT_OURS.search(rest):
            continue
        if _GIVING.search(asked[0][: -len(rest)]) or (_TO_US.search(rest) and not _ELSEWHERE.search(rest)):
            return True
    return False


def _asks_in_japanese(sentence: str) -> bool:
    named = _NAME_JA.search(sentence)
    if named is None or not re.search(r"[ぁ-ゖァ-ヺ一-鿿]", sentence) or _NEVER_JA.search(sentence):
        return False
    after = sentence[named.end() :]
    if _TELL_JA.search(after) or (_TYPE_JA.search(after) and _HERE_JA.search(sentence)):
        return True
    return bool(_ASKED_JA.match(after)) and bool(re.search(r"[?？]|お願い|ください|下さい", after))
