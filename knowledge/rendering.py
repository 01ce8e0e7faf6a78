"""A topic's texts as clients get them: in a language, for a channel, with progress and source lines and values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from knowledge.markup import LABEL, placeholders
from knowledge.model import ItemKind, Knowledge, Language, Text, Topic, TopicKind

ANSWER = "answer"
"""The text that answers a topic without steps, and that opens a guide."""
SHARED_TEXTS = "guide"
"""The topic that holds the lines added to the texts of others: `progress`, `source` and CLOSING_TEXTS."""
CLOSING_TEXTS = ("finished", "listed")
"""The texts at the end of a guide, and below the list of all its steps."""


class MissingValueError(LookupError):
    """A text has a {placeholder} for which no value was given."""


@dataclass(frozen=True)
class TextId:
    """The name of a text: `topic/name`, where `name` is a text or guide item of the topic; or `topic/step/help`."""

    topic: str
    name: str = ANSWER
    is_help: bool = False
    """Whether it is the help with the step `name`."""

    def __str__(self) -> str:
        return f"{self.topic}/{self.name}/help" if self.is_help else f"{self.topic}/{self.name}"


def render(
    knowledge: Knowledge, text_id: TextId, language: str, channel: str, values: Mapping[str, object]
) -> str:
    """Return the text with its values. Raises KeyError when there is no such text, and MissingValueError."""
    text = find_text(knowledge, text_id, language).on(channel)
    missing = placeholders(text) - set(values)
    if missing:
        raise MissingValueError(f"{text_id} in {language} needs {', '.join(sorted(missing))}")
    return text.format(**values)


def find_text(knowledge: Knowledge, text_id: TextId, language: str) -> Text:
    """Return a text with the progress line of a step, or the source line of an answer or of a guide's end.

    The CLOSING_TEXTS exist for every guide. Raises KeyError when there is no such text.
    """
    topic = knowledge.topics[text_id.topic]
    page = topic.languages[language]
    if text_id.is_help:
        help_text = page.guide[text_id.name].help
        if help_text is None:
            raise KeyError(str(text_id))
        return help_text
    if text_id.name in page.guide:
        return _guide_item(knowledge, topic, text_id.name, language)
    if text_id.name in page.texts:
        text = page.texts[text_id.name]
        # The end of a guide names its sources.
        is_whole_answer = text_id.name == ANSWER and not topic.guide
        return _with_source(knowledge, topic, text, language) if is_whole_answer else text
    if topic.guide and text_id.name in CLOSING_TEXTS:
        text = _shared_texts(knowledge, language)[text_id.name]
        return _with_source(knowledge, topic, text, language)
    raise KeyError(str(text_id))


def text_ids(knowledge: Knowledge, topic: Topic, language: str) -> Iterator[TextId]:
    """Yield the name of every text of `topic`."""
    page = topic.languages[language]
    for name in page.texts:
        yield TextId(topic.id, name)
    for item in topic.guide:
        yield TextId(topic.id, item.name)
        if page.guide[item.name].help is not None:
            yield TextId(topic.id, item.name, is_help=True)
    if topic.guide:
        shared = _shared_texts(knowledge, language)
        yield from (TextId(topic.id, name) for name in CLOSING_TEXTS if name in shared)


def as_plain(text: str, menu: Sequence[str], language: Language) -> str:
    """Return `text` as a channel without bold and buttons shows it: labels in quotes, the menu numbered below."""
    opening, closing = language.quotes
    plain = LABEL.sub(lambda label: f"{opening}{label[1]}{closing}", text)
    return "\n".join([plain, *(f"{number} {title}" for number, title in enumerate(menu, start=1))])


def _guide_item(knowledge: Knowledge, topic: Topic, name: str, language: str) -> Text:
    text = topic.languages[language].guide[name].text
    if topic.item(name).kind != ItemKind.STEP:
        return text
    if topic.kind == TopicKind.ANSWER:
        # The client sees one step of such an answer: the one that applies.
        return _with_source(knowledge, topic, text, language)
    progress = _shared_texts(knowledge, language).get("progress")
    steps = sum(item.kind == ItemKind.STEP for item in topic.guide)
    return _joined(progress, text, "\n") if progress is not None and steps > 1 else text


def _with_source(knowledge: Knowledge, topic: Topic, text: Text, language: str) -> Text:
    line = _shared_texts(knowledge, language).get("source")
    if line is None or not topic.source:
        return text
    articles = ", ".join(topic.source)
    source = Text(
        line.text.replace("{articles}", articles),
        line.sms.replace("{articles}", articles) if line.sms is not None else None,
    )
    return _joined(text, source, "\n\n")


def _shared_texts(knowledge: Knowledge, language: str) -> Mapping[str, Text]:
    topic = knowledge.topics.get(SHARED_TEXTS)
    return topic.languages[language].texts if topic else {}


def _joined(first: Text, second: Text, separator: str) -> Text:
    """Return both texts in one; it has an SMS variant when either has."""
    has_variant = first.sms is not None or second.sms is not None
    return Text(
        first.text + separator + second.text,
        first.on("sms") + separator + second.on("sms") if has_variant else None,
    )
