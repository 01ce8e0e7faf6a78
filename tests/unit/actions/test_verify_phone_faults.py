from __future__ import annotations

from actions.dialogue_stack import DialogueStack, Frame
from actions.flow_states import CodeEntry, NumberConfirmation
from tests.support.sandbox import other_than
from tests.support.verifying import Verifying

RESEND = '/inform{"task_command": "resend"}'
DOWN = ["guide/backend_down", "guide/resume"]


async def test_nothing_is_claimed_when_the_backend_is_down_at_sending(verifying: Verifying) -> None:
    await verifying.confirming()
    before = dict(verifying.chat.frames[-1])
    verifying.sandbox.stop()
    answered = await verifying.chat.press("/affirm")
    assert answered.said == DOWN
    assert "/human" in answered.payloads
    assert verifying.chat.frames == [{**before, "paused": True}]
    verifying.sandbox.restart()
    assert (await verifying.chat.press('/inform{"guide_command": "resume"}')).said == [
        "verify_phone/confirm_number"
    ]
    assert (await verifying.chat.press("/affirm")).said == ["verify_phone/sent"]


async def test_nothing_is_claimed_when_the_backend_is_down_at_checking(verifying: Verifying) -> None:
    code = await verifying.sent()
    before = dict(verifying.chat.frames[-1])
    verifying.sandbox.stop()
    assert (await verifying.types(code)).said == DOWN
    assert verifying.chat.frames == [{**before, "paused": True}]
    verifying.sandbox.restart()
    assert (await verifying.types(code)).said == ["verify_phone/verified_portal"]


async def test_nothing_is_claimed_when_the_backend_is_down_at_sending_again(verifying: Verifying) -> None:
    code = await verifying.sent()
    verifying.sandbox.advance(120)
    before = dict(verifying.chat.frames[-1])
    verifying.sandbox.stop()
    assert (await verifying.chat.press(RESEND)).said == DOWN
    assert verifying.chat.frames == [{**before, "paused": True}]
    verifying.sandbox.restart()
    assert (await verifying.types(code)).said == ["verify_phone/verified_portal"]


async def test_what_the_backend_does_not_let_us_do_is_not_called_done(verifying: Verifying) -> None:
    await verifying.confirming()
    verifying.chat.client = "simulator.telegram:" + "x" * 300  # longer than the contract allows
    assert (await verifying.chat.press("/affirm")).said == DOWN


async def test_the_same_message_run_twice_starts_once(verifying: Verifying) -> None:
    await verifying.confirming()
    before = verifying.chat.slots["dialogue_stack"]
    first = await verifying.chat.say("affirm", message="9")
    verifying.chat.slots["dialogue_stack"] = before  # the turn was not saved
    again = await verifying.chat.say("affirm", message="9")
    assert first.said == again.said == ["verify_phone/sent"]
    assert first.events == again.events
    ledger = verifying.sandbox.ledger()
    assert (ledger["writes"], len(ledger["sms"]), len(ledger["verifications"])) == (1, 1, 1)


async def test_saying_yes_again_after_an_answer_that_was_lost_sends_no_second_code(
    verifying: Verifying,
) -> None:
    await verifying.confirming()
    before = verifying.chat.slots["dialogue_stack"]
    await verifying.chat.say("affirm")
    verifying.chat.slots["dialogue_stack"] = before  # the backend did it, but nobody heard of it
    again = await verifying.chat.say("affirm")
    assert again.said == ["verify_phone/sent"]
    assert len(verifying.sandbox.ledger()["sms"]) == 1
    assert (await verifying.types(verifying.sandbox.phone.next_code())).said == [
        "verify_phone/verified_portal"
    ]


async def test_the_same_number_given_anew_is_a_new_request(verifying: Verifying) -> None:
    await verifying.sent()
    await verifying.sent()
    assert len(verifying.sandbox.ledger()["verifications"]) == 2


async def test_the_same_code_run_twice_is_checked_once(verifying: Verifying) -> None:
    code = await verifying.sent()
    before = verifying.chat.slots["dialogue_stack"]
    wrong = other_than(code)
    for _ in range(2):
        verifying.chat.slots["dialogue_stack"] = before
        answered = await verifying.types(wrong, message="9")
        assert answered.values("codes/wrong_code") == {"left": "4"}
    assert verifying.sandbox.ledger()["verifications"][0]["failures"] == 1


async def test_the_same_right_code_run_twice_gives_the_same_receipt(verifying: Verifying) -> None:
    code = await verifying.sent()
    before = verifying.chat.slots["dialogue_stack"]
    first = await verifying.types(code, message="9")
    verifying.chat.slots["dialogue_stack"] = before
    assert (await verifying.types(code, message="9")).messages == first.messages


async def test_the_same_wish_for_a_new_code_run_twice_sends_once(verifying: Verifying) -> None:
    await verifying.sent()
    verifying.sandbox.advance(120)
    for _ in range(2):
        answered = await verifying.chat.say("inform", message="9", task_command="resend")
        assert answered.said == ["codes/resent"]
    assert len(verifying.sandbox.ledger()["sms"]) == 2


async def test_two_messages_write_twice(verifying: Verifying) -> None:
    code = await verifying.sent()
    for left in (4, 3):
        answered = await verifying.types(other_than(code))
        assert answered.values("codes/wrong_code") == {"left": str(left)}


async def test_a_verification_that_the_backend_no_longer_knows_ends_honestly(verifying: Verifying) -> None:
    stack = DialogueStack([Frame.of_task("verify_phone", CodeEntry("pv_gone"))])
    verifying.chat.slots["dialogue_stack"] = stack.to_slot()
    answered = await verifying.types("123456")
    assert answered.said == ["codes/expired_for_good"]
    assert answered.expects == "nothing"
    assert verifying.state is None


async def test_a_number_that_was_verified_meanwhile_is_told_so(verifying: Verifying) -> None:
    code = await verifying.sent()
    before = verifying.chat.slots["dialogue_stack"]
    await verifying.types(code)
    verifying.chat.slots["dialogue_stack"] = before  # as if the answer had been lost on its way
    answered = await verifying.types(code)
    assert answered.said == ["verify_phone/verified_before"]
    assert verifying.state is None


async def test_a_number_that_only_the_backend_refuses_is_asked_for_again(verifying: Verifying) -> None:
    # A landline that slipped through: the backend has the last word.
    stack = DialogueStack([Frame.of_task("verify_phone", NumberConfirmation("+81312345678", "m1"))])
    verifying.chat.slots["dialogue_stack"] = stack.to_slot()
    answered = await verifying.chat.say("affirm")
    assert answered.said == ["verify_phone/number_invalid"]
    assert answered.expects == "phone_number"
    assert verifying.state == "number"


async def test_each_code_is_taken_out_of_the_vault_once(verifying: Verifying) -> None:
    code = await verifying.sent()
    before = len(verifying.vault.opened)
    await verifying.types(other_than(code))
    await verifying.types(code)
    opened = verifying.vault.opened[before:]
    assert len(opened) == len(set(opened)) == 2
