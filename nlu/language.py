"""Which language a message is written in, told by its script and its small words.

The answer is "none" for what is the same in all languages (numbers, brand names, labels of screens), so that
"IB Key" or "OK" does not turn a Japanese conversation into an English one.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message

from nlu.text import normalise
from nlu.words import PLACEHOLDER, script

OTHER = "other"
_LINK = re.compile(r"(?:https?://|www\.)\S+|\S+@\S+", re.IGNORECASE)
_LATIN_WORD = re.compile(r"[a-z\u00df-\u024f]+(?:['’][a-z]+)?")

# Words that clients of every language type as they are.
NEUTRAL = frozenset(
    """2fa android app apple aquos au authenticate authenticator bot chrome client docomo dsc email enter face fob
    galaxy gmail google hi huawei ib ibkey ibkr id interactive brokers ios ipad iphone kb key login line mac mail
    mfa mobile nexus no ok okay online otp passcode pc phone pin pixel play portal pro qr rakuten safari samsung
    security sim sls sms softbank sony store telegram touch trader tws uk url us usa version web whatsapp wifi
    windows workstation www xiaomi xperia yes""".split()
)
# Small and everyday words of English; two of them make a message English.
ENGLISH = frozenset(
    """a about account accept access activate activated activation add after again all already also always am an
    and another any anyone anything are aren't arrive arrived as ask at away back be because been before being
    best better between both bought broken but buy by call came can can't cannot card change changed check choose
    clear code come coming comes could couldn't day days did didn't different do does doesn't doing don't done
    each either else error even ever every everything fee few find first fix for forget forgot forgotten found
    free from full get gets getting give given go goes going gone good got had has have haven't having he hello
    help her here hey hi him his hold how i i'd i'll i'm i've if in install into is isn't it it's its just keep
    know last later less let let's letter letters like limit list log logged logging long longer lost made make
    many may maybe me mean message messages might mine money more morning much must my name need needs never new
    next nobody not nothing notification now number numbers of off often old on once one only open opted or other
    our out over own page paid password pay people person phones place please possible problem put question
    receive received register registered reset restart right same saw say says screen second see seen send sends
    sent set settings setup several shall share she should show shows since some somebody someone something soon
    sorry speak start started still stolen stop stopped stuck such support switch take talk tell text texts than
    thank thanks that that's the their them then there these they thing things think this those though till time
    to today tomorrow too took tried tries true try trying turn turned two type typed under until up update use
    used user username users using verification verified verify very wait waiting want wants was wasn't way we
    well went were what what's when where which while who whom whose why will with withdraw without won't word
    work worked working works would wrong year yesterday yet you you're your yours""".split()
)
# Endings and small words of Japanese in Latin letters, as typed on a phone without a Japanese keyboard.
_ROMAJI = re.compile(r"^(?:.{2,}(?:mashita|masen|masu|desu|kudasai|nai(?:desu)?)|wo|desu|desuka|kudasai|onegai)$")
# Languages by script; a script that is not here is a language that is not spoken.
SCRIPTS = {"hiragana": "ja", "katakana": "ja"}
# Scripts that several languages write: Chinese characters alone may be Japanese, Latin letters anything.
_SHARED = {"latin", "cjk", "symbol", "space"}


def identify(text: str) -> str | None:
    """The language's code, "other" for one that is clearly not spoken here, or None where one cannot tell."""
    if text.startswith("/"):
        return None  # a button's payload
    plain = normalise(_LINK.sub(" ", PLACEHOLDER.sub(" ", text)), casefold=True).text
    scripts = Counter(script(character) for character in plain)
    words = [word for word in _LATIN_WORD.findall(plain.replace("’", "'")) if word not in NEUTRAL]
    english = sum(word in ENGLISH for word in words)
    told = {name: count for name, count in scripts.items() if name not in _SHARED}
    if told:
        return _by_script(told, sum(map(len, words)), english)
    if english >= 2:
        return "en"
    if any(_ROMAJI.match(word) for word in words):
        return "ja"
    return "en" if len(words) >= 3 else None


def _by_script(told: dict[str, int], latin: int, english: int) -> str | None:
    """The language of a text with letters that only some languages have, beside `latin` Latin letters."""
    kind = max(told, key=lambda name: told[name])
    code = SCRIPTS.get(kind, OTHER)
    # An English sentence may quote a foreign word ("I forgot my パスワード"), but hiragana is Japanese grammar.
    quoted = english >= 2 and latin > sum(told.values()) and told.get("hiragana", 0) * 4 < latin
    if quoted and (not told.get("hiragana") or english >= 4):
        return "en"
    return code


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class LanguageIdentifier(GraphComponent):  # type: ignore[misc]
    """Sets the message's `language`: a code, "other", or None (then the parsed message has no such key)."""

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> LanguageIdentifier:
        """It has nothing to set up."""
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        """Set each message's language."""
        for message in messages:
            message.set("language", identify(message.get(TEXT) or ""), add_to_output=True)
        return messages
