"""What a screen shows: bold labels and buttons where there are any, quotes and numbers where there are none."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.render import BY_KIND, SMS, TELEGRAM, Capabilities, RenderedPart, render
from bot.messages.outbox import MessageButton
from tests.support.knowledge import KNOWLEDGE

YES_NO = [MessageButton("Yes", "t1"), MessageButton("いいえ", "t2")]


def on_telegram(text: str) -> tuple[str, list[tuple[int, int]]]:
    """The text, and the offset and length of each bold stretch."""
    (shown,) = render(text, [], TELEGRAM, KNOWLEDGE.languages["en"])
    assert {entity["type"] for entity in shown.entities} <= {"bold"}
    return shown.text, [(int(entity["offset"]), int(entity["length"])) for entity in shown.entities]


def by_sms(text: str, language: str = "en", buttons: list[MessageButton] | None = None) -> str:
    (shown,) = render(text, buttons or [], SMS, KNOWLEDGE.languages[language])
    assert shown.entities == []
    assert not shown.buttons
    return shown.text


@pytest.mark.parametrize(
    ("text", "plain", "bold"),
    [
        ("Hello", "Hello", []),
        ("**Next**", "Next", [(0, 4)]),
        ("Tap **Next** now", "Tap Next now", [(4, 4)]),
        ("**A** or **B**.", "A or B.", [(0, 1), (5, 1)]),
        ("**A****B**", "AB", [(0, 1), (1, 1)]),
        ("**次へ** をタップ", "次へ をタップ", [(0, 2)]),
        # Outside the basic plane a character is two UTF-16 units.
        ("🙂 **Next**", "🙂 Next", [(3, 4)]),
        ("**🙂👍🏽**!", "🙂👍🏽!", [(0, 6)]),
        ("𠮷野 **次へ** 🙂 **戻る**", "𠮷野 次へ 🙂 戻る", [(4, 2), (10, 2)]),
        ("e\u0301 **x**", "e\u0301 x", [(3, 1)]),
        ("a\n\n**b\nc**", "a\n\nb\nc", [(3, 3)]),
        ("2 * 3 ** 4", "2 * 3 ** 4", []),
        ("an open ** mark", "an open ** mark", []),
        ("****", "****", []),
        ("", "", []),
        ("<b>&amp;_x_`y`</b>", "<b>&amp;_x_`y`</b>", []),
    ],
)
def test_labels_are_bold_on_telegram_counted_in_utf_16(
    text: str, plain: str, bold: list[tuple[int, int]]
) -> None:
    assert on_telegram(text) == (plain, bold)


@pytest.mark.parametrize(
    ("text", "plain"),
    [("🙂 Tap **Next** or **𠮷**.", ["Next", "𠮷"]), ("**設定**を開き🙂**次へ**", ["設定", "次へ"])],
)
def test_a_bold_stretch_is_the_label_when_cut_as_telegram_does(text: str, plain: list[str]) -> None:
    shown, bold = on_telegram(text)
    units = shown.encode("utf-16-le")
    assert [units[2 * start : 2 * (start + length)].decode("utf-16-le") for start, length in bold] == plain


def test_buttons_stay_buttons_on_telegram() -> None:
    (shown,) = render("Really?", YES_NO, TELEGRAM, KNOWLEDGE.languages["en"])
    assert (shown.text, shown.buttons) == ("Really?", YES_NO)


@pytest.mark.parametrize(
    ("text", "language", "plain"),
    [
        ("Tap **Next** now", "en", 'Tap "Next" now'),
        ("**次へ** をタップ", "ja", "「次へ」 をタップ"),
        ("**設定**から**次へ**", "ja", "「設定」から「次へ」"),
        ("**Next** を押す", "ja", "「Next」 を押す"),
        ("an open ** mark", "en", "an open ** mark"),
    ],
)
def test_labels_are_in_the_languages_quotes_by_sms(text: str, language: str, plain: str) -> None:
    assert by_sms(text, language) == plain


def test_choices_are_numbered_lines_at_the_end_by_sms() -> None:
    assert by_sms("Really?", "en", YES_NO) == "Really?\n1 Yes\n2 いいえ"
    assert by_sms("Really?\n\n", "en", YES_NO) == "Really?\n1 Yes\n2 いいえ"


def test_eleven_choices_are_numbered_to_eleven() -> None:
    buttons = [MessageButton(f"choice {n}", f"t{n}") for n in range(1, 12)]
    assert by_sms("Which?", "en", buttons).splitlines()[-1] == "11 choice 11"


def test_a_text_without_choices_is_shown_as_it_is_by_sms() -> None:
    assert by_sms("Hello \n") == "Hello \n"


def parts(text: str, capabilities: Capabilities, buttons: Sequence[MessageButton] = ()) -> list[RenderedPart]:
    return render(text, buttons, capabilities, KNOWLEDGE.languages["ja"])


def test_what_is_too_long_for_telegram_is_divided_between_paragraphs() -> None:
    paragraphs = [f"{n} " + "x" * 1500 for n in range(5)]
    shown = parts("\n\n".join(paragraphs), TELEGRAM)
    assert [part.text for part in shown] == [
        "\n\n".join(paragraphs[:2]),
        "\n\n".join(paragraphs[2:4]),
        paragraphs[4],
    ]


def test_what_is_too_long_for_a_text_message_is_divided_between_sentences() -> None:
    sentence = "これは文です。" * 20 + "終わり。"
    shown = parts(sentence * 20, SMS)
    assert "".join(part.text for part in shown) == sentence * 20
    assert all(part.text.endswith("。") for part in shown)
    assert all(len(part.text) <= 1600 for part in shown)


def test_bold_labels_are_the_same_stretches_in_whichever_part_they_are() -> None:
    text = " ".join(f"Tap **label 🙂 {n}** and wait until it is done." for n in range(300))
    labels = [f"label 🙂 {n}" for n in range(300)]
    found = []
    for part in parts(text, TELEGRAM):
        units = part.text.encode("utf-16-le")
        assert len(units) // 2 <= 4096
        for entity in part.entities:
            start, length = int(entity["offset"]), int(entity["length"])
            found.append(units[2 * start : 2 * (start + length)].decode("utf-16-le"))
    assert found == labels


def test_a_label_that_is_longer_than_a_message_is_bold_in_every_part() -> None:
    shown = parts(f"**{'あ' * 5000}**", TELEGRAM)
    assert [(len(part.text), part.entities) for part in shown] == [
        (4096, [{"type": "bold", "offset": 0, "length": 4096}]),
        (904, [{"type": "bold", "offset": 0, "length": 904}]),
    ]


def test_the_buttons_are_below_the_last_part() -> None:
    shown = parts("x" * 5000, TELEGRAM, YES_NO)
    assert [part.buttons for part in shown] == [[], YES_NO]


@pytest.mark.parametrize("length", [1580, 1595, 1600, 1700, 3199])
def test_the_numbered_choices_stay_together_at_the_end(length: int) -> None:
    shown = parts("あ" * length, SMS, YES_NO)
    assert shown[-1].text.endswith("1 Yes\n2 いいえ")
    assert sum(part.text.count("あ") for part in shown) == length
    assert all(len(part.text) <= 1600 for part in shown)


def test_no_character_is_divided() -> None:
    family = "👨‍👩‍👧‍👦"
    for text in (family * 400, "👍🏽" * 1500, "e\u0301" * 3000, "𠮷" * 2500):
        shown = parts(text, TELEGRAM)
        assert "".join(part.text for part in shown) == text
        assert len(shown) > 1
        for part in shown[1:]:
            assert not unicodedata.combining(part.text[0])
            assert part.text[0] not in "\u200d\ufe0f🏽"


def test_typographic_signs_do_not_make_a_text_message_twice_as_long() -> None:
    assert by_sms("Don’t wait – “Next” …") == 'Don\'t wait - "Next" ...'
    # Where the text needs the larger alphabet anyway, it is left as it was written.
    assert by_sms("「次へ」…", "ja") == "「次へ」…"
    assert parts("Don’t", TELEGRAM)[0].text == "Don’t"


@given(
    st.text(alphabet=st.sampled_from("aあ🙂é. \n。*’"), max_size=9000),
    st.sampled_from([TELEGRAM, SMS]),
    st.integers(0, 4),
)
@settings(max_examples=150, deadline=None)
def test_nothing_but_white_space_is_lost_and_no_part_is_too_long(
    text: str, capabilities: Capabilities, choices: int
) -> None:
    buttons = [MessageButton(f"choice {n}", f"t{n}") for n in range(choices)]
    shown = render(text, buttons, capabilities, KNOWLEDGE.languages["en"])
    assert all(len(part.text.encode("utf-16-le")) // 2 <= capabilities.text_limit for part in shown)
    written = "".join("".join(part.text for part in shown).split())
    for sign in "aあ🙂é。":
        assert written.replace("choice", "").count(sign) == text.count(sign)


def test_there_is_a_rendering_for_each_kind_of_channel() -> None:
    assert BY_KIND == {"telegram": TELEGRAM, "sms": SMS}
    assert (TELEGRAM.text_limit, SMS.text_limit) == (4096, 1600)
