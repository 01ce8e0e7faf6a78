"""No choice is a keyword of the carriers: a client who types it would be unsubscribed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.messages.chat_commands import ChatCommands
from knowledge import load

KNOWLEDGE = load()
COMMANDS = ChatCommands(KNOWLEDGE)


def could_be_choices(language: str) -> Iterator[tuple[str, str]]:
    """Yield every label, and every text that is short enough to be one, with its name."""
    for topic in KNOWLEDGE.topics.values():
        page = topic.languages[language]
        for name, item in page.guide.items():
            for choice, label in item.choices.items():
                yield f"{topic.id}/{name}/{choice}", label
        if topic.id != "keywords":
            yield from ((f"{topic.id}/{name}", text.on("sms")) for name, text in page.texts.items())


@pytest.mark.parametrize("language", list(KNOWLEDGE.languages))
def test_no_choice_is_a_keyword(language: str) -> None:
    found = {
        where: label_text
        for where, label_text in could_be_choices(language)
        if COMMANDS.find(label_text, "sms", opted_out=True)
    }
    assert found == {}


@pytest.mark.parametrize(
    "word", ["STOP", "CANCEL", "END", "QUIT", "YES", "HELP", "INFO", "停止", "再開", "ヘルプ"]
)
def test_the_carriers_keywords_are_recognised(word: str) -> None:
    assert COMMANDS.find(word, "sms", opted_out=True)
