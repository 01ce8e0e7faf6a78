"""A topic's texts as they are said: with the progress line of a step and the source line of an answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from knowledge.model import Knowledge, Language, Text, Topic, TopicTexts
from knowledge.wording import LABEL

FRAME = "guide"
"""The topic whose texts frame those of the others: `progress`, `source` and FRAMED."""
FRAMED = ("finished", "listed")
"""What is said at the end of a guide, and below the list of all its steps."""


def framed(knowledge: Knowledge, topic: Topic, language: str) -> Iterator[tuple[str, Text]]:
    """Every text of `topic` in `language` by the name under which it is said: `<topic>` for its answer,
    `<topic>__<name>` for the others, `<topic>__<step>__stuck` for the help with a step."""
    page = topic.languages[language]
    frame = _frame(knowledge, language)
    source = _source(topic, frame.get("source"))
    for name, text in page.texts.items():
        if name != "answer":
            yield f"{topic.id}__{name}", text
        elif topic.guide:
            yield topic.id, text  # the source comes when the guide is finished
        else:
            yield topic.id, _joined(text, source, "\n\n")
    yield from (
        (f"{topic.id}__{name}", text) for name, text in _guide(topic, page, frame.get("progress"), source)
    )
    if topic.guide:
        for name in FRAMED:
            if name in frame:
                yield f"{topic.id}__{name}", _joined(frame[name], source, "\n\n")


def _guide(
    topic: Topic, page: TopicTexts, progress: Text | None, source: Text | None
) -> Iterator[tuple[str, Text]]:
    # An answer that depends on something is one step, whichever of them applies; its source stands in it.
    steps = 1 if topic.kind == "answer" else sum(item.kind == "step" for item in topic.guide)
    for item in topic.guide:
        texts = page.guide[item.name]
        numbered = item.kind == "step" and steps > 1 and progress is not None
        text = _joined(progress, texts.text, "\n") if numbered and progress else texts.text
        if topic.kind == "answer" and item.kind == "step":
            text = _joined(text, source, "\n\n")
        yield item.name, text
        if texts.stuck is not None:
            yield f"{item.name}__stuck", texts.stuck


def _frame(knowledge: Knowledge, language: str) -> dict[str, Text]:
    topic = knowledge.topics.get(FRAME)
    return dict(topic.languages[language].texts) if topic else {}


def _source(topic: Topic, line: Text | None) -> Text | None:
    if not topic.source or line is None:
        return None
    articles = ", ".join(topic.source)
    return Text(
        line.text.replace("{articles}", articles),
        line.sms.replace("{articles}", articles) if line.sms is not None else None,
    )


def _joined(first: Text, second: Text | None, separator: str) -> Text:
    """Both texts in one; it has an SMS variant when either has."""
    if second is None:
        return first
    shorter = first.sms is not None or second.sms is not None
    return Text(
        first.text + separator + second.text,
        first.on("sms") + separator + second.on("sms") if shorter else None,
    )


def as_plain(text: str, menu: Sequence[str], language: Language) -> str:
    """`text` as a channel without bold and buttons shows it: labels in quotes, the menu numbered below."""
    opening, closing = language.quotes
    plain = LABEL.sub(lambda label: f"{opening}{label[1]}{closing}", text)
    return "\n".join([plain, *(f"{number} {title}" for number, title in enumerate(menu, start=1))])
