"""Each process is killed while clients write: nothing is lost, sent twice or done twice."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from knowledge import Knowledge
from tests.support.conversation import Conversation
from tests.support.knowledge import KNOWLEDGE
from tests.support.portal import WORDS, Portal, shown, told
from tests.support.stack import Stack, running_stack

pytestmark = [pytest.mark.stack, pytest.mark.rasa, pytest.mark.timeout(420)]

GUIDE_MESSAGES = {
    "en": ["I forgot my IB Key PIN", "I use an iPhone", *["next"] * 8],
    "ja": ["IB KeyのPINを忘れました", "iPhoneです", *["次へ"] * 8],
}
CLIENTS = [(channel, language) for channel in ("telegram", "sms") for language in ("en", "ja")] * 5
VICTIMS = ("gateway", "rasa", "actions", "sandbox", "gateway")


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return KNOWLEDGE


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running_stack(tmp_path_factory.mktemp("killed")) as stack:
        yield stack


def without_apologies(texts: list[str], knowledge: Knowledge) -> list[str]:
    """Return the texts without the notices that an answer will be late, which are sent while a process is down."""
    late = {
        knowledge.text("notices", "engine_down", language, channel)
        for channel in ("telegram", "sms")
        for language in knowledge.languages
    }
    return [text for text in texts if text not in late]


def go_through_guide(
    stack: Stack, channel: str, language: str, between: threading.Barrier | None = None
) -> list[str]:
    """Go through the guide as one client; return the texts of the replies in order."""
    client = Conversation(stack.url, channel)
    for text in GUIDE_MESSAGES[language]:
        client.post({"text": text})
        if between is not None:
            between.wait(120)
    return [message["text"] for message in client.settle()]


@pytest.mark.long
def test_200_messages_are_answered_once_in_order_while_each_process_is_killed(
    stack: Stack, knowledge: Knowledge
) -> None:
    undisturbed = {client: go_through_guide(stack, *client) for client in set(CLIENTS)}
    assert all(len(texts) == len(GUIDE_MESSAGES["en"]) for texts in undisturbed.values())

    # All clients write their n-th message before any writes the next; after every second one, a process is killed.
    victims = iter(VICTIMS)
    rounds = iter(range(1, len(GUIDE_MESSAGES["en"]) + 1))
    between = threading.Barrier(
        len(CLIENTS), action=lambda: stack.kill(next(victims)) if next(rounds) % 2 == 0 else None
    )
    with ThreadPoolExecutor(len(CLIENTS)) as pool:
        clients = [
            pool.submit(go_through_guide, stack, channel, language, between) for channel, language in CLIENTS
        ]
        read = [client.result(300) for client in clients]

    assert next(victims, None) is None
    for client, texts in zip(CLIENTS, read, strict=True):
        assert without_apologies(texts, knowledge) == undisturbed[client]


@pytest.mark.parametrize("victim", ["gateway", "rasa", "actions", "sandbox"])
def test_a_verification_with_a_killed_process_sends_one_code_and_one_receipt(
    stack: Stack, victim: str
) -> None:
    before = stack.ledger()
    client = Conversation(stack.url, "telegram", language="en")
    number = f"+8190123456{len(before['verifications']):02d}"
    client.say("I want to verify my mobile number").say(number)
    stack.kill(victim)
    client.press("Right")
    if victim == "sandbox" and "cannot confirm" in client.text:
        stack.wait_until_ready()
        client.press("Go on").press("Right")
    code = client.code()
    stack.kill(victim)
    client.say(code)
    while "cannot confirm" in client.text or "once more" in client.text:
        stack.wait_until_ready()
        client.say(code)

    assert "verified" in client.text
    stack.wait_until_ready()
    after = stack.ledger()
    assert len(after["verifications"]) == len(before["verifications"]) + 1
    assert len(after["sms"]) == len(before["sms"]) + 1
    assert len([m for m in client.settle() if m["from"] == "backend"]) == 1


TASK_VICTIMS = ("gateway", "rasa", "actions", "sandbox")
# One process is killed at each step. The rotations together kill every process at every step.
ROTATIONS = [pytest.param(n, marks=[] if n == 1 else pytest.mark.long) for n in (1, 2, 3, 4)]


@pytest.mark.parametrize("rotation", ROTATIONS)
def test_tasks_with_killed_processes_make_one_link_one_receipt_and_one_request(
    stack: Stack, knowledge: Knowledge, rotation: int
) -> None:
    client = Conversation(stack.url, "telegram", language="en")
    portal = Portal(stack, f"aya3{rotation}")
    yes, go_on = knowledge.label("affirm", "en"), knowledge.text("guide", "resume_yes", "en")
    victims = (*TASK_VICTIMS[rotation - 1 :], *TASK_VICTIMS[: rotation - 1])
    failure_notices = [
        shown(knowledge, topic, name, "en", "telegram")
        for topic, name in (("guide", "backend_down"), ("linking", "cannot_ask"), ("linking", "token_again"))
    ]

    def step(do: Callable[[], object], topic: str, name: str) -> None:
        """Repeat `do` until the text is the answer; every answer before it must be a notice of failure."""
        wanted = shown(knowledge, topic, name, "en", "telegram")
        end = time.monotonic() + 90
        do()
        while wanted not in client.text:
            assert any(text in client.text for text in failure_notices), client.transcript
            assert time.monotonic() < end, client.transcript
            stack.wait_until_ready()
            do()

    def agree() -> None:
        if client.offers(go_on):
            client.press(go_on)
        client.press(yes)

    token = portal.token()
    stack.kill(victims[0])
    step(lambda: client.say(f"/start {token}"), "linking", "confirm_in_portal")
    portal.confirm()
    told(client, shown(knowledge, "backend_notices", "link_confirmed", "en", "telegram"))
    client.messages = client.settle()
    step(lambda: client.say(WORDS["en"]["opt in"]), "opting_in", "confirm")
    stack.kill(victims[1])
    step(agree, "opting_in", "sent")
    code = client.code()
    stack.kill(victims[2])
    step(lambda: client.say(code), "opting_in", "done")
    step(lambda: client.say(WORDS["en"]["share"]), "sharing", "confirm_self")
    stack.kill(victims[3])
    step(agree, "sharing", "awaiting_portal")

    ledger = stack.ledger()
    user, reference = f"aya3{rotation}", f"simulator.telegram:{client.peer}"
    assert [row["state"] for row in ledger["links"] if row["client"] == reference] == ["linked"]
    receipts = [row["receipt"] for row in ledger["opt_ins"] if row["username"] == user]
    assert len(receipts) == 1
    assert sum(receipts[0] in message["text"] for message in client.settle()) == 1
    assert ledger["secure_login"][user] == "enrolled"
    assert len([row for row in ledger["sms"] if row["client"] == reference]) == 1
    assert len([row for row in ledger["sharing"] if row["username"] == user]) == 1


def test_a_stack_killed_as_a_whole_continues_where_it_stopped(tmp_path: Path, knowledge: Knowledge) -> None:
    with running_stack(tmp_path / "state") as first:
        client = Conversation(first.url, "sms", peer="+819011112222", language="ja")
        client.say("IB KeyのPINを忘れました").say("iPhoneです")
        assert "手順 1/" in client.text
        client.post({"text": "次へ"})
        children = first.process.children(recursive=True)
        first.process.kill()
        for child in children:
            child.wait(20)
    with running_stack(tmp_path / "state") as second:
        again = Conversation(second.url, "sms", peer="+819011112222", language="ja")
        texts = without_apologies([message["text"] for message in again.settle()], knowledge)
        assert [text.partition("\n")[0] for text in texts[1:]] == ["手順 1/10", "手順 2/10"]
        again.messages = again.settle()
        assert "手順 3/10" in again.say("次へ").text
