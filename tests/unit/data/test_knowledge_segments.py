"""SMS segments: counted as carriers count them, and kept within the budget."""

from __future__ import annotations

from typing import Any

import pytest
import smsutil
from hypothesis import given
from hypothesis import strategies as st

from knowledge.sms_segments import count_segments, excess_length, non_gsm_characters

# Letters of the alphabet of SMS, those that take two places there, and those that it lacks.
LETTERS = st.sampled_from("aé@ \n[]{}|€~^\\あ漢ー😀’ç")
GSM_LETTERS = st.sampled_from("aé@ \n[]{}|€~^\\")


@given(st.text(LETTERS, max_size=20), st.integers(0, 60))
def test_segments_are_counted_as_a_well_known_library_counts_them(text: str, times: int) -> None:
    long = text * times
    assert count_segments(long) == (len(smsutil.split(long).parts) if long else 0)


@given(st.text(GSM_LETTERS, max_size=20), st.integers(0, 60))
def test_an_escaped_letter_is_never_divided(text: str, times: int) -> None:
    long = text * times
    assert count_segments(long) == (len(smsutil.split(long).parts) if long else 0)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", 0),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("あ" * 70, 1),
        ("あ" * 71, 2),
        ("あ" * 135, 3),
        ("a" * 70 + "’", 2),
        ("😀" * 35, 1),
    ],
)
def test_the_limits_of_the_standard(text: str, parts: int) -> None:
    assert count_segments(text) == parts


def test_the_excess_length_is_the_number_of_characters_to_remove() -> None:
    assert excess_length("a" * 310, 2) == 4
    assert excess_length("あ" * 140, 2) == 6
    assert excess_length("a" * 306, 2) == 0
    assert non_gsm_characters("it’s 5 €") == {"’"}


STEP = "topics/trouble/cache/"
PIN = "topics/trouble/pin/"


def over(tree: Any) -> list[str]:
    return [problem for problem in tree.problems() if "segments" in problem]


def test_a_step_has_two_segments_with_everything_that_is_sent_along(tree: Any) -> None:
    tree.change(STEP + "ja.yml", "消去します。", "消" * 134)
    assert over(tree) == []
    tree.change(STEP + "ja.yml", "消" * 134, "消" * 135)
    assert over(tree) == [
        "data/topics/trouble/cache/ja.yml:9: by SMS this takes 3 segments, 2 fit: "
        "1 characters too many, counted with all that is sent along"
    ]


def test_an_answer_has_four_with_its_menu(tree: Any) -> None:
    menu = "\n1 Clear the cache"
    spare = 4 * 153 - len(menu) - len('Open "Help" and type .') - 12
    tree.change(PIN + "en.yml", "type {code}.", "type {code}." + "x" * spare)
    assert over(tree) == []
    tree.change(PIN + "en.yml", "type {code}.", "type {code}.x")
    assert [problem.split(": ")[0] for problem in over(tree)] == ["data/topics/trouble/pin/en.yml:3"]


def test_a_shorter_variant_for_sms_is_the_one_that_counts(tree: Any) -> None:
    tree.change(PIN + "en.yml", "Long words", "x" * 3000)
    assert over(tree) == []
    tree.change(PIN + "en.yml", "sms: Short.", "sms: " + "x" * 700)
    assert [problem.split(": ")[0] for problem in over(tree)] == ["data/topics/trouble/pin/en.yml:4"]


def test_help_with_a_step_and_a_question_are_counted_too(tree: Any) -> None:
    tree.change(STEP + "en.yml", "**Storage**", "**Storage**" + "x" * 310)
    tree.change(STEP + "en.yml", "sms: Phone?", "sms: " + "x" * 300)
    assert [problem.split(": ")[0] for problem in over(tree)] == [
        "data/topics/trouble/cache/en.yml:5",
        "data/topics/trouble/cache/en.yml:11",
    ]


def test_one_curly_quote_that_halves_the_room_is_named(tree: Any) -> None:
    tree.change(STEP + "en.yml", "Clear it.", "Clear it. " + "x" * 150 + "’s")
    assert "by SMS this takes 3 segments because of ’, 2 fit" in over(tree)[0]
