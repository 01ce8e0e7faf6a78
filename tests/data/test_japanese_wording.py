"""Japanese texts follow the wording rules of docs/knowledge.md, so that they are consistent."""

from __future__ import annotations

import re

import pytest

from knowledge.text_names import named_texts
from tests.support.knowledge import KNOWLEDGE

TEXTS = [
    (name, variant)
    for name, text in named_texts(KNOWLEDGE, "ja")
    for variant in (text.text, text.sms)
    if variant is not None
]
ADDRESS = re.compile(r"ibkr\.(?:com|info)(?:/[a-z]+)?")
LABEL = re.compile(r"\*\*.+?\*\*")
JAPANESE = r"[\u3000-\u30ff\u4e00-\u9fff\uff00-\uffef]"
PREFERRED = {
    "とお書き": "とお送り",
    "物理デバイス": "フィジカル・デバイス",
    "セキュリティー・コードカード": "セキュリティ・コード・カード",
    "コードカード": "コード・カード",
    "オンラインカード": "オンライン・カード",
    "新しい版": "新しいバージョン",
    "画面が違う場合": "画面が違うことがあります",
    "だめ": "受け付けられない、解決しない",
    "クリックします": "押します",
}


def test_an_address_has_spaces_around_it() -> None:
    """Telegram and phones treat Japanese letters and brackets next to an address as part of it."""
    found = 0
    for name, text in TEXTS:
        for address in ADDRESS.finditer(text):
            found += 1
            around = text[address.start() - 1 : address.start()] + text[address.end() : address.end() + 1]
            assert not around.strip(), (name, text[address.start() - 1 : address.end() + 1])
    assert found


def test_a_label_has_no_space_next_to_japanese_text() -> None:
    labels = 0
    for name, text in TEXTS:
        marked = LABEL.sub("\N{BLACK SQUARE}", text)
        labels += marked.count("\N{BLACK SQUARE}")
        assert not re.search(f"{JAPANESE} \N{BLACK SQUARE}|\N{BLACK SQUARE} {JAPANESE}", marked), name
    assert labels


def test_a_colon_after_japanese_text_is_full_width() -> None:
    assert not [name for name, text in TEXTS if re.search(JAPANESE + ":", text)]


@pytest.mark.parametrize("word", PREFERRED)
def test_one_thing_has_one_name(word: str) -> None:
    assert not [name for name, text in TEXTS if word in text], f"write {PREFERRED[word]}"
