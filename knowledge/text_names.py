"""The names of texts in the registers: topic/text, topic/item, or topic/step/help for the help with a step."""

from __future__ import annotations

from collections.abc import Iterator

from knowledge.model import Knowledge, Text


def find_raw_text(knowledge: Knowledge, name: str, language: str) -> Text | None:
    """Return the text called `name` as it is written, without added lines; None when there is none."""
    topic, _, rest = name.partition("/")
    if topic not in knowledge.topics:
        return None
    page = knowledge.topics[topic].languages[language]
    item, _, part = rest.partition("/")
    if part:
        return page.guide[item].help if part == "help" and item in page.guide else None
    return page.texts.get(item) or (page.guide[item].text if item in page.guide else None)


def named_texts(knowledge: Knowledge, language: str) -> Iterator[tuple[str, Text]]:
    """Yield every text of a language with its name."""
    for topic in knowledge.topics.values():
        page = topic.languages[language]
        for name, text in page.texts.items():
            yield f"{topic.id}/{name}", text
        for name, item in page.guide.items():
            yield f"{topic.id}/{name}", item.text
            if item.help is not None:
                yield f"{topic.id}/{name}/help", item.help
