"""What follows "my password" or "the PIN" without being a secret: common words, quantities, and other details."""

from __future__ import annotations

import re
from typing import NamedTuple

CONTEXT_LENGTH = 40  # characters
# As long as an e-mail address can be (RFC 5321), and longer than a host's name. What is longer is no ordinary detail.
MAX_ORDINARY_LENGTH = 320  # characters

_WORDS = frozenset(
    """a about above accepted active admin after again all already also always an and another any app apple are
    as ask asked asking at available back bad be because been before being below between blank birthday blocked
    both broken but by can can't cannot cant card careful case changed character characters charset check chosen
    client clear code coming company complicated compromised confirmed confusing correct correctly created
    credentials current currently date deactivated declined default defined delayed deleted denied device didn't
    different difficult digit digits disabled do does doesn't doesnt don't done dont due each easily easy either
    email empty enabled enough entered error even ever every example exactly expired expiring exposed face
    face-id failed failing fail false fine first for forgot forgotten from fully generated getting given goes
    going gone good google guessed hacked hard has have help her here hers hidden his how human i id if ignored
    in inactive included incorrect incorrectly insecure instead invalid invisible ipad iphone ios is isn't isnt
    it its just keep keeps key known last later leaked left less letter letters like limited limits linked
    locked log-in login long longer lost lower lowercase made mandatory many match matching maybe me meant
    messed mine misplaced missing mobile more much must my n/a necessary need needed neither never new no nobody
    none nope normal not nothing notification now number numbers numeric of off ok okay old on once one online
    only optional or other our out outdated over password pc personal phone pin please portal possible preferred
    private probably problem random read received recognised recognized refused registered rejected rejecting
    remembered repeated required requested reset resetting right safe same saved secret secure seen sent set
    share shared short should shown simple since sms so some somehow someone something sometimes somewhere soon
    still stolen stored strong stuck such supposed suspended symbols taken temporarily temporary than that the
    their them then there these they this those time to today too touch trouble tws two typed unable unavailable
    unclear unknown unsafe until up updated upper uppercase urgent used useless user username usual valid
    verified verify very via visible wait waiting wanted was weak web weird well what what's when where which
    while who why will with without won't wont word work working works worried would wrong wrote yes yet you
    your yours alphanumeric android auto-filled autofilled browser case-sensitive cat charged client's
    compulsory compliant copied covered cut desktop emailed encrypted essential fingerprint frozen hashed hint
    ib ibkr identical illegal important impossible interactive kept mailed masked mixed mistake mistyped months
    obligatory option page pasted pending permanent picked printed protected quick ready reused rules secured
    security sensitive server spelled special store supported text texted token tricky truncated twice unchanged
    undefined unset unusable validated vanished websites website widget written years zero one two three four
    five six seven eight nine ten acceptable unacceptable causing giving making showing saying appearing coming
    arriving loading opening crashing complex easy-to-guess guessable memorable stale wiped""".split()
)
_EDGE = " .,:;!?…~()[]<>*\"'“”‘’「」『』_-"

# "4-6 characters", "3回": a short number before a unit. PINs are longer.
_COUNT = re.compile(r"\d{1,3}(?:(?:-|~|–|/|to|or|から)\d{1,3})?")
_UNIT = (
    r"characters?|chars?|digits?|letters?|numbers?|symbols?|signs?|words?|times?|tries|attempts?|bits?|ms|s|sec(?:ond)?s?|"
    r"min(?:ute)?s?|h(?:ou)?rs?|h|days?|weeks?|months?|years?|people|users?|devices?|phones?|apps?|st|nd|rd|th|"
    r"step|factor|fa|way|am|pm|"
    r"文字|桁|ケタ|回|度|分|秒|時|日|週|か月|ヶ月|カ月|ケ月|月|年|個|台|つ|円|ドル|番|人|名|段階|要素|種類|以上|以下|本|通"
)
_UNIT_AFTER = re.compile(rf"\s*-?\s*(?:{_UNIT})(?![a-z])", re.IGNORECASE)
_COUNTED = re.compile(rf"{_COUNT.pattern}-?(?:{_UNIT})(?:-[a-z]+)?", re.IGNORECASE)
_YEAR_BEFORE = re.compile(r"\b(?:in|since|from|year|until|before|after)\s+$", re.IGNORECASE)
_CLOCK_OR_DATE = re.compile(
    r"\d{1,2}:\d{2}(?:am|pm)?|\d{1,2}/\d{1,2}(?:/\d{2,4})?|(?:19|20)\d\d[-/.]\d{1,2}[-/.]\d{1,2}",
    re.IGNORECASE,
)
_PRODUCT = re.compile(
    r"(?:ios|ipados|iphone|ipad|android|galaxy|pixel|xperia|aquos|windows|macos|version|ver|v|s|a|wifi)"
    r"[\s\-]?\d{1,2}(?:\.\d{1,2})*[a-z]?|kb\d{2,4}|[2-5]fa|3ds|(?:a-z|0-9|a-z0-9|a-za-z0-9|a-z0-9a-z)",
    re.IGNORECASE,
)
_PRODUCT_BEFORE = re.compile(
    r"(?:ios|ipados|iphone|ipad|android|galaxy|pixel|xperia|aquos|windows|version|ver\.?|face\s?id)\s*$",
    re.IGNORECASE,
)
# The name of another number, directly before it: that number is not the PIN of the same sentence.
_OTHER_BEFORE = re.compile(
    r"(?:\b(?:user\s?(?:name|id)?|account|ticket|inquiry|reference|ref|kb|article|phone|mobile|tel|call|e-?mail|mail|"
    r"room|line|(?:error|challenge)(?:\scode)?|(?:confirm\w*|verification|activation|sms)\s(?:code|token))|"
    r"口座|ユーザー(?:名|ネーム|ID)|電話|携帯|メール|チケット|問い合わせ|記事|(?:エラー|チャレンジ)(?:コード)?|"
    r"(?:確認|認証|有効化)(?:コード|番号|トークン))"
    r"(?:\s?(?:number|no\.?|番号))?[\s#:]*(?:(?:\b(?:is|was|at|on)\b|は|が)[\s:]*)?$",
    re.IGNORECASE,
)
_EMAIL = re.compile(r"[\w.+\-]+@[\w\-]+\.[\w.\-]+")
_URL = re.compile(r"(?:https?://)?[a-z0-9\-]+(?:\.[a-z0-9\-]+)*\.(?:com|jp|info)\b\S*", re.IGNORECASE)
_PHONE = re.compile(r"\+?[\d\s\-()]+")


class Excerpt(NamedTuple):
    """A value in a text, and the text around it. Of a longer value, only MAX_ORDINARY_LENGTH characters are there."""

    value: str
    before: str
    after: str
    is_whole: bool

    @classmethod
    def of(cls, text: str, start: int, end: int) -> Excerpt:
        """Return the value text[start:end] with at most CONTEXT_LENGTH characters on each side."""
        return cls(
            text[start : min(end, start + MAX_ORDINARY_LENGTH)],
            text[max(0, start - CONTEXT_LENGTH) : start],
            text[end : end + CONTEXT_LENGTH],
            end - start <= MAX_ORDINARY_LENGTH,
        )


def is_common_wording(value: str) -> bool:
    """Return whether each word of `value`, which has no digit, is one that people say about a secret.

    True also where there is no word at all ("???").
    """
    words = re.split(r"[\s.,:;!?…~()\[\]<>*\"“”「」『』_/、。]+", value.replace("’", "'"))
    return all(word.strip(_EDGE).casefold() in _WORDS for word in words if word.strip(_EDGE))


def is_quantity(excerpt: Excerpt) -> bool:
    """Return whether the value is a length, a version or a name such as "2FA"."""
    bare = excerpt.value.strip(_EDGE)
    if not excerpt.is_whole:
        return False
    if _PRODUCT.fullmatch(bare) or _COUNTED.fullmatch(bare):
        return True
    return bool(
        _COUNT.fullmatch(bare)
        and (_UNIT_AFTER.match(excerpt.after) or _PRODUCT_BEFORE.search(excerpt.before))
    )


def is_other_detail(excerpt: Excerpt) -> bool:
    """Return whether the value is a date, an address or a phone number, or the words before it name another number."""
    bare = excerpt.value.strip(_EDGE)
    if _URL.fullmatch(bare) or _OTHER_BEFORE.search(excerpt.before):
        return True
    if not excerpt.is_whole:
        return False
    if _CLOCK_OR_DATE.fullmatch(bare) or _EMAIL.fullmatch(bare):
        return True
    if re.fullmatch(r"(?:19|20)\d\d", bare):
        return excerpt.after.startswith("年") or bool(_YEAR_BEFORE.search(excerpt.before))
    return bool(_PHONE.fullmatch(bare)) and sum(char.isdigit() for char in bare) >= 9
