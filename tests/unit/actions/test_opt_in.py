"""Opting back into SLS: who may, a yes, a code, a receipt; and the portal's steps for everybody else."""

from __future__ import annotations

import pytest

from tests.support.sandbox import other_than
from tests.support.task_client import TaskClient

HOW, LEAVE, RESEND, MISSING = (
    f'/inform{{"task_command": "{command}"}}' for command in ("how", "leave", "resend", "missing_code")
)
GUIDE = ["sls_opt_in/answer", "sls_opt_in/open_site"]


def state(client: TaskClient, username: str = "hanako01") -> str:
    return str(client.sandbox.ledger()["secure_login"][username])


async def asked(client: TaskClient, username: str = "hanako01") -> str:
    """Come to the code, which is given back."""
    client.link(username)
    await client.chat.say("sls_opt_in")
    await client.chat.press("/affirm")
    return client.sandbox.phone.next_code()


async def test_a_yes_and_a_code_opt_the_primary_user_back_in(everywhere: TaskClient) -> None:
    everywhere.link("hanako01")
    answered = await everywhere.chat.say("sls_opt_in")
    assert answered.values("opting_in/confirm") == {"number": "+81******5601"}
    answered = await everywhere.chat.press("/affirm")
    assert (answered.said, answered.expects) == (["opting_in/sent"], "code")
    assert state(everywhere) == "opted_out"
    answered = await everywhere.type_code(everywhere.sandbox.phone.next_code())
    receipt = everywhere.sandbox.ledger()["opt_ins"][0]["receipt"]
    assert answered.values("opting_in/done") == {"receipt": receipt}
    assert (state(everywhere), everywhere.chat.frames) == ("enrolled", [])


async def test_who_is_not_linked_gets_the_whole_guide_and_the_way_to_link(everywhere: TaskClient) -> None:
    answered = await everywhere.chat.say("sls_opt_in")
    assert answered.said == ["linking/invite", *GUIDE]
    assert "/linking" in answered.payloads
    for _ in range(8):
        answered = await everywhere.chat.say("step_done")
    assert answered.said == ["sls_opt_in/finished"]
    assert everywhere.sandbox.ledger()["writes"] == 0


@pytest.mark.parametrize(
    ("username", "said"),
    [
        ("emma05", ["opting_in/already_enrolled"]),
        ("hanako11", ["opting_in/not_primary_user"]),
        ("olivia03", ["opting_in/no_active_device"]),
        ("priya04", ["opting_in/portal", *GUIDE]),
        ("nina14", ["opting_in/portal", *GUIDE]),
    ],
)
async def test_who_may_not_is_told_why(task_client: TaskClient, username: str, said: list[str]) -> None:
    task_client.link(username)
    assert (await task_client.chat.say("sls_opt_in")).said == said
    if username == "hanako11":
        assert task_client.chat.last.values("opting_in/not_primary_user") == {"name": "ha***01"}


async def test_no_changes_nothing(task_client: TaskClient) -> None:
    task_client.link("hanako01")
    await task_client.chat.say("sls_opt_in")
    assert (await task_client.chat.say("deny")).said == ["codes/cancelled"]
    assert task_client.sandbox.ledger()["opt_ins"] == []


async def test_a_client_who_prefers_the_portal_is_guided_there(task_client: TaskClient) -> None:
    task_client.link("hanako01")
    await task_client.chat.say("sls_opt_in")
    assert (await task_client.chat.press(HOW)).said == GUIDE
    assert task_client.chat.position == ("sls_opt_in", "open_site")


async def test_wrong_codes_lock_it_and_nothing_is_changed(task_client: TaskClient) -> None:
    code = await asked(task_client)
    said = [(await task_client.type_code(other_than(code))).said for _ in range(5)]
    assert said == [*[["codes/wrong_code"]] * 4, ["codes/locked"]]
    assert state(task_client) == "opted_out"


async def test_an_expired_code_is_followed_by_a_new_one(task_client: TaskClient) -> None:
    old = await asked(task_client)
    task_client.sandbox.advance(600)
    assert (await task_client.type_code(old)).said == ["codes/expired"]
    assert (await task_client.chat.press(RESEND)).said == ["codes/resent"]
    assert (await task_client.type_code(task_client.sandbox.phone.next_code())).said == ["opting_in/done"]


async def test_a_code_that_did_not_come_is_looked_for(task_client: TaskClient) -> None:
    await asked(task_client)
    task_client.sandbox.wait_for_sms("delivered")
    assert (await task_client.chat.press(MISSING)).said == ["codes/sms_delivered", "sms_missing/wait"]


async def test_who_was_unlinked_meanwhile_is_not_opted_in(task_client: TaskClient) -> None:
    code = await asked(task_client)
    task_client.sandbox.confirm("end", task_client.chat.client)
    assert (await task_client.type_code(code)).said == ["linking/not_linked"]
    assert state(task_client) == "opted_out"


async def test_another_question_in_between_is_answered_and_the_code_still_counts(
    task_client: TaskClient,
) -> None:
    code = await asked(task_client)
    assert (await task_client.chat.say("pin_rules")).said[-1] == "guide/resume"
    assert (await task_client.chat.say("affirm")).said == ["codes/waiting_code"]
    assert (await task_client.type_code(code)).said == ["opting_in/done"]


async def test_yes_after_a_question_in_between_is_not_yes_to_the_change(task_client: TaskClient) -> None:
    task_client.link("hanako01")
    await task_client.chat.say("sls_opt_in")
    await task_client.chat.say("pin_rules")
    assert (await task_client.chat.say("affirm")).said == ["opting_in/confirm"]
    assert task_client.sandbox.ledger()["opt_ins"] == []


async def test_the_language_may_change_in_the_middle(task_client: TaskClient) -> None:
    code = await asked(task_client)
    assert (await task_client.chat.say("language_japanese")).said == [
        "language_japanese/answer",
        "codes/waiting_code",
    ]
    assert (await task_client.type_code(code)).said == ["opting_in/done"]


async def test_the_backend_may_be_restarted_at_each_step(task_client: TaskClient) -> None:
    task_client.link("hanako01")
    for step in ("begin", "yes", "code"):
        task_client.sandbox.restart()
        if step == "begin":
            await task_client.chat.say("sls_opt_in")
        elif step == "yes":
            await task_client.chat.press("/affirm")
        else:
            code = task_client.sandbox.phone.next_code()
            assert (await task_client.type_code(code)).said == ["opting_in/done"]
    assert len(task_client.sandbox.ledger()["opt_ins"]) == 1
