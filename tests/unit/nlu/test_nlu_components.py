"""The extractors and the tokenizer, called without a graph."""

from __future__ import annotations

from typing import Any

import pytest
from rasa.nlu.constants import TOKENS_NAMES
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.phone_extractor import PhoneExtractor
from nlu.terms import Term, TermExtractor, TermMatcher
from nlu.tokenizer import ScriptTokenizer

pytestmark = pytest.mark.rasa

TERMS = TermMatcher(
    [
        Term("platform", "iphone", "iPhone"),
        Term("platform", "iphone", "iOS"),
        Term("platform", "iphone", "アイフォン"),
        Term("platform", "android", "Samsung Galaxy"),
        Term("platform", "android", "Galaxy"),
        Term("which_sms", "login", "log-in code"),
        Term("which_sms", "confirm", "code"),
    ]
)


def values(text: str) -> list[tuple[str, str]]:
    return [(term.entity, term.value) for term, _, _ in TERMS.find(text)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("I have an IPHONE", [("platform", "iphone")]),
        ("ｉＰｈｏｎｅです", [("platform", "iphone")]),
        ("iPhoneを使っています", [("platform", "iphone")]),
        ("ｱｲﾌｫﾝです", [("platform", "iphone")]),
        ("curiosity", []),
        ("iphones", []),
        ("samsung  galaxy", [("platform", "android")]),
        ("the log-in code", [("which_sms", "login")]),
        ("iphone or galaxy?", [("platform", "iphone"), ("platform", "android")]),
        ("my iphone has no code", [("platform", "iphone"), ("which_sms", "confirm")]),
        ("", []),
    ],
)
def test_terms_are_found_as_words(text: str, found: list[tuple[str, str]]) -> None:
    assert values(text) == found


def test_a_term_has_the_offsets_of_the_original_text() -> None:
    ((_, start, end),) = TERMS.find("これはｱｲﾌｫﾝです")
    assert "これはｱｲﾌｫﾝです"[start:end] == "ｱｲﾌｫﾝ"


def test_the_model_stores_the_terms(graph: Any) -> None:
    tables = [{"name": "platform", "value": "iphone", "elements": ["iPhone", "アイフォン"]}]
    TermExtractor.create({}, *graph).train(TrainingData(lookup_tables=tables))
    loaded = TermExtractor.load({}, *graph)
    (message,) = loaded.process([Message({TEXT: "アイフォンです"})])
    (entity,) = message.get("entities")
    assert (entity["entity"], entity["value"], entity["start"], entity["end"]) == ("platform", "iphone", 0, 5)


def test_the_second_extractor_keeps_the_entities_of_the_first(graph: Any) -> None:
    message = Message({TEXT: "iPhone, +81 90 1234 5678"})
    PhoneExtractor().process([message])
    storage, resource, _ = graph
    extractor = TermExtractor({}, storage, resource)
    extractor.matcher = TERMS
    extractor.process([message])
    found = {entity["entity"]: entity["value"] for entity in message.get("entities")}
    assert found == {"phone_number": "+819012345678", "platform": "iphone"}


def test_tokens_have_the_offsets_of_the_original_text() -> None:
    text = "I forgot ｍｙ パスワード"
    message = Message({TEXT: text})
    ScriptTokenizer(ScriptTokenizer.get_default_config()).process([message])
    tokens = message.get(TOKENS_NAMES[TEXT])
    assert [token.text for token in tokens] == ["I", "forgot", "my", "パスワード"]
    assert [text[token.start : token.end] for token in tokens] == ["I", "forgot", "ｍｙ", "パスワード"]
