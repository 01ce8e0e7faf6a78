"""Phone numbers in the notations that clients use."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.phone_matcher import NUMBER_ENTITY, PHONE_ENTITY, find_phone_numbers, mask_phone_numbers


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("+819012345678", "+819012345678"),
        ("+81 90-1234-5678", "+819012345678"),
        ("＋８１ ９０ １２３４ ５６７８", "+819012345678"),
        ("090-1234-5678です", "+819012345678"),
        ("電話番号　０８０－１２３４－５６７８　です", "+818012345678"),
        ("携帯は070 1234 5678", "+817012345678"),
        ("０９０１２３４５６７８", "+819012345678"),
        ("my number is +44 7700 900123", "+447700900123"),
        ("Number is 0044 7700 900321", "+447700900321"),
        ("+1 (415) 555-0101", "+14155550101"),
        ("call +91 98765 43210 please", "+919876543210"),
        ("私の番号は+819012345678になります", "+819012345678"),
    ],
)
def test_a_number_with_its_country_is_a_phone_number_in_e164(text: str, value: str) -> None:
    assert [(found.entity, found.value) for found in find_phone_numbers(text)] == [(PHONE_ENTITY, value)]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("415-555-0142", "4155550142"),
        ("(415) 555-0142", "4155550142"),
        ("it is 07700 900789, UK", "07700900789"),
        ("my number is 98765 43210", "9876543210"),
        ("０３－１２３４－５６７８", "0312345678"),
    ],
)
def test_a_number_without_country_keeps_its_digits_for_the_action_to_ask(text: str, value: str) -> None:
    assert [(found.entity, found.value) for found in find_phone_numbers(text)] == [(NUMBER_ENTITY, value)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "345",
        "my PIN has 4 digits",
        "123456",
        "2024-01-31",
        "31/12/2024",
        "iOS 17.1.2",
        "KB2260",
        "1,000,000 yen",
    ],
)
def test_short_runs_dates_and_versions_are_not_numbers(text: str) -> None:
    assert find_phone_numbers(text) == []


def test_a_number_has_the_offsets_of_the_original_text() -> None:
    text = "ｶﾞ番号は０９０－１２３４－５６７８です"
    (found,) = find_phone_numbers(text)
    assert text[found.start : found.end] == "０９０－１２３４－５６７８"


def test_two_numbers_are_both_found_in_order() -> None:
    values = [found.value for found in find_phone_numbers("old 415-555-0142, new +44 7700 900123")]
    assert values == ["4155550142", "+447700900123"]


@given(st.text(max_size=80))
def test_no_text_breaks_the_search(text: str) -> None:
    for found in find_phone_numbers(text):
        assert 0 <= found.start < found.end <= len(text)


def test_all_numbers_look_alike_to_the_classifier() -> None:
    assert mask_phone_numbers("my number is +44 7700 900123") == mask_phone_numbers(
        "my number is 090-1234-5678"
    )


@pytest.mark.parametrize(
    "written", ["+81 90 5165 0033", "+81-90-5165-0033", "+81 (90) 5165 0033", "0081 90 5165 0033"]
)
def test_two_zeros_within_a_number_do_not_begin_another(written: str) -> None:
    assert [(found.entity, found.value) for found in find_phone_numbers(f"it is {written}")] == [
        ("phone_number", "+819051650033")
    ]
