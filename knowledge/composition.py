"""A topic's texts as clients get them: with the progress line of a step and the source line of an answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from knowledge.markup import LABEL
from knowledge.model import ItemKind, Knowledge, Language, Text, Topic, TopicKind, TopicTexts

SHARED_TEXTS = "guide"
"""The topic that holds the lines added to the texts of others: `progress`, `source` and CLOSING_TEXTS."""
CLOSING_TEXTS = ("finished", "listed")
"""The texts at the end of a guide, and below the list of all its steps."""


def composed_texts(knowledge: Knowledge, topic: Topic, language: str) -> Iterator[tuple[str, Text]]:
    """Yield every text of `topic` in `language` with its reply name.

    The name is `<topic>` for the answer, `<topic>__<name>` for other texts and guide items, and
    `<topic>__<step>__help` for the help with a step.
    """
    page = topic.languages[language]
    shared = _shared_texts(knowledge, language)
    source = _source_line(topic, shared.get("source"))
    for name, text in page.texts.items():
        if name != "answer":
            yield f"{topic.id}__{name}", text
        elif topic.guide:
            yield topic.id, text  # the end of the guide names the source
        else:
            yield topic.id, _joined(text, source, "\n\n")
    for name, text in _guide_texts(topic, page, shared.get("progress"), source):
        yield f"{topic.id}__{name}", text
    if topic.guide:
        for name in CLOSING_TEXTS:
            if name in shared:
                yield f"{topic.id}__{name}", _joined(shared[name], source, "\n\n")


def _guide_texts(
    topic: Topic, page: TopicTexts, progress: Text | None, source: Text | None
) -> Iterator[tuple[str, Text]]:
    # An answer that depends on a question has one step, whichever applies, and names its source there.
    is_answer = topic.kind == TopicKind.ANSWER
    steps = 1 if is_answer else sum(item.kind == ItemKind.STEP for item in topic.guide)
    for item in topic.guide:
        texts = page.guide[item.name]
        text = texts.text
        if item.kind == ItemKind.STEP and steps > 1 and progress is not None:
            text = _joined(progress, text, "\n")
        if item.kind == ItemKind.STEP and is_answer:
            text = _joined(text, source, "\n\n")
        yield item.name, text
        if texts.help is not None:
            yield f"{item.name}__help", texts.help


def _shared_texts(knowledge: Knowledge, language: str) -> dict[str, Text]:
    topic = knowledge.topics.get(SHARED_TEXTS)
    return dict(topic.languages[language].texts) if topic else {}


def _source_line(topic: Topic, line: Text | None) -> Text | None:
    if not topic.source or line is None:
        return None
    articles = ", ".join(topic.source)
    return Text(
        line.text.replace("{articles}", articles),
        line.sms.replace("{articles}", articles) if line.sms is not None else None,
    )


def _joined(first: Text, second: Text | None, separator: str) -> Text:
    """Return both texts in one; it has an SMS variant when either has."""
    if second is None:
        return first
    has_variant = first.sms is not None or second.sms is not None
    return Text(
        first.text + separator + second.text,
        first.on("sms") + separator + second.on("sms") if has_variant else None,
    )


def as_plain(text: str, menu: Sequence[str], language: Language) -> str:
    """Return `text` as a channel without bold and buttons shows it: labels in quotes, the menu numbered below."""
    opening, closing = language.quotes
    plain = LABEL.sub(lambda label: f"{opening}{label[1]}{closing}", text)
    return "\n".join([plain, *(f"{number} {title}" for number, title in enumerate(menu, start=1))])
