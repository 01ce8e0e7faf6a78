"""Each procedure of the source, gone through with nothing but the assistant: every step of it comes, in its order.

The register of facts says which texts carry which step; here those texts are met on the client's screen.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass

import pytest

from knowledge import ItemKind, load
from knowledge.fact_register import load_facts
from knowledge.text_names import find_raw_text
from tests.support.action_turn import ActionChat

KNOWLEDGE = load()
FACTS = {fact.id: fact for fact in load_facts().facts}
CLIENTS = ("simulator.telegram:person-1", "simulator.sms:+447400123456")


@dataclass(frozen=True)
class Procedure:
    """A procedure of the ledger, by one of its branches."""

    article: str
    steps: str
    """Their ids in the register, behind the article."""
    topic: str
    answers: str = ""

    def __str__(self) -> str:
        return "-".join([self.article, *self.answers.split()])


PROCEDURES = [
    Procedure("A3", "1 2 3 4 5 6 7 8", "sls_opt_in"),
    Procedure("A4", "1 2 3 4 5a 6 7 8 9", "share_device", "none"),
    Procedure("A4", "1 2 3 4 5b 6 7 8 9", "share_device", "own"),
    Procedure("A5.activation", "1a 2 3 4 5 6 7", "ibkey_activate", "iphone first"),
    Procedure("A5.activation", "1b 2 3 4 5 6 7", "ibkey_activate", "iphone login"),
    Procedure("A5.activation", "1c 2 3 4 5 6 7", "ibkey_activate", "iphone home"),
    Procedure("A6.activation", "1a 2 3 4 5 6", "ibkey_activate", "android first"),
    Procedure("A6.activation", "1b 2 3 4 5 6", "ibkey_activate", "android login"),
    Procedure("A6.activation", "1c 2 3 4 5 6", "ibkey_activate", "android home"),
    Procedure("A5.response", "1 2 3 4 5 6 7", "challenge_response", "iphone"),
    Procedure("A6.response", "1 2 3 4 5 6", "challenge_response", "android"),
]


def bare(text: str) -> str:
    return re.sub(r'[*"「」]', "", text)


async def walked(chat: ActionChat, procedure: Procedure) -> list[str]:
    """What the client reads from the topic's beginning to its end, screen by screen."""
    answers = iter(procedure.answers.split())
    await chat.say(procedure.topic)
    screens = [bare(screen.text) for screen in chat.shown]
    while chat.position:
        topic, at = chat.position
        item = KNOWLEDGE.topics[topic].item(at)
        press = f'/inform{{"{at}": "{next(answers)}"}}' if item.kind == ItemKind.QUESTION else "/step_done"
        await chat.press(press)
        screens += [bare(screen.text) for screen in chat.shown]
    return screens


@pytest.mark.parametrize("procedure", PROCEDURES, ids=str)
async def test_every_step_of_a_procedure_comes_in_its_order(procedure: Procedure) -> None:
    for language, client in itertools.product(KNOWLEDGE.languages, CLIENTS):
        chat = ActionChat(KNOWLEDGE, language=language, client=client)
        screens = await walked(chat, procedure)
        reached = 0
        for step in procedure.steps.split():
            names = FACTS[f"{procedure.article}.{step}"].texts
            (name,) = [name for name in names if name.startswith(f"{procedure.topic}/")]
            text = find_raw_text(KNOWLEDGE, name, language)
            assert text is not None
            wanted = bare(text.on(chat.channel))
            found = [n for n, screen in enumerate(screens) if n >= reached and wanted in screen]
            assert found, f"{language} {chat.channel}: {name} does not come after {screens[reached]}"
            reached = found[0]


def test_no_step_of_the_procedures_is_left_out() -> None:
    numbered = re.compile(r"(A3|A4|A[56]\.(?:activation|response))\.(\d[abc]?)")
    given = {match[0] for id in FACTS if (match := numbered.fullmatch(id))}
    assert given == {f"{p.article}.{step}" for p in PROCEDURES for step in p.steps.split()}
