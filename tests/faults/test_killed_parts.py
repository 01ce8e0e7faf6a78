"""Each process is killed while clients write: nothing is lost, nothing comes twice, nothing is done twice."""

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

WALKS = {
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
    """The answers alone: while a part is down the client is told, honestly, that the answer will be late."""
    late = {
        knowledge.text("notices", "engine_down", language, channel)
        for channel in ("telegram", "sms")
        for language in knowledge.languages
    }
    return [text for text in texts if text not in late]


def walk(stack: Stack, channel: str, language: str, between: threading.Barrier | None = None) -> list[str]:
    """What a client who goes through the guide reads, in order."""
    client = Conversation(stack.url, channel)
    for text in WALKS[language]:
        client.post({"text": text})
        if between is not None:
            between.wait(120)
    return [message["text"] for message in client.settle()]


@pytest.mark.long
def test_200_messages_while_every_part_is_killed_in_turn_are_answered_once_and_in_order(
    stack: Stack, knowledge: Knowledge
) -> None:
    undisturbed = {client: walk(stack, *client) for client in set(CLIENTS)}
    assert all(len(texts) == len(WALKS["en"]) for texts in undisturbed.values())

    # All clients have written their n-th message before anybody writes the next; between some, a part dies.
    victims = iter(VICTIMS)
    rounds = iter(range(1, len(WALKS["en"]) + 1))
    between = threading.Barrier(
        len(CLIENTS), action=lambda: stack.kill(next(victims)) if next(rounds) % 2 == 0 else None
    )
    with ThreadPoolExecutor(len(CLIENTS)) as pool:
        clients = [pool.submit(walk, stack, channel, language, between) for channel, language in CLIENTS]
        read = [client.result(300) for client in clients]

    assert next(victims, None) is None
    for client, texts in zip(CLIENTS, read, strict=True):
        assert without_apologies(texts, knowledge) == undisturbed[client]


@pytest.mark.parametrize("victim", ["gateway", "rasa", "actions", "sandbox"])
def test_a_part_killed_between_the_steps_of_a_verification_costs_no_second_code_and_no_second_receipt(
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
# Each part dies once in each conversation, another one at each step; all conversations take every part at every step.
ROTATIONS = [pytest.param(n, marks=[] if n == 1 else pytest.mark.long) for n in (1, 2, 3, 4)]


@pytest.mark.parametrize("rotation", ROTATIONS)
def test_parts_killed_between_the_steps_of_a_linked_clients_tasks_cost_no_second_link_receipt_or_request(
    stack: Stack, knowledge: Knowledge, rotation: int
) -> None:
    client = Conversation(stack.url, "telegram", language="en")
    portal = Portal(stack, f"aya3{rotation}")
    yes, go_on = knowledge.label("affirm", "en"), knowledge.text("guide", "resume_yes", "en")
    victims = (*TASK_VICTIMS[rotation - 1 :], *TASK_VICTIMS[: rotation - 1])
    honest = [
        shown(knowledge, topic, name, "en", "telegram")
        for topic, name in (("guide", "backend_down"), ("linking", "cannot_ask"), ("linking", "token_again"))
    ]

    def step(do: Callable[[], object], topic: str, name: str) -> None:
        """Go on until `do` is answered by that text; until then the client is told that it did not work."""
        wanted = shown(knowledge, topic, name, "en", "telegram")
        end = time.monotonic() + 90
        do()
        while wanted not in client.text:
            assert any(text in client.text for text in honest), client.transcript
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


def test_a_stack_that_is_killed_whole_goes_on_where_it_was(tmp_path: Path, knowledge: Knowledge) -> None:
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
