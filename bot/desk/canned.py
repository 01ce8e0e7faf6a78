"""Canned replies: the topics' texts, so that agents answer as the assistant does, in the client's language."""

from __future__ import annotations

from dataclasses import dataclass

from knowledge import Knowledge, Topic

# Topics whose texts move the bot's own dialogue.
NOT_FOR_AGENTS = "conversation"


@dataclass(frozen=True)
class CannedReply:
    """A canned reply: its name in the topic, and its text."""

    name: str
    text: str


def topics(knowledge: Knowledge, language: str) -> list[tuple[str, str]]:
    """Return id and title of the topics that have replies, ordered by title."""
    found = [
        (topic.id, topic.languages[language].title)
        for topic in knowledge.topics.values()
        if topic.group != NOT_FOR_AGENTS and topic.kind != "texts" and replies(topic, language, "telegram")
    ]
    return sorted(found, key=lambda one: one[1].casefold())


def all_texts(knowledge: Knowledge) -> frozenset[str]:
    """Return every reply in every language and for every channel."""
    return frozenset(
        reply.text
        for language in knowledge.languages
        for topic, _ in topics(knowledge, language)
        for channel in ("telegram", "sms")
        for reply in replies(knowledge.topics[topic], language, channel)
    )


def replies(topic: Topic, language: str, channel: str) -> list[CannedReply]:
    """Return a topic's texts in the client's language and for their channel, except those with a {placeholder}."""
    page = topic.languages[language]
    found = [CannedReply(name, text.on(channel)) for name, text in page.texts.items()]
    for item in topic.guide:
        texts = page.guide[item.name]
        found.append(CannedReply(item.name, texts.text.on(channel)))
        if texts.help is not None:
            found.append(CannedReply(f"{item.name} ?", texts.help.on(channel)))
    return [reply for reply in found if "{" not in reply.text and len(reply.text) > 12]
