"""`find_code` finds typed codes in each way of writing them, and nothing else."""

from __future__ import annotations

import pytest

from bot.privacy.codes import find_code


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("123456", "123456"),
        (" 123456 ", "123456"),
        ("123456.", "123456"),
        ("「123456」", "123456"),
        ("123456です", "123456"),
        ("#123456", "123456"),
        ("１２３４５６", "123456"),
        ("１２３－４５６", "123456"),
        ("123 456", "123456"),
        ("123-456", "123456"),
        ("123–456", "123456"),
        ("123‐456", "123456"),
        ("123 - 456", None),
        ("123  456", "123456"),
        ("1 2 3 4 5 6", "123456"),
        ("1-2-3-4-5-6", "123456"),
        ("123\u200b456", "123456"),
        ("12\u00ad3456\u2060", "123456"),
        ("١٢٣٤٥٦", "123456"),
        ("1234", "1234"),
        ("12345678", "12345678"),
    ],
)
def test_a_message_of_nothing_but_digits_is_a_code_whether_or_not_one_is_expected(
    message: str, code: str | None
) -> None:
    assert find_code(message, None) == code
    assert find_code(message, "code") == code


@pytest.mark.parametrize(
    "message",
    [
        "",
        " ",
        "1",
        "12",
        "123",
        "１２",
        "123456789",
        "090-1234-5678",
        "+81 90 1234 5678",
        "2024-11-22",
        "2024/11/22",
        "10:30",
        "hello",
        "my code is 123456",
        "1.5 or 2.5",
    ],
)
def test_other_messages_are_no_code_when_none_is_expected(message: str) -> None:
    assert find_code(message, None) is None


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("my code is 123456", "123456"),
        ("The code is 123456, thanks", "123456"),
        ("it says 123 456 on the screen", "123456"),
        ("it says 12-34-56", "123456"),
        ("code:123456", "123456"),
        ("i got 123456 2 minutes ago", "123456"),
        ("2 messages: 123456 and nothing", "123456"),
        ("コードは１２３４５６です", "123456"),
        ("認証コード：１２３－４５６", "123456"),
        ("コードは123\u200b456でした", "123456"),
        ("in 2024 I got 12345678", "12345678"),
        ("G-123456 is your code", "123456"),
    ],
)
def test_a_code_may_stand_in_a_sentence_while_one_is_expected(message: str, code: str) -> None:
    assert find_code(message, "code") == code


@pytest.mark.parametrize(
    "message",
    [
        "it did not come in 2024",
        "I waited 10 minutes, 3 times",
        "it came at 10:30",
        "on 2024-11-22 it worked",
        "my number is 090-1234-5678",
        "my number is 09012345678",
        "+81 90 1234 5678 is my number",
        "call +1-555-010-1234",
        "電話番号は090-1234-5678です",
        "iPhone 15, iOS 17",
        "KB2260",
        "U123456789",
        "the code has not arrived",
    ],
)
def test_years_times_and_phone_numbers_are_no_code_even_while_one_is_expected(message: str) -> None:
    assert find_code(message, "code") is None


@pytest.mark.parametrize(
    "message",
    ["12345678", "5550123", "090-1234-5678", "0312345", "my number is 5550 1234", "５５５０１２３４"],
)
def test_what_can_be_a_number_is_no_code_while_a_phone_number_is_expected(message: str) -> None:
    assert find_code(message, "phone_number") is None


@pytest.mark.parametrize(
    ("message", "code"), [("1234", "1234"), ("１２３４５６", "123456"), ("98-76", "9876")]
)
def test_a_pin_typed_instead_of_a_number_is_not_taken_for_one(message: str, code: str) -> None:
    assert find_code(message, "phone_number") == code
