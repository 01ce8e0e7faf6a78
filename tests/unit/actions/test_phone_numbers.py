from __future__ import annotations

import pytest

from actions.phone_numbers import (
    MobileNumber,
    NumberProblem,
    number_in,
    own_number,
    parse_number,
)

TELEGRAM = "simulator.telegram:person-1"
JAPAN = "simulator.sms:+819011112222"
BRITAIN = "sms:+447700900999"


def found(client: str, **entities: str) -> MobileNumber | NumberProblem | None:
    number = number_in(entities)
    return None if number is None else parse_number(number, client, entities.get("region"))


def test_a_message_without_a_number_has_none() -> None:
    assert found(JAPAN) is None
    assert found(JAPAN, platform="iphone") is None


@pytest.mark.parametrize("client", [TELEGRAM, JAPAN, BRITAIN])
def test_a_number_with_its_country_code_is_the_same_for_everybody(client: str) -> None:
    assert found(client, phone_number="+819012345678") == MobileNumber("+819012345678")


@pytest.mark.parametrize(
    ("client", "written", "e164"),
    [
        (JAPAN, "09012345678", "+819012345678"),
        (BRITAIN, "07400123456", "+447400123456"),
        ("sms:+14155550101", "2125550123", "+12125550123"),
    ],
)
def test_a_national_number_is_of_the_country_of_the_clients_own(client: str, written: str, e164: str) -> None:
    assert found(client, number=written) == MobileNumber(e164)


@pytest.mark.parametrize("client", [TELEGRAM, "", "simulator.sms:+", "simulator.telegram:+name"])
def test_a_national_number_of_an_unknown_country_needs_its_country(client: str) -> None:
    assert found(client, number="09012345678") is NumberProblem.NO_COUNTRY


@pytest.mark.parametrize(
    ("region", "number", "e164"),
    [
        ("jp", "09012345678", "+819012345678"),
        ("in", "09876543210", "+919876543210"),
        ("in", "9876543210", "+919876543210"),
    ],
)
def test_a_country_that_is_named_goes_before_the_clients_own(region: str, number: str, e164: str) -> None:
    assert found(BRITAIN, number=number, region=region) == MobileNumber(e164)


@pytest.mark.parametrize(
    ("number", "flaw"),
    [
        ("+8190123", NumberProblem.TOO_SHORT),
        ("+120255501234", NumberProblem.TOO_LONG),
        ("+819012345678901234", NumberProblem.INVALID),
        ("+999123456789", NumberProblem.INVALID),
        ("+919000", NumberProblem.TOO_SHORT),
        ("+911234567890", NumberProblem.LANDLINE),
        ("+81312345678", NumberProblem.LANDLINE),
        ("+442079460000", NumberProblem.LANDLINE),
        ("+81990123456", NumberProblem.PREMIUM),
        ("+449098790123", NumberProblem.PREMIUM),
        ("+81120123456", NumberProblem.SPECIAL),
        ("+815012345678", NumberProblem.SPECIAL),
    ],
)
def test_a_number_that_gets_no_code_is_refused_for_its_reason(number: str, flaw: NumberProblem) -> None:
    assert found(TELEGRAM, phone_number=number) is flaw


def test_a_landline_is_recognised_without_its_country_code_too() -> None:
    assert found(JAPAN, number="0312345678") is NumberProblem.LANDLINE


@pytest.mark.parametrize(
    "text", ["090-1234-5678", "+81 (0)90 1234 5678", "私の番号は０９０１２３４５６７８です"]
)
def test_a_trunk_prefix_is_noticed_where_it_was_typed(text: str) -> None:
    assert MobileNumber("+819012345678").has_trunk_prefix_in(text)


@pytest.mark.parametrize("text", ["+81 90 1234 5678", "9012345678", "the number is right", ""])
def test_no_trunk_prefix_is_noticed_where_there_was_none(text: str) -> None:
    assert not MobileNumber("+819012345678").has_trunk_prefix_in(text)


def test_only_who_writes_by_sms_has_a_number_of_their_own() -> None:
    assert own_number(JAPAN) == MobileNumber("+819011112222")
    assert own_number("simulator.telegram:+819011112222") is None
    assert own_number("simulator.sms:test-1") is None


def test_where_a_landline_cannot_be_told_apart_the_number_is_tried() -> None:
    assert found(TELEGRAM, phone_number="+12125550123") == MobileNumber("+12125550123")


def test_a_masked_number_shows_no_more_than_the_country_and_the_end() -> None:
    assert MobileNumber("+819012345678").masked == "+81 *** 5678"
