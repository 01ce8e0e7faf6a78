"""When a person is called without being asked for, and what they are told of the client."""

from __future__ import annotations

import re

import pytest

from contracts.directives import RequestHandoff
from contracts.enums import HandoffReason, LinkStatus, Priority
from contracts.handoff import AccountFact, BackendFailure
from knowledge import Knowledge
from tests.support.action_turn import ActionChat, TurnResult
from tests.support.sandbox import other_than
from tests.support.task_client import TaskClient

RESEND = '/inform{"task_command": "resend"}'
DOWN = {"kind": "500", "when": "before", "times": 99}


def codes(handoff: RequestHandoff | None) -> list[str]:
    assert handoff is not None
    return [error.code for error in handoff.context.errors]


async def lock(client: TaskClient) -> TurnResult:
    """Type a wrong code until no try is left."""
    code = await client.get_code()
    for _ in range(5):
        answered = await client.type_code(other_than(code))
    return answered


async def expire(client: TaskClient, old: str) -> tuple[TurnResult, str]:
    """Be too late with a code, and ask for a new one."""
    client.sandbox.advance(600)
    late = await client.type_code(old)
    if late.handoff:
        return late, ""
    await client.chat.press(RESEND)
    return late, client.sandbox.phone.next_code()


async def test_the_third_failure_of_a_task_calls_a_person(everywhere: TaskClient) -> None:
    code = await everywhere.get_code()
    for _ in range(2):
        late, code = await expire(everywhere, code)
        assert late.said == ["codes/expired"]
        assert late.handoff is None
    late, _ = await expire(everywhere, code)
    assert late.said == ["codes/expired", "human/task_failed"]
    assert late.payloads == [], "there is nothing to choose any more"
    handoff = late.handoff
    assert handoff is not None
    assert (handoff.reason, handoff.priority) == (HandoffReason.TASK_FAILED, Priority.NORMAL)
    assert handoff.context.topic == "verify_phone"
    assert handoff.context.step == "code"
    assert handoff.context.tried == ("verify_phone",)
    assert codes(handoff) == ["expired"] * 3


async def test_the_person_is_told_the_backends_codes_and_what_its_log_knows_the_calls_by(
    task_client: TaskClient,
) -> None:
    code = await task_client.get_code()
    for _ in range(2):
        await task_client.type_code(other_than(code))
    handoff = (await task_client.chat.say("human")).handoff
    assert handoff is not None
    assert handoff.context.tried == ("verify_phone",)
    assert codes(handoff) == ["wrong_code"] * 2
    calls = {error.request_id for error in handoff.context.errors}
    assert len(calls) == 2
    assert all(re.fullmatch(r"[0-9a-f]{32}", call) for call in calls)


async def test_a_wrong_code_is_no_failure_as_long_as_it_may_be_typed_again(task_client: TaskClient) -> None:
    answered = await lock(task_client)
    assert answered.said == ["verify_phone/locked"]
    assert answered.payloads == ["/human"], "after the first failure a person is offered, not called"
    assert answered.handoff is None


async def test_after_a_success_failures_are_counted_anew(task_client: TaskClient) -> None:
    code = await task_client.get_code()
    for _ in range(2):
        _, code = await expire(task_client, code)
    assert (await task_client.type_code(code)).said == ["verify_phone/verified_portal"]
    code = await task_client.get_code("+819087654321")
    late, _ = await expire(task_client, code)
    assert late.handoff is None


async def test_after_a_person_was_called_failures_are_counted_anew(task_client: TaskClient) -> None:
    code = await task_client.get_code()
    for _ in range(3):
        late, code = await expire(task_client, code)
    assert late.handoff is not None
    again = await task_client.chat.say("inform", task_command="resend")
    code = task_client.sandbox.phone.next_code()
    assert again.handoff is None
    late, _ = await expire(task_client, code)
    assert late.said == ["codes/expired"]


async def test_failures_of_different_tasks_are_not_one_tasks_third(task_client: TaskClient) -> None:
    task_client.link("hanako01")
    task_client.sandbox.faults(DOWN)
    for task in ("sls_opt_in", "share_device", "share_status", "sls_opt_in"):
        assert (await task_client.chat.say(task)).handoff is None
    answered = await task_client.chat.say("sls_opt_in")
    handoff = answered.handoff
    assert answered.said[0] == "linking/cannot_ask"
    assert answered.said[-1] == "human/task_failed"
    assert "guide/resume" not in answered.said, "nobody asks whether to go on who has just handed over"
    assert handoff is not None
    assert handoff.context.tried == ("sls_opt_in",)


async def test_a_backend_that_stays_silent_is_no_reason_not_to_call_anybody(task_client: TaskClient) -> None:
    task_client.sandbox.faults(DOWN)
    handoff = (await task_client.chat.say("human")).handoff
    assert handoff is not None
    assert handoff.context.linked is LinkStatus.UNKNOWN
    assert codes(handoff) == ["unavailable"]


@pytest.mark.parametrize(("word", "state"), [(None, "pending_compliance"), ("refuse", "refused_compliance")])
async def test_what_lies_with_compliance_calls_a_person_once(
    everywhere: TaskClient, word: str | None, state: str
) -> None:
    everywhere.link("noa12")
    await everywhere.chat.say("share_device")
    await everywhere.chat.press("/affirm")
    request = everywhere.sandbox.ledger()["sharing"][-1]["id"]
    for done in ("finish", word):
        if done:
            everywhere.sandbox.portal(f"/sharing-requests/{request}/{done}")
    answered = await everywhere.chat.say("share_status")
    assert answered.said == [f"sharing/{state}", "human/compliance"]
    handoff = answered.handoff
    assert handoff is not None
    assert (handoff.reason, handoff.context.topic) == (HandoffReason.COMPLIANCE, "share_device")
    assert handoff.context.errors == (BackendFailure(state.removeprefix("refused_"), request),)
    # Whoever has taken that back, and asks again how it stands, is not sent to the queue once more.
    again = await everywhere.chat.say("share_status")
    assert again.said[0] == f"sharing/{state}"
    assert again.handoff is None


async def test_what_compliance_does_not_keep_calls_nobody(task_client: TaskClient) -> None:
    task_client.link("hanako01")
    await task_client.chat.say("share_device")
    await task_client.chat.press("/affirm")
    assert (await task_client.chat.say("share_status")).handoff is None


async def test_the_person_is_told_whether_the_chat_is_linked_and_how_the_account_stands(
    everywhere: TaskClient,
) -> None:
    handoff = (await everywhere.chat.say("human")).handoff
    assert handoff is not None
    assert handoff.context.linked is LinkStatus.NOT_LINKED
    assert handoff.context.account == (), "of a stranger nothing is known"
    everywhere.link("hanako01")
    handoff = (await everywhere.chat.say("human")).handoff
    assert handoff is not None
    assert handoff.context.linked is LinkStatus.LINKED
    *account, number = handoff.context.account
    assert account == [
        AccountFact("user", "ha***01", "primary"),
        AccountFact("secure_login", state="opted_out"),
        AccountFact("ib_key", state="none"),
        AccountFact("device", "dsc_plus", "active"),
    ]
    assert (number.what, number.state) == ("number", "verified")
    assert "*" in number.name


async def test_not_understood_and_urgent_tell_it_too(task_client: TaskClient) -> None:
    task_client.link("hanako01")
    for _ in range(2):
        answered = await task_client.chat.say("nlu_fallback", "hm")
    handoff = answered.handoff
    assert handoff is not None
    assert (handoff.reason, handoff.context.linked) == (HandoffReason.NOT_UNDERSTOOD, LinkStatus.LINKED)
    await task_client.chat.say("phone_lost")
    handoff = (await task_client.chat.say("affirm")).handoff
    assert handoff is not None
    assert (handoff.reason, handoff.priority) == (HandoffReason.URGENT, Priority.URGENT)
    assert (handoff.context.topic, handoff.context.linked) == ("phone_lost", LinkStatus.LINKED)


async def test_starting_over_leaves_old_failures_behind(task_client: TaskClient) -> None:
    code = await task_client.get_code()
    await task_client.type_code(other_than(code))
    await task_client.chat.say("restart")
    handoff = (await task_client.chat.say("human")).handoff
    assert handoff is not None
    assert handoff.context.errors == ()


async def test_what_is_kept_of_failures_holds_nothing_that_was_typed(
    knowledge: Knowledge, task_client: TaskClient
) -> None:
    code = await task_client.get_code()
    wrong = other_than(code)
    await task_client.type_code(wrong)
    assert wrong not in str(task_client.chat.slots["failure_log"])
    assert isinstance(task_client.chat, ActionChat)
    assert set(task_client.chat.slots["failure_log"]["errors"][0]) == {"task", "code", "request_id"}
