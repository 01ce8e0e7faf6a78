"""What follows "my password" or "the PIN" without being one: ordinary words, and numbers that count something."""

from __future__ import annotations

import re

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
# A number that says itself what it is: not the PIN of the same sentence.
_OTHER_BEFORE = re.compile(
    r"(?:\b(?:user\s?(?:name|id)?|account|ticket|inquiry|reference|ref|kb|article|phone|mobile|tel|call|e-?mail|mail|"
    r"room|line|(?:error|challenge)(?:\scode)?|(?:confirm\w*|verification|activation|sms)\s(?:code|token))|"
    r"口座|ユーザー(?:名|ネーム|ID)|電話|携帯|メール|チケット|問い合わせ|記事|(?:エラー|チャレンジ)(?:コード)?|"
    r"(?:確認|認証|有効化)(?:コード|番号|トークン))"
    r"(?:\s?(?:number|no\.?|番号))?[\s#:]*(?:(?:\b(?:is|was|at|on)\b|は|が)[\s:]*)?$",
    re.IGNORECASE,
)
_ADDRESS = re.compile(
    r"[\w.+\-]+@[\w\-]+\.[\w.\-]+|(?:https?://)?[a-z0-9\-]+(?:\.[a-z0-9\-]+)*\.(?:com|jp|info)\b\S*", re.I
)
_PHONE = re.compile(r"\+?[\d\s\-()]+")


def is_ordinary(value: str) -> bool:
    """Whether `value`, which has no digit, is made of words that say something about a secret, or of no word."""
    words = re.split(r"[\s.,:;!?…~()\[\]<>*\"“”「」『』_/、。]+", value.replace("’", "'"))
    return all(word.strip(_EDGE).casefold() in _WORDS for word in words if word.strip(_EDGE))


def counts(value: str, before: str, after: str) -> bool:
    """Whether `value`, found between `before` and `after`, is a length, a version or a name such as "2FA"."""
    bare = value.strip(_EDGE)
    if _PRODUCT.fullmatch(bare) or _COUNTED.fullmatch(bare):
        return True
    return bool(_COUNT.fullmatch(bare) and (_UNIT_AFTER.match(after) or _PRODUCT_BEFORE.search(before)))


def names_another_thing(value: str, before: str, after: str) -> bool:
    """Whether `value`, found near a secret's name, is a date, an address, a phone number or says itself what it is."""
    bare = value.strip(_EDGE)
    if _CLOCK_OR_DATE.fullmatch(bare) or _ADDRESS.fullmatch(bare) or _OTHER_BEFORE.search(before):
        return True
    if re.fullmatch(r"(?:19|20)\d\d", bare):
        return after.startswith("年") or bool(_YEAR_BEFORE.search(before))
    return bool(_PHONE.fullmatch(bare)) and sum(sign.isdigit() for sign in bare) >= 9
