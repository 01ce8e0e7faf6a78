"""When a person is called without being asked for, and what they are told of the client."""

from __future__ import annotations

import re
from typing import Any

import pytest

from knowledge import Knowledge
from tests.support.action_turn import ActionChat, Answered
from tests.support.sandbox import other_than
from tests.support.verifying import Verifying

RESEND = '/inform{"task": "resend"}'
DOWN = {"kind": "500", "when": "before", "times": 99}


def handed_over(answered: Answered) -> dict[str, Any] | None:
    """What the gateway was told with the wish for a person, which is the last thing of its turn; None for no wish."""
    wishes = [d for d in answered.directives if d["type"] == "handoff"]
    assert wishes in ([], answered.directives[-1:]), "what comes after it would be carried out for nobody"
    return wishes[0] if wishes else None


def codes(wish: dict[str, Any] | None) -> list[str]:
    assert wish is not None
    return [error["code"] for error in wish["errors"]]


async def lock(client: Verifying) -> Answered:
    """Type a wrong code until no try is left."""
    code = await client.sent()
    for _ in range(5):
        answered = await client.types(other_than(code))
    return answered


async def expire(client: Verifying, old: str) -> tuple[Answered, str]:
    """Be too late with a code, and ask for a new one."""
    client.sandbox.advance(600)
    late = await client.types(old)
    if handed_over(late):
        return late, ""
    await client.chat.press(RESEND)
    return late, client.sandbox.phone.next_code()


async def test_the_third_failure_of_a_task_calls_a_person(everywhere: Verifying) -> None:
    code = await everywhere.sent()
    for _ in range(2):
        late, code = await expire(everywhere, code)
        assert late.said == ["codes__expired"]
        assert handed_over(late) is None
    late, _ = await expire(everywhere, code)
    assert late.said == ["codes__expired", "human__task_failed"]
    assert late.payloads == [], "there is nothing to choose any more"
    wish = handed_over(late)
    assert wish is not None
    assert (wish["reason"], wish["priority"]) == ("task_failed", "normal")
    assert (wish["topic"], wish["step"], wish["tried"]) == ("verify_phone", "code", ["verify_phone"])
    assert codes(wish) == ["expired"] * 3


async def test_the_person_is_told_the_backends_codes_and_what_its_log_knows_the_calls_by(
    verifying: Verifying,
) -> None:
    code = await verifying.sent()
    for _ in range(2):
        await verifying.types(other_than(code))
    wish = handed_over(await verifying.chat.say("human"))
    assert wish is not None
    assert wish["tried"] == ["verify_phone"]
    assert codes(wish) == ["wrong_code"] * 2
    calls = {error["request_id"] for error in wish["errors"]}
    assert len(calls) == 2
    assert all(re.fullmatch(r"[0-9a-f]{32}", call) for call in calls)


async def test_a_wrong_code_is_no_failure_as_long_as_it_may_be_typed_again(verifying: Verifying) -> None:
    answered = await lock(verifying)
    assert answered.said == ["verify_phone__locked"]
    assert answered.payloads == ["/human"], "after the first failure a person is offered, not called"
    assert handed_over(answered) is None


async def test_after_a_success_failures_are_counted_anew(verifying: Verifying) -> None:
    code = await verifying.sent()
    for _ in range(2):
        _, code = await expire(verifying, code)
    assert (await verifying.types(code)).said == ["verify_phone__verified_portal"]
    code = await verifying.sent("+819087654321")
    late, _ = await expire(verifying, code)
    assert handed_over(late) is None


async def test_after_a_person_was_called_failures_are_counted_anew(verifying: Verifying) -> None:
    code = await verifying.sent()
    for _ in range(3):
        late, code = await expire(verifying, code)
    assert handed_over(late) is not None
    again = await verifying.chat.say("inform", task="resend")
    code = verifying.sandbox.phone.next_code()
    assert handed_over(again) is None
    late, _ = await expire(verifying, code)
    assert late.said == ["codes__expired"]


async def test_failures_of_different_tasks_are_not_one_tasks_third(verifying: Verifying) -> None:
    verifying.link("hanako01")
    verifying.sandbox.faults(DOWN)
    for task in ("sls_opt_in", "share_device", "share_status", "sls_opt_in"):
        assert handed_over(await verifying.chat.say(task)) is None
    answered = await verifying.chat.say("sls_opt_in")
    wish = handed_over(answered)
    assert answered.said[0] == "linking__cannot_ask"
    assert answered.said[-1] == "human__task_failed"
    assert "guide__resume" not in answered.said, "nobody asks whether to go on who has just handed over"
    assert wish is not None
    assert wish["tried"] == ["sls_opt_in"]


async def test_a_backend_that_stays_silent_is_no_reason_not_to_call_anybody(verifying: Verifying) -> None:
    verifying.sandbox.faults(DOWN)
    wish = handed_over(await verifying.chat.say("human"))
    assert wish is not None
    assert wish["linked"] == "unknown"
    assert codes(wish) == ["unavailable"]


@pytest.mark.parametrize(("word", "state"), [(None, "pending_compliance"), ("refuse", "refused_compliance")])
async def test_what_lies_with_compliance_calls_a_person_once(
    everywhere: Verifying, word: str | None, state: str
) -> None:
    everywhere.link("noa12")
    await everywhere.chat.say("share_device")
    await everywhere.chat.press("/affirm")
    request = everywhere.sandbox.ledger()["sharing"][-1]["id"]
    for done in ("finish", word):
        if done:
            everywhere.sandbox.portal(f"/sharing-requests/{request}/{done}")
    answered = await everywhere.chat.say("share_status")
    assert answered.said == [f"sharing__{state}", "human__compliance"]
    wish = handed_over(answered)
    assert wish is not None
    assert (wish["reason"], wish["topic"]) == ("compliance", "share_device")
    assert wish["errors"] == [{"code": state.removeprefix("refused_"), "request_id": request}]
    # Whoever has taken that back, and asks again how it stands, is not sent to the queue once more.
    again = await everywhere.chat.say("share_status")
    assert again.said[0] == f"sharing__{state}"
    assert handed_over(again) is None


async def test_what_compliance_does_not_keep_calls_nobody(verifying: Verifying) -> None:
    verifying.link("hanako01")
    await verifying.chat.say("share_device")
    await verifying.chat.press("/affirm")
    assert handed_over(await verifying.chat.say("share_status")) is None


async def test_the_person_is_told_whether_the_chat_is_linked_and_how_the_account_stands(
    everywhere: Verifying,
) -> None:
    wish = handed_over(await everywhere.chat.say("human"))
    assert wish is not None
    assert wish["linked"] == "no"
    assert "account" not in wish, "of a stranger nothing is known"
    everywhere.link("hanako01")
    wish = handed_over(await everywhere.chat.say("human"))
    assert wish is not None
    assert wish["linked"] == "yes"
    assert wish["account"] == [
        {"what": "user", "name": "ha***01", "state": "primary"},
        {"what": "secure_login", "state": "opted_out"},
        {"what": "ib_key", "state": "none"},
        {"what": "device", "name": "dsc_plus", "state": "active"},
        {"what": "number", "name": wish["account"][-1]["name"], "state": "verified"},
    ]
    assert "*" in wish["account"][-1]["name"]


async def test_not_understood_and_urgent_tell_it_too(verifying: Verifying) -> None:
    verifying.link("hanako01")
    for _ in range(2):
        answered = await verifying.chat.say("nlu_fallback", "hm")
    wish = handed_over(answered)
    assert wish is not None
    assert (wish["reason"], wish["linked"]) == ("not_understood", "yes")
    await verifying.chat.say("phone_lost")
    wish = handed_over(await verifying.chat.say("affirm"))
    assert wish is not None
    assert (wish["reason"], wish["priority"], wish["linked"]) == ("phone_lost", "urgent", "yes")


async def test_whoever_begins_anew_leaves_old_trouble_behind(verifying: Verifying) -> None:
    code = await verifying.sent()
    await verifying.types(other_than(code))
    await verifying.chat.say("restart")
    wish = handed_over(await verifying.chat.say("human"))
    assert wish is not None
    assert "errors" not in wish


async def test_what_is_kept_of_trouble_holds_nothing_that_was_typed(
    knowledge: Knowledge, verifying: Verifying
) -> None:
    code = await verifying.sent()
    wrong = other_than(code)
    await verifying.types(wrong)
    assert wrong not in str(verifying.chat.slots["trouble"])
    assert isinstance(verifying.chat, ActionChat)
    assert set(verifying.chat.slots["trouble"]["errors"][0]) == {"task", "code", "request_id"}
