from __future__ import annotations

import pytest

from actions.numbers import Flaw, Number, in_message

TELEGRAM = "simulator.telegram:person-1"
JAPAN = "simulator.sms:+819011112222"
BRITAIN = "sms:+447700900999"


def found(client: str, **entities: str) -> Number | Flaw | None:
    return in_message(entities, client)


def test_a_message_without_a_number_has_none() -> None:
    assert found(JAPAN) is None
    assert found(JAPAN, platform="iphone") is None


@pytest.mark.parametrize("client", [TELEGRAM, JAPAN, BRITAIN])
def test_a_number_with_its_country_code_is_the_same_for_everybody(client: str) -> None:
    assert found(client, phone_number="+819012345678") == Number("+819012345678")


@pytest.mark.parametrize(
    ("client", "written", "e164"),
    [
        (JAPAN, "09012345678", "+819012345678"),
        (BRITAIN, "07400123456", "+447400123456"),
        ("sms:+14155550101", "2125550123", "+12125550123"),
    ],
)
def test_a_national_number_is_of_the_country_of_the_clients_own(client: str, written: str, e164: str) -> None:
    assert found(client, number=written) == Number(e164)


@pytest.mark.parametrize("client", [TELEGRAM, "", "simulator.sms:+", "simulator.telegram:+name"])
def test_a_national_number_of_an_unknown_country_is_incomplete(client: str) -> None:
    assert found(client, number="09012345678") is Flaw.INVALID


@pytest.mark.parametrize("written", ["+8190123", "+819012345678901234", "+999123456789", "000"])
def test_a_number_that_cannot_be_is_refused(written: str) -> None:
    assert found(JAPAN, phone_number=written) is Flaw.INVALID


@pytest.mark.parametrize(
    "written", ["+81312345678", "+442079460000", "+81120123456"], ids=["Tokyo", "London", "free of charge"]
)
def test_a_number_that_gets_no_text_messages_is_refused_as_such(written: str) -> None:
    assert found(TELEGRAM, phone_number=written) is Flaw.NOT_MOBILE


def test_a_landline_is_recognised_without_its_country_code_too() -> None:
    assert found(JAPAN, number="0312345678") is Flaw.NOT_MOBILE


def test_where_a_landline_cannot_be_told_apart_the_number_is_tried() -> None:
    assert found(TELEGRAM, phone_number="+12125550123") == Number("+12125550123")


def test_a_number_is_read_back_with_its_parts_apart() -> None:
    assert Number("+819012345678").readable == "+81 90-1234-5678"


def test_a_masked_number_shows_no_more_than_the_country_and_the_end() -> None:
    assert Number("+819012345678").masked == "+81 *** 5678"
