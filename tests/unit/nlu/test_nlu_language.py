"""The language of a message."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytestmark = pytest.mark.rasa


@pytest.mark.parametrize(
    ("text", "language"),
    [
        # English, with brand names and quoted words.
        ("I forgot my PIN", "en"),
        ("help me", "en"),
        ("forgot password", "en"),
        ("wheres my activation code", "en"),
        ("I forgot my パスワード", "en"),
        ("what does 二要素認証 mean", "en"),
        ("I can't log in to the app ⟦email⟧", "en"),
        ("don’t have it", "en"),
        # Japanese, in every script.
        ("パスワードを忘れました", "ja"),
        ("ﾊﾟｽﾜｰﾄﾞ", "ja"),
        ("IB Keyの設定", "ja"),
        ("はい", "ja"),
        ("PIN リセット", "ja"),
        ("PINを忘れた １２３", "ja"),
        ("pin wo wasuremashita", "ja"),
        ("OKです", "ja"),
        # Neither served.
        ("비밀번호를 잊어버렸어요", "other"),
        ("ลืมรหัสผ่าน", "other"),
        ("Я забыл PIN", "other"),
        ("نسيت كلمة المرور", "other"),
        ("IB Key не работает", "other"),
        # The same in all languages.
        ("", None),
        ("IB Key", None),
        ("PIN", None),
        ("OK", None),
        ("iPhone", None),
        ("ＩＢ Ｋｅｙ", None),
        ("123456", None),
        ("090-1234-5678", None),
        ("👍", None),
        ("二要素認証", None),
        ("SMS PIN iPhone", None),
        ("⟦card⟧", None),
        ("https://www.example.com/what-is-this", None),
        ('/inform{"platform": "iphone"}', None),
        ("yes", None),
        ("\x00\ud800", None),
    ],
)
def test_the_language_of_a_message(text: str, language: str | None) -> None:
    from nlu.language import identify_language

    assert identify_language(text) == language


@given(st.text(max_size=60))
def test_no_text_breaks_it(text: str) -> None:
    from nlu.language import identify_language

    assert identify_language(text) in {"en", "ja", "other", None}


def test_the_parsed_message_has_the_language_only_when_it_is_known() -> None:
    from rasa.shared.nlu.training_data.message import Message

    from nlu.language import LanguageIdentifier

    messages = [Message({"text": "PINを忘れました"}), Message({"text": "OK"})]
    LanguageIdentifier().process(messages)
    parsed = [message.as_dict(only_output_properties=True) for message in messages]
    assert parsed == [{"text": "PINを忘れました", "language": "ja"}, {"text": "OK"}]
