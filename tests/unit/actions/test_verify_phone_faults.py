from __future__ import annotations

from tests.support.sandbox import NUMBER, other_than
from tests.support.verifying import Verifying

RESEND = '/inform{"task": "resend"}'
DOWN = ["guide__backend_down", "guide__resume"]


async def test_nothing_is_claimed_when_the_backend_is_down_at_sending(verifying: Verifying) -> None:
    await verifying.confirming()
    before = dict(verifying.chat.places[-1])
    verifying.sandbox.stop()
    answered = await verifying.chat.press("/affirm")
    assert answered.said == DOWN
    assert "/human" in answered.payloads
    assert verifying.chat.places == [{**before, "paused": True}]
    verifying.sandbox.restart()
    assert (await verifying.chat.press('/inform{"walk": "resume"}')).said == ["verify_phone__confirm_number"]
    assert (await verifying.chat.press("/affirm")).said == ["verify_phone__sent"]


async def test_nothing_is_claimed_when_the_backend_is_down_at_checking(verifying: Verifying) -> None:
    code = await verifying.sent()
    before = dict(verifying.chat.places[-1])
    verifying.sandbox.stop()
    assert (await verifying.types(code)).said == DOWN
    assert verifying.chat.places == [{**before, "paused": True}]
    verifying.sandbox.restart()
    assert (await verifying.types(code)).said == ["verify_phone__verified_portal"]


async def test_nothing_is_claimed_when_the_backend_is_down_at_sending_again(verifying: Verifying) -> None:
    code = await verifying.sent()
    verifying.sandbox.advance(120)
    before = dict(verifying.chat.places[-1])
    verifying.sandbox.stop()
    assert (await verifying.chat.press(RESEND)).said == DOWN
    assert verifying.chat.places == [{**before, "paused": True}]
    verifying.sandbox.restart()
    assert (await verifying.types(code)).said == ["verify_phone__verified_portal"]


async def test_what_the_backend_does_not_let_us_do_is_not_called_done(verifying: Verifying) -> None:
    await verifying.confirming()
    verifying.chat.client = "x" * 300  # longer than the contract allows
    assert (await verifying.chat.press("/affirm")).said == DOWN


async def test_the_same_message_run_twice_starts_once(verifying: Verifying) -> None:
    await verifying.confirming()
    place = verifying.chat.slots["place"]
    first = await verifying.chat.say("affirm", message="9")
    verifying.chat.slots["place"] = place  # the turn was not saved
    again = await verifying.chat.say("affirm", message="9")
    assert first.said == again.said == ["verify_phone__sent"]
    assert first.events == again.events
    ledger = verifying.sandbox.ledger()
    assert (ledger["writes"], len(ledger["sms"]), len(ledger["verifications"])) == (1, 1, 1)


async def test_saying_yes_again_after_an_answer_that_was_lost_sends_no_second_code(
    verifying: Verifying,
) -> None:
    await verifying.confirming()
    place = verifying.chat.slots["place"]
    await verifying.chat.say("affirm")
    verifying.chat.slots["place"] = place  # the backend did it, but nobody heard of it
    again = await verifying.chat.say("affirm")
    assert again.said == ["verify_phone__sent"]
    assert len(verifying.sandbox.ledger()["sms"]) == 1
    assert (await verifying.types(verifying.sandbox.phone.next_code())).said == [
        "verify_phone__verified_portal"
    ]


async def test_the_same_number_given_anew_is_a_new_request(verifying: Verifying) -> None:
    await verifying.sent()
    await verifying.sent()
    assert len(verifying.sandbox.ledger()["verifications"]) == 2


async def test_the_same_code_run_twice_is_checked_once(verifying: Verifying) -> None:
    code = await verifying.sent()
    place = verifying.chat.slots["place"]
    wrong = other_than(code)
    for _ in range(2):
        verifying.chat.slots["place"] = place
        answered = await verifying.types(wrong, message="9")
        assert answered.values("codes__wrong_code") == {"left": 4}
    assert verifying.sandbox.ledger()["verifications"][0]["failures"] == 1


async def test_the_same_right_code_run_twice_gives_the_same_receipt(verifying: Verifying) -> None:
    code = await verifying.sent()
    place = verifying.chat.slots["place"]
    first = await verifying.types(code, message="9")
    verifying.chat.slots["place"] = place
    assert (await verifying.types(code, message="9")).messages == first.messages


async def test_the_same_wish_for_a_new_code_run_twice_sends_once(verifying: Verifying) -> None:
    await verifying.sent()
    verifying.sandbox.advance(120)
    for _ in range(2):
        answered = await verifying.chat.say("inform", message="9", task="resend")
        assert answered.said == ["codes__resent"]
    assert len(verifying.sandbox.ledger()["sms"]) == 2


async def test_two_messages_write_twice(verifying: Verifying) -> None:
    code = await verifying.sent()
    for left in (4, 3):
        answered = await verifying.types(other_than(code))
        assert answered.values("codes__wrong_code") == {"left": left}


async def test_a_verification_that_the_backend_no_longer_knows_ends_honestly(verifying: Verifying) -> None:
    data = {"number": NUMBER, "id": "pv_gone"}
    verifying.chat.slots["place"] = [{"topic": "verify_phone", "at": "code", "data": data}]
    answered = await verifying.types("123456")
    assert answered.said == ["codes__expired_for_good"]
    assert answered.expects == "nothing"
    assert verifying.state is None


async def test_a_number_that_was_verified_meanwhile_is_told_so(verifying: Verifying) -> None:
    code = await verifying.sent()
    place = verifying.chat.slots["place"]
    await verifying.types(code)
    verifying.chat.slots["place"] = place  # as if the answer had been lost on its way
    answered = await verifying.types(code)
    assert answered.said == ["verify_phone__verified_before"]
    assert verifying.state is None


async def test_a_number_that_only_the_backend_refuses_is_asked_for_again(verifying: Verifying) -> None:
    # A landline that slipped through: the backend has the last word.
    data = {"number": "+81312345678", "request": "m1"}
    verifying.chat.slots["place"] = [{"topic": "verify_phone", "at": "confirm", "data": data}]
    answered = await verifying.chat.say("affirm")
    assert answered.said == ["verify_phone__number_invalid"]
    assert answered.expects == "phone_number"
    assert verifying.state == "number"


async def test_each_code_is_taken_out_of_the_vault_once(verifying: Verifying) -> None:
    code = await verifying.sent()
    before = len(verifying.vault.opened)
    await verifying.types(other_than(code))
    await verifying.types(code)
    opened = verifying.vault.opened[before:]
    assert len(opened) == len(set(opened)) == 2
