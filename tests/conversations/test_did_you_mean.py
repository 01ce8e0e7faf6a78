"""Messages that are not clear: first a clarification, then the offer of a person."""

from __future__ import annotations

import pytest

from knowledge import Knowledge
from tests.support.conversation import Conversation
from tests.support.script import CHANNELS, new_client, plain
from tests.support.stack import Stack

pytestmark = [pytest.mark.stack, pytest.mark.rasa]

# Words that are near several topics and do not decide between them. Each model is certain about some of
# them by chance, so the tests use the first word to which the assistant answers with a question.
VAGUE = {
    "en": "green check|scan|alert|puk|fingerprint|token|sim pin|popup|late|digits|prefix|thumb|grey button",
    "ja": "国番号|指紋|機器|文字|更新|錠|鍵穴|ルート化|鍵|キー|端末|数字|通知",
}
# The first text of a topic without a guide, by its kind; the only such task asks for a number.
FIRST_TEXT = {"answer": "answer", "task": "ask_number"}


def client_with_clarification(
    stack: Stack, knowledge: Knowledge, channel: str, language: str
) -> Conversation:
    """Return a client whose last reply is "did you mean"."""
    question = plain(knowledge.text("out_of_scope", "which", language, channel))
    for word in VAGUE[language].split("|"):
        client = new_client(stack, channel, language).say(word)
        if question in plain(client.text):
            return client
    raise AssertionError("no vague word was answered with a clarification")


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_clarification_offers_topics_and_a_way_out(
    stack: Stack, knowledge: Knowledge, channel: str, language: str
) -> None:
    client = client_with_clarification(stack, knowledge, channel, language)
    *guesses, way_out = client.choices
    titles = {topic.languages[language].title for topic in knowledge.topics.values()}
    assert 1 <= len(guesses) <= 2
    assert set(guesses) <= titles
    assert way_out == knowledge.text("out_of_scope", "none", language)

    # After "none of these" the assistant does not guess a second time.
    client.press(way_out, by="full-width number")
    assert plain(knowledge.text("out_of_scope", "again", language, channel)) in plain(client.text)
    assert client.offers(knowledge.label("human", language))


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_chosen_guess_is_answered(stack: Stack, knowledge: Knowledge, channel: str, language: str) -> None:
    client = client_with_clarification(stack, knowledge, channel, language)
    guess = client.choices[0]
    topic = next(t for t in knowledge.topics.values() if t.languages[language].title == guess)
    client.press(guess, by="label")
    page = topic.languages[language]
    first_text = page.guide[topic.guide[0].name].text if topic.guide else page.texts[FIRST_TEXT[topic.kind]]
    assert plain(first_text.on(channel)) in plain(client.text)
