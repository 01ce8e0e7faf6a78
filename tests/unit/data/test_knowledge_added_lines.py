"""The lines added to a text: the same in the check of the segments as on the client's screen."""

from __future__ import annotations

import pytest

from bot.channels.render import SMS, render
from bot.messages.outbox import MessageButton
from knowledge import Knowledge, TextId, as_plain
from knowledge.rendering import CLOSING_TEXTS, find_text, text_ids
from tests.support.knowledge import KNOWLEDGE


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return KNOWLEDGE


@pytest.mark.parametrize("language", ["en", "ja"])
def test_sms_are_counted_as_the_channel_renders_them(knowledge: Knowledge, language: str) -> None:
    menu = [knowledge.label(topic, language) for topic in ("step_done", "step_back", "human")]
    buttons = [MessageButton(title, "x") for title in menu]
    for topic in knowledge.topics.values():
        for text_id in text_ids(knowledge, topic, language):
            text = find_text(knowledge, text_id, language)
            shown = render(text.on("sms"), buttons, SMS, knowledge.languages[language])
            assert "".join(part.text for part in shown) == as_plain(
                text.on("sms"), menu, knowledge.languages[language]
            )


def test_an_answer_ends_with_its_sources_and_where_to_read_them(knowledge: Knowledge) -> None:
    for language in knowledge.languages:
        for topic in knowledge.topics.values():
            if topic.kind == "answer" and topic.source and not topic.guide:
                said = find_text(knowledge, TextId(topic.id), language)
                for channel in ("telegram", "sms"):
                    end = said.on(channel).rpartition("\n\n")[2]
                    assert all(article in end for article in topic.source)
                    assert "ibkr.info" in end


def test_the_end_of_a_guide_and_its_list_name_the_sources(knowledge: Knowledge) -> None:
    for name in CLOSING_TEXTS:
        text = find_text(knowledge, TextId("pin_forgotten", name), "en")
        assert "KB2260" in text.on("sms")
