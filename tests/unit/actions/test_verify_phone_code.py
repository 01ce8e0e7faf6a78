from __future__ import annotations

import pytest

from contracts.directives import ExpectInput, ScheduleReminder
from contracts.enums import ExpectedInput
from tests.support.sandbox import NUMBER, OTHER_NUMBER, other_than
from tests.support.task_client import TaskClient

MISSING, RESEND, CHANGE, LEAVE = (
    f'/inform{{"task_command": "{command}"}}'
    for command in ("missing_code", "resend", "change_number", "leave")
)
GO_ON = '/inform{"guide_command": "resume"}'


async def test_the_right_code_is_told_with_the_backends_receipt(task_client: TaskClient) -> None:
    answered = await task_client.type_code(await task_client.get_code())
    assert answered.said == ["verify_phone/verified_portal"]
    receipt = task_client.sandbox.ledger()["verifications"][0]["receipt"]
    assert answered.values("verify_phone/verified_portal") == {"receipt": receipt}
    assert answered.expects == "nothing"
    assert task_client.state is None


async def test_a_stranger_is_told_nothing_of_any_user(task_client: TaskClient) -> None:
    for number in ("+819012345613", OTHER_NUMBER):
        answered = await task_client.type_code(await task_client.get_code(number))
        assert answered.said == ["verify_phone/verified_portal"]


async def test_after_sending_the_gateway_is_told_to_expect_a_code(task_client: TaskClient) -> None:
    await task_client.get_code()
    answered = task_client.chat.last
    assert answered.said == ["verify_phone/sent"]
    assert answered.values("verify_phone/sent") == {"number": "+81 *** 5678"}
    expect, remind = answered.directives
    assert expect == ExpectInput(ExpectedInput.CODE, 600)
    assert isinstance(remind, ScheduleReminder)
    assert (remind.seconds, remind.topic, remind.text) == (180, "codes", "reminder")
    assert [choice.payload for choice in remind.choices] == [MISSING, RESEND, LEAVE]
    assert answered.payloads == [MISSING, RESEND, CHANGE, LEAVE]


async def test_the_tracker_holds_neither_the_code_nor_more_of_it_than_a_reference(
    task_client: TaskClient,
) -> None:
    code = await task_client.get_code()
    assert code not in str(task_client.chat.slots)
    await task_client.type_code(other_than(code))
    assert other_than(code) not in str(task_client.chat.slots) + str(task_client.chat.last)


async def test_a_wrong_code_tells_how_many_tries_are_left(task_client: TaskClient) -> None:
    code = await task_client.get_code()
    for left in (4, 3, 2, 1):
        answered = await task_client.type_code(other_than(code))
        assert answered.said == ["codes/wrong_code"]
        assert answered.values("codes/wrong_code") == {"left": str(left)}
        assert answered.expects == "code"
    assert (await task_client.type_code(code)).said == ["verify_phone/verified_portal"]


async def test_too_many_wrong_codes_end_the_task_and_offer_a_person(task_client: TaskClient) -> None:
    code = await task_client.get_code()
    for _ in range(5):
        answered = await task_client.type_code(other_than(code))
    assert answered.said == ["verify_phone/locked"]
    assert answered.payloads == ["/human"]
    assert answered.expects == "nothing"
    assert task_client.state is None
    assert (await task_client.type_code(code)).said == ["codes/unexpected_code"]


async def test_an_expired_code_is_answered_with_the_offer_of_a_new_one(task_client: TaskClient) -> None:
    code = await task_client.get_code()
    task_client.sandbox.advance(600)
    answered = await task_client.type_code(code)
    assert answered.said == ["codes/expired"]
    assert answered.payloads == [RESEND, LEAVE]
    assert task_client.state == "code"


@pytest.mark.parametrize("by", ["button", "yes"])
async def test_the_new_code_after_an_expired_one_works(task_client: TaskClient, by: str) -> None:
    old = await task_client.get_code()
    task_client.sandbox.advance(600)
    await task_client.type_code(old)
    answered = await (task_client.chat.press(RESEND) if by == "button" else task_client.chat.say("affirm"))
    assert answered.said == ["codes/resent"]
    answered = await task_client.type_code(task_client.sandbox.phone.next_code())
    assert answered.said == ["verify_phone/verified_portal"]


async def test_no_to_a_new_code_leaves_the_task(task_client: TaskClient) -> None:
    code = await task_client.get_code()
    task_client.sandbox.advance(600)
    await task_client.type_code(code)
    assert (await task_client.chat.say("deny")).said == ["codes/cancelled"]


async def test_yes_to_going_on_is_not_yes_to_a_new_code(task_client: TaskClient) -> None:
    code = await task_client.get_code()
    task_client.sandbox.advance(600)
    await task_client.type_code(code)
    await task_client.chat.say("thanks")
    assert (await task_client.chat.say("affirm")).said == ["codes/expired"]
    assert len(task_client.sandbox.ledger()["sms"]) == 1


async def test_yes_while_a_code_is_awaited_sends_nothing(task_client: TaskClient) -> None:
    await task_client.get_code()
    assert (await task_client.chat.say("affirm")).said == ["codes/waiting_code"]
    assert task_client.sandbox.ledger()["writes"] == 1


async def test_a_new_code_asked_for_too_early_is_told_in_seconds(task_client: TaskClient) -> None:
    code = await task_client.get_code()
    answered = await task_client.chat.press(RESEND)
    assert answered.said == ["codes/resend_too_early"]
    seconds = int(answered.values("codes/resend_too_early")["seconds"])
    assert 100 < seconds <= 120
    assert (await task_client.type_code(code)).said == ["verify_phone/verified_portal"]


async def test_a_new_code_after_two_minutes_takes_the_place_of_the_old(task_client: TaskClient) -> None:
    old = await task_client.get_code()
    task_client.sandbox.advance(120)
    answered = await task_client.chat.press(RESEND)
    assert answered.said == ["codes/resent"]
    new = task_client.sandbox.phone.next_code()
    if new != old:  # one time in a million
        assert (await task_client.type_code(old)).said == ["codes/wrong_code"]
    assert (await task_client.type_code(new)).said == ["verify_phone/verified_portal"]


async def test_too_many_new_codes_end_the_task(task_client: TaskClient) -> None:
    await task_client.get_code()
    for _ in range(4):
        task_client.sandbox.advance(120)
        assert (await task_client.chat.press(RESEND)).said == ["codes/resent"]
    task_client.sandbox.advance(120)
    assert (await task_client.chat.press(RESEND)).said == ["verify_phone/too_many_sends"]
    assert task_client.state is None


async def test_too_many_requests_for_one_number_end_the_task(task_client: TaskClient) -> None:
    for _ in range(3):
        await task_client.get_code()
        await task_client.chat.press(LEAVE)
    await task_client.name_number()
    answered = await task_client.chat.press("/affirm")
    assert answered.said == ["codes/too_many_requests"]
    assert task_client.state is None


async def test_another_number_gets_a_code_of_its_own(task_client: TaskClient) -> None:
    await task_client.get_code()
    assert (await task_client.chat.press(CHANGE)).said == ["verify_phone/ask_number"]
    await task_client.chat.say("inform", phone_number=OTHER_NUMBER)
    await task_client.chat.press("/affirm")
    code = task_client.sandbox.phone.next_code()
    assert (await task_client.type_code(code)).said == ["verify_phone/verified_portal"]
    numbers = [done["number_masked"] for done in task_client.sandbox.ledger()["verifications"]]
    assert [number[-4:] for number in numbers] == [NUMBER[-4:], OTHER_NUMBER[-4:]]
    states = [done["state"] for done in task_client.sandbox.ledger()["verifications"]]
    assert states == ["open", "verified"]


@pytest.mark.parametrize("intent", ["inform", "out_of_scope"])
async def test_digits_that_are_no_number_do_not_make_a_code_forgotten(
    task_client: TaskClient, intent: str
) -> None:
    code = await task_client.get_code()
    await task_client.chat.say(intent, number="123456789")
    assert task_client.state == "code"
    assert (await task_client.type_code(code)).said == ["verify_phone/verified_portal"]


async def test_asking_for_the_task_again_does_not_make_the_code_forgotten(task_client: TaskClient) -> None:
    code = await task_client.get_code()
    answered = await task_client.chat.say("verify_phone")
    assert answered.said == ["codes/waiting_code"]
    assert answered.expects == "code"
    assert (await task_client.type_code(code)).said == ["verify_phone/verified_portal"]


@pytest.mark.parametrize("way", ["button", "stop"])
async def test_waiting_can_be_left(task_client: TaskClient, way: str) -> None:
    await task_client.get_code()
    answered = await (
        task_client.chat.press(LEAVE)
        if way == "button"
        else task_client.chat.say("deny", guide_command="stop")
    )
    assert answered.said == ["codes/cancelled"]
    assert answered.expects == "nothing"
    assert task_client.state is None


@pytest.mark.parametrize("way", ["button", "stuck", "words"])
async def test_a_code_that_does_not_arrive_leads_to_what_became_of_it_and_to_its_guide(
    task_client: TaskClient, way: str
) -> None:
    await task_client.get_code()
    task_client.sandbox.wait_for_sms("delivered")
    if way == "button":
        answered = await task_client.chat.press(MISSING)
    else:
        answered = await task_client.chat.say("step_stuck" if way == "stuck" else "sms_missing")
    # Which of the three messages is missing is known here, so it is not asked.
    assert answered.said == ["codes/sms_delivered", "sms_missing/wait"]
    assert answered.expects == "code"
    assert task_client.chat.frames[-1]["answers"] == {"which_sms": "confirm"}


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("+819012340001", "sms_carrier_refused"),
        ("+919876500001", "sms_do_not_call"),
        ("+447400000002", "sms_unreachable"),
        ("+447400000003", "sms_undelivered"),
    ],
)
async def test_what_the_carrier_did_is_told(task_client: TaskClient, number: str, text: str) -> None:
    await task_client.name_number(number)
    await task_client.chat.press("/affirm")
    task_client.sandbox.wait_for_sms("undelivered")
    assert (await task_client.chat.press(MISSING)).said[0] == f"codes/{text}"


async def test_without_the_backend_the_guide_is_there_all_the_same(task_client: TaskClient) -> None:
    await task_client.get_code()
    task_client.sandbox.stop()
    answered = await task_client.chat.press(MISSING)
    assert answered.said == ["sms_missing/wait"]
    task_client.sandbox.restart()


async def test_a_code_typed_on_top_of_that_guide_is_checked(task_client: TaskClient) -> None:
    code = await task_client.get_code()
    await task_client.chat.say("step_stuck")
    answered = await task_client.type_code(code)
    # The help with the missing message is closed with it: nobody waits for that message any more.
    assert answered.said == ["verify_phone/verified_portal"]
    assert task_client.chat.position is None


async def test_a_guide_about_something_else_stays_open_below(task_client: TaskClient) -> None:
    await task_client.chat.say("sms_missing", which_sms="login")
    answered = await task_client.type_code(await task_client.get_code())
    assert answered.said == ["verify_phone/verified_portal", "guide/resume"]
    assert task_client.chat.position == ("sms_missing", "wait")


async def test_a_wrong_code_typed_on_top_of_that_guide_waits_for_another(task_client: TaskClient) -> None:
    code = await task_client.get_code()
    await task_client.chat.say("step_stuck")
    assert (await task_client.type_code(other_than(code))).said == ["codes/wrong_code"]
    assert task_client.state == "code"
    assert (await task_client.type_code(code)).said[0] == "verify_phone/verified_portal"


async def test_leaving_that_guide_leads_back_to_waiting(task_client: TaskClient) -> None:
    code = await task_client.get_code()
    await task_client.chat.say("step_stuck")
    answered = await task_client.chat.say("deny", guide_command="stop")
    assert answered.said == ["guide/left", "guide/resume"]
    assert (await task_client.chat.press(GO_ON)).said == ["codes/waiting_code"]
    assert (await task_client.type_code(code)).said == ["verify_phone/verified_portal"]


async def test_a_code_that_was_used_is_not_wanted_again(task_client: TaskClient) -> None:
    code = await task_client.get_code()
    await task_client.type_code(code)
    assert (await task_client.type_code(code)).said == ["codes/unexpected_code"]


async def test_a_code_that_the_vault_lost_is_asked_for_again(task_client: TaskClient) -> None:
    code = await task_client.get_code()
    answered = await task_client.chat.say("inform", code="lost")
    assert answered.said == ["codes/code_again"]
    assert answered.expects == "code"
    assert task_client.sandbox.ledger()["verifications"][0]["failures"] == 0
    assert (await task_client.type_code(code)).said == ["verify_phone/verified_portal"]


@pytest.mark.parametrize(("user", "text"), [("priya04", "sms_do_not_call"), ("sam06", "sms_carrier_refused")])
async def test_a_linked_client_hears_why_the_last_log_in_code_did_not_come(
    task_client: TaskClient, user: str, text: str
) -> None:
    assert (await task_client.chat.say("sms_missing")).said == ["sms_missing/which_sms"]
    await task_client.chat.say("inform", guide_command="stop")
    task_client.link(user)
    answered = await task_client.chat.say("sms_missing", which_sms="login")
    assert answered.said == ["codes/last_sms", f"codes/{text}", "sms_missing/wait"]


async def test_a_linked_client_hears_which_numbers_are_on_record(task_client: TaskClient) -> None:
    task_client.link("rio13")
    answered = await task_client.chat.say("verify_phone")
    assert answered.said == ["verify_phone/on_record_unverified", "verify_phone/ask_number"]
    assert answered.values("verify_phone/on_record_unverified") == {"number": "+81******5613"}


async def test_verifying_the_number_on_record_tells_the_enrolment_by_itself(task_client: TaskClient) -> None:
    task_client.link("rio13")
    answered = await task_client.type_code(await task_client.get_code("+819012345613"))
    assert answered.said == ["verify_phone/verified_enrolled"]
    answered = await task_client.type_code(await task_client.get_code("+819012345613"))
    assert answered.said == ["verify_phone/verified"]
