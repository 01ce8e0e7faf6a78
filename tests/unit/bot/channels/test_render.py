"""What a screen shows: bold labels and buttons where there are any, quotes and numbers where there are none."""

from __future__ import annotations

import pytest

from bot.channels.render import BY_KIND, SMS, TELEGRAM, render
from tests.support.gateway import knowledge

YES_NO = [{"title": "Yes", "token": "t1"}, {"title": "いいえ", "token": "t2"}]


def on_telegram(text: str) -> tuple[str, list[tuple[int, int]]]:
    """The text, and the offset and length of each bold stretch."""
    shown = render(text, [], TELEGRAM, knowledge().languages["en"])
    assert {entity["type"] for entity in shown.entities} <= {"bold"}
    return shown.text, [(int(entity["offset"]), int(entity["length"])) for entity in shown.entities]


def by_sms(text: str, language: str = "en", buttons: list[dict[str, str]] | None = None) -> str:
    shown = render(text, buttons or [], SMS, knowledge().languages[language])
    assert shown.entities == []
    assert shown.buttons == []
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
    shown = render("Really?", YES_NO, TELEGRAM, knowledge().languages["en"])
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
    buttons = [{"title": f"choice {n}", "token": f"t{n}"} for n in range(1, 12)]
    assert by_sms("Which?", "en", buttons).splitlines()[-1] == "11 choice 11"


def test_a_text_without_choices_is_shown_as_it_is_by_sms() -> None:
    assert by_sms("Hello \n") == "Hello \n"


def test_what_is_too_long_for_the_channel_is_cut() -> None:
    assert by_sms("あ" * 2000) == "あ" * 1600
    assert on_telegram("x" * 5000) == ("x" * 4096, [])


def test_what_is_cut_takes_no_choice_away_by_sms() -> None:
    shown = by_sms("あ" * 1700, "ja", YES_NO)
    assert len(shown) == 1600
    assert shown.endswith("あ\n1 Yes\n2 いいえ")


def test_bold_ends_where_the_text_is_cut() -> None:
    text, bold = on_telegram("x" * 4090 + "**1234567890** **more**")
    assert len(text) == 4096
    assert bold == [(4090, 6)]


def test_there_is_a_rendering_for_each_kind_of_channel() -> None:
    assert BY_KIND == {"telegram": TELEGRAM, "sms": SMS}
    assert (TELEGRAM.text_limit, SMS.text_limit) == (4096, 1600)
