"""Messages that are not clear: first a question back, then a person."""

from __future__ import annotations

import pytest

from knowledge import Knowledge
from tests.support.conversation import Conversation
from tests.support.script import CHANNELS, new_client, plain
from tests.support.stack import Stack

pytestmark = [pytest.mark.stack, pytest.mark.rasa]

# Words that touch what the assistant knows and say nothing about what is wanted. A model is certain about some of
# them by chance, each model about others, so that the first is used about which it asks.
VAGUE = {
    "en": "green check|scan|alert|puk|fingerprint|token|sim pin|popup|late|digits|prefix|thumb|grey button",
    "ja": "国番号|指紋|機器|文字|更新|錠|鍵穴|ルート化|鍵|キー|端末|数字|通知",
}
# The text with which a topic without a guide begins; the one task so far asks for a number.
BEGINS = {"answer": "answer", "task": "ask_number"}


def asked_back(stack: Stack, knowledge: Knowledge, channel: str, language: str) -> Conversation:
    """A client who has just been asked "did you mean"."""
    question = plain(knowledge.text("out_of_scope", "which", language, channel))
    for word in VAGUE[language].split("|"):
        client = new_client(stack, channel, language).say(word)
        if question in plain(client.text):
            return client
    raise AssertionError("about none of the vague words anything was asked back")


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_an_unclear_message_is_asked_back_with_topics_and_a_way_out(
    stack: Stack, knowledge: Knowledge, channel: str, language: str
) -> None:
    client = asked_back(stack, knowledge, channel, language)
    *guesses, way_out = client.choices
    titles = {topic.languages[language].title for topic in knowledge.topics.values()}
    assert 1 <= len(guesses) <= 2
    assert set(guesses) <= titles
    assert way_out == knowledge.text("out_of_scope", "none", language)

    # None of them: the second time nothing is guessed any more.
    client.press(way_out, by="full-width number")
    assert plain(knowledge.text("out_of_scope", "again", language, channel)) in plain(client.text)
    assert client.offers(knowledge.label("human", language))


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_guess_that_was_meant_is_answered(
    stack: Stack, knowledge: Knowledge, channel: str, language: str
) -> None:
    client = asked_back(stack, knowledge, channel, language)
    guess = client.choices[0]
    topic = next(t for t in knowledge.topics.values() if t.languages[language].title == guess)
    client.press(guess, by="label")
    page = topic.languages[language]
    begins = page.guide[topic.guide[0].name].text if topic.guide else page.texts[BEGINS[topic.kind]]
    assert plain(begins.on(channel)) in plain(client.text)
