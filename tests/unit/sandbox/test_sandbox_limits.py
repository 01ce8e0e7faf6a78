"""How many codes a number, a block, a country and a chat get."""

from __future__ import annotations

import pytest

from sandbox import challenges
from sandbox.challenges import RateLimit
from sandbox.e164 import can_receive_sms, mask_number
from tests.support.sandbox import NUMBER, OTHER_NUMBER, RunningSandbox, other_than


def test_a_number_gets_three_codes_in_ten_minutes_over_all_chats(sandbox: RunningSandbox) -> None:
    answers = [sandbox.begin(f"simulator.sms:{peer}") for peer in range(4)]
    assert [answer.status_code for answer in answers] == [201, 201, 201, 429]
    refused = answers[-1].json()
    assert refused["code"] == "too_many_requests"
    assert 590 <= refused["retry_after"] <= 600
    assert len(sandbox.ledger()["sms"]) == 3


def test_a_code_can_be_sent_after_the_announced_wait(sandbox: RunningSandbox) -> None:
    for _ in range(3):
        sandbox.begin()
    sandbox.advance(sandbox.begin().json()["retry_after"])
    assert sandbox.begin().status_code == 201


def test_other_numbers_are_not_limited(sandbox: RunningSandbox) -> None:
    for _ in range(4):
        sandbox.begin()
    assert sandbox.begin(number=OTHER_NUMBER).status_code == 201


def test_a_number_gets_ten_codes_a_day(sandbox: RunningSandbox) -> None:
    for _ in range(10):
        assert sandbox.begin().status_code == 201
        sandbox.advance(601)
    refused = sandbox.begin()
    assert refused.json()["code"] == "too_many_requests"
    sandbox.advance(refused.json()["retry_after"])
    assert sandbox.begin().status_code == 201


def test_the_daily_limit_includes_resent_codes(sandbox: RunningSandbox) -> None:
    for _ in range(9):
        sandbox.begin()
        sandbox.advance(601)
    id = sandbox.begin().json()["id"]
    sandbox.advance(601)
    assert sandbox.resend(id).json()["code"] == "too_many_requests"


def test_a_number_that_cannot_receive_text_messages_is_refused(sandbox: RunningSandbox) -> None:
    landline = "+81312345678"
    for number in ("", "09012345678", "+81", "+8190123456789", "+810901234567", landline, "+1", "nonsense"):
        answer = sandbox.begin(number=number)
        assert (answer.status_code, answer.json()["code"]) == (422, "number_invalid"), number
    assert sandbox.ledger()["sms"] == []


def test_a_block_of_numbers_and_a_country_have_their_limits(
    sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(challenges, "BLOCK_LIMIT", RateLimit(3, 3_600))
    monkeypatch.setattr(challenges, "COUNTRY_LIMIT", RateLimit(5, 86_400))
    codes = [sandbox.begin(number=f"+81901234567{n}").status_code for n in range(4)]
    assert codes == [201, 201, 201, 429]
    others = [sandbox.begin(number=f"+8190765432{n}0").status_code for n in range(3)]
    assert others == [201, 201, 429]
    assert sandbox.begin(number="+447400123456").status_code == 201


def test_a_chat_is_allowed_twenty_wrong_codes_a_day(sandbox: RunningSandbox) -> None:
    for n in range(4):
        id, code = sandbox.begun(f"+81901234{n}678")
        for _ in range(5):
            sandbox.check(id, other_than(code))
    refused = sandbox.begin(number="+447400123456")
    assert refused.json()["code"] == "too_many_requests"
    assert sandbox.begin("simulator.sms:another", "+447400123456").status_code == 201
    sandbox.advance(refused.json()["retry_after"])
    assert sandbox.begin(number="+447400123456").status_code == 201


@pytest.mark.parametrize("number", [NUMBER, "+12025550123", "+447911123456", "+919876543210", "+4791234567"])
def test_mobile_numbers_of_many_countries_can_receive_text_messages(number: str) -> None:
    assert can_receive_sms(number)


@pytest.mark.parametrize(
    ("number", "shown"), [("+819012345678", "+81******5678"), ("+12025550123", "+1******0123")]
)
def test_a_masked_number_shows_the_country_and_four_digits(number: str, shown: str) -> None:
    assert mask_number(number) == shown
