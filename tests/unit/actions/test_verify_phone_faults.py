from __future__ import annotations

from actions.dialogue_stack import DialogueStack, Frame
from actions.flow_states import CodeEntry, NumberConfirmation
from tests.support.sandbox import other_than
from tests.support.task_client import TaskClient

RESEND = '/inform{"task_command": "resend"}'
DOWN = ["guide/backend_down", "guide/resume"]


async def test_nothing_is_claimed_when_the_backend_is_down_at_sending(task_client: TaskClient) -> None:
    await task_client.name_number()
    before = dict(task_client.chat.frames[-1])
    task_client.sandbox.stop()
    answered = await task_client.chat.press("/affirm")
    assert answered.said == DOWN
    assert "/human" in answered.payloads
    assert task_client.chat.frames == [{**before, "paused": True}]
    task_client.sandbox.restart()
    assert (await task_client.chat.press('/inform{"guide_command": "resume"}')).said == [
        "verify_phone/confirm_number"
    ]
    assert (await task_client.chat.press("/affirm")).said == ["verify_phone/sent"]


async def test_nothing_is_claimed_when_the_backend_is_down_at_checking(task_client: TaskClient) -> None:
    code = await task_client.get_code()
    before = dict(task_client.chat.frames[-1])
    task_client.sandbox.stop()
    assert (await task_client.type_code(code)).said == DOWN
    assert task_client.chat.frames == [{**before, "paused": True}]
    task_client.sandbox.restart()
    assert (await task_client.type_code(code)).said == ["verify_phone/verified_portal"]


async def test_nothing_is_claimed_when_the_backend_is_down_at_sending_again(task_client: TaskClient) -> None:
    code = await task_client.get_code()
    task_client.sandbox.advance(120)
    before = dict(task_client.chat.frames[-1])
    task_client.sandbox.stop()
    assert (await task_client.chat.press(RESEND)).said == DOWN
    assert task_client.chat.frames == [{**before, "paused": True}]
    task_client.sandbox.restart()
    assert (await task_client.type_code(code)).said == ["verify_phone/verified_portal"]


async def test_what_the_backend_does_not_let_us_do_is_not_called_done(task_client: TaskClient) -> None:
    await task_client.name_number()
    task_client.chat.client = "simulator.telegram:" + "x" * 300  # longer than the contract allows
    assert (await task_client.chat.press("/affirm")).said == DOWN


async def test_the_same_message_run_twice_starts_once(task_client: TaskClient) -> None:
    await task_client.name_number()
    before = task_client.chat.slots["dialogue_stack"]
    first = await task_client.chat.say("affirm", message="9")
    task_client.chat.slots["dialogue_stack"] = before  # the turn was not saved
    again = await task_client.chat.say("affirm", message="9")
    assert first.said == again.said == ["verify_phone/sent"]
    assert first.events == again.events
    ledger = task_client.sandbox.ledger()
    assert (ledger["writes"], len(ledger["sms"]), len(ledger["verifications"])) == (1, 1, 1)


async def test_saying_yes_again_after_an_answer_that_was_lost_sends_no_second_code(
    task_client: TaskClient,
) -> None:
    await task_client.name_number()
    before = task_client.chat.slots["dialogue_stack"]
    await task_client.chat.say("affirm")
    task_client.chat.slots["dialogue_stack"] = before  # the backend did it, but nobody heard of it
    again = await task_client.chat.say("affirm")
    assert again.said == ["verify_phone/sent"]
    assert len(task_client.sandbox.ledger()["sms"]) == 1
    assert (await task_client.type_code(task_client.sandbox.phone.next_code())).said == [
        "verify_phone/verified_portal"
    ]


async def test_the_same_number_given_anew_is_a_new_request(task_client: TaskClient) -> None:
    await task_client.get_code()
    await task_client.get_code()
    assert len(task_client.sandbox.ledger()["verifications"]) == 2


async def test_the_same_code_run_twice_is_checked_once(task_client: TaskClient) -> None:
    code = await task_client.get_code()
    before = task_client.chat.slots["dialogue_stack"]
    wrong = other_than(code)
    for _ in range(2):
        task_client.chat.slots["dialogue_stack"] = before
        answered = await task_client.type_code(wrong, message="9")
        assert answered.values("codes/wrong_code") == {"left": "4"}
    assert task_client.sandbox.ledger()["verifications"][0]["failures"] == 1


async def test_the_same_right_code_run_twice_gives_the_same_receipt(task_client: TaskClient) -> None:
    code = await task_client.get_code()
    before = task_client.chat.slots["dialogue_stack"]
    first = await task_client.type_code(code, message="9")
    task_client.chat.slots["dialogue_stack"] = before
    assert (await task_client.type_code(code, message="9")).messages == first.messages


async def test_the_same_request_for_a_new_code_run_twice_sends_once(task_client: TaskClient) -> None:
    await task_client.get_code()
    task_client.sandbox.advance(120)
    for _ in range(2):
        answered = await task_client.chat.say("inform", message="9", task_command="resend")
        assert answered.said == ["codes/resent"]
    assert len(task_client.sandbox.ledger()["sms"]) == 2


async def test_two_messages_write_twice(task_client: TaskClient) -> None:
    code = await task_client.get_code()
    for left in (4, 3):
        answered = await task_client.type_code(other_than(code))
        assert answered.values("codes/wrong_code") == {"left": str(left)}


async def test_a_verification_that_the_backend_no_longer_knows_ends_honestly(task_client: TaskClient) -> None:
    stack = DialogueStack([Frame.of_task("verify_phone", CodeEntry("pv_gone"))])
    task_client.chat.slots["dialogue_stack"] = stack.to_slot()
    answered = await task_client.type_code("123456")
    assert answered.said == ["codes/expired_for_good"]
    assert answered.expects == "nothing"
    assert task_client.state is None


async def test_a_number_that_was_verified_meanwhile_is_told_so(task_client: TaskClient) -> None:
    code = await task_client.get_code()
    before = task_client.chat.slots["dialogue_stack"]
    await task_client.type_code(code)
    task_client.chat.slots["dialogue_stack"] = before  # as if the answer had been lost on its way
    answered = await task_client.type_code(code)
    assert answered.said == ["verify_phone/verified_before"]
    assert task_client.state is None


async def test_a_number_that_only_the_backend_refuses_is_asked_for_again(task_client: TaskClient) -> None:
    # A landline that slipped through: the backend has the last word.
    stack = DialogueStack([Frame.of_task("verify_phone", NumberConfirmation("+81312345678", "m1"))])
    task_client.chat.slots["dialogue_stack"] = stack.to_slot()
    answered = await task_client.chat.say("affirm")
    assert answered.said == ["verify_phone/number_invalid"]
    assert answered.expects == "phone_number"
    assert task_client.state == "number"


async def test_each_code_is_taken_out_of_the_vault_once(task_client: TaskClient) -> None:
    code = await task_client.get_code()
    before = len(task_client.vault.opened)
    await task_client.type_code(other_than(code))
    await task_client.type_code(code)
    opened = task_client.vault.opened[before:]
    assert len(opened) == len(set(opened)) == 2
