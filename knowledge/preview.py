"""Prints a topic as its clients see it: every branch, on both channels, in every language; without a model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from contracts.enums import ChannelKind
from knowledge.markup import LABEL, SAMPLE_VALUE, fill
from knowledge.model import GuideItem, ItemKind, Knowledge, Topic, TopicKind
from knowledge.rendering import ANSWER, SHARED_TEXTS, TextId, as_plain, find_text
from knowledge.sms_segments import count_segments

_BOLD = "\x1b[1m{}\x1b[0m"
_INDENT = "    "


@dataclass(frozen=True)
class PreviewedMessage:
    """One message of the topic, before it is shown on a channel."""

    heading: str
    """Where the text is written, such as `step restart`."""
    text: str
    """With its progress and source lines; the number of the step is filled in."""
    menu: tuple[str, ...] = ()
    """The titles of its buttons."""


def preview(knowledge: Knowledge, topic_id: str, *, bold: bool = False) -> Iterator[str]:
    """Yield the lines of the preview; with `bold`, labels on Telegram are marked for a terminal.

    Raises KeyError when there is no such topic.
    """
    topic = knowledge.topics[topic_id]
    for language in knowledge.languages:
        for channel in ChannelKind:
            title = topic.languages[language].title or topic.id
            yield f"===== {language}, {channel}: {title} ====="
            yield ""
            shown: set[PreviewedMessage] = set()
            for branch, messages in previewed_branches(knowledge, topic, language, channel):
                if branch:
                    yield f"----- {branch} -----"
                    yield ""
                yield from _branch_lines(knowledge, messages, shown, language, channel, bold)


def previewed_branches(
    knowledge: Knowledge, topic: Topic, language: str, channel: ChannelKind
) -> Iterator[tuple[str, list[PreviewedMessage]]]:
    """Yield a name and the messages of each branch of the guide, in order; first what belongs to no branch."""
    composer = _Composer(knowledge, topic, language, channel)
    texts = composer.other_texts()
    if texts:
        yield "", texts
    if topic.guide:
        for answers in _branches(topic.guide):
            name = ", ".join(f"{question}: {answer}" for question, answer in answers.items())
            yield name, list(composer.guide_messages(answers))


def _branches(
    items: Sequence[GuideItem], answers: Mapping[str, str] | None = None
) -> Iterator[dict[str, str]]:
    """Yield the answers of each way through the guide."""
    given = dict(answers or {})
    for index, item in enumerate(items):
        if item.choices and item.name not in given and item.applies(given):
            for choice in item.choices:
                yield from _branches(items[index + 1 :], {**given, item.name: choice})
            return
    yield given


class _Composer:
    """The messages of one topic in one language on one channel."""

    def __init__(self, knowledge: Knowledge, topic: Topic, language: str, channel: ChannelKind) -> None:
        self._knowledge = knowledge
        self._topic = topic
        self._language = language
        self._channel = channel

    def other_texts(self) -> list[PreviewedMessage]:
        """Return the texts outside the guide."""
        found = []
        for name in self._topic.languages[self._language].texts:
            menu = self._next_titles() if name == ANSWER and not self._topic.guide else ()
            found.append(PreviewedMessage(f"text {name}", self._text(name), menu))
        return found

    def guide_messages(self, answers: Mapping[str, str]) -> Iterator[PreviewedMessage]:
        """Yield the questions and steps of a branch, each step with its help, and the end."""
        items = [item for item in self._topic.guide if item.applies(answers)]
        steps = [item for item in items if item.kind == ItemKind.STEP]
        for item in items:
            if item.kind == ItemKind.QUESTION:
                labels = self._topic.languages[self._language].guide[item.name].choices
                menu = tuple(labels[choice] for choice in item.choices)
                yield PreviewedMessage(f"question {item.name}", self._text(item.name), menu)
            elif self._topic.kind == TopicKind.ANSWER:
                yield PreviewedMessage(f"answer {item.name}", self._text(item.name), self._next_titles())
            else:
                yield from self._step_messages(item, steps.index(item) + 1, len(steps))
        if self._topic.kind != TopicKind.ANSWER and self._shared_label("finished"):
            yield PreviewedMessage("end", self._text("finished"), self._next_titles())

    def _step_messages(self, item: GuideItem, number: int, count: int) -> Iterator[PreviewedMessage]:
        is_last = number == count
        done = self._shared_label("finish") if is_last else self._title("step_done")
        second = self._title("step_back") if number > 1 else "" if is_last else self._shared_label("all")
        menu = tuple(title for title in (done, second, self._title("step_stuck")) if title)
        values = {"step": str(number), "steps": str(count)}
        yield PreviewedMessage(f"step {item.name}", self._text(item.name, values=values), menu)
        if self._topic.languages[self._language].guide[item.name].help is not None:
            menu = tuple(filter(None, (self._shared_label("again"), done, self._title("human"))))
            yield PreviewedMessage(f"help {item.name}", self._text(item.name, is_help=True), menu)

    def _text(self, name: str, *, is_help: bool = False, values: Mapping[str, str] | None = None) -> str:
        text_id = TextId(self._topic.id, name, is_help)
        text = find_text(self._knowledge, text_id, self._language).on(self._channel)
        for placeholder, value in (values or {}).items():
            text = text.replace(f"{{{placeholder}}}", value)
        return text

    def _next_titles(self) -> tuple[str, ...]:
        return tuple(self._title(topic) for topic in self._topic.next_topics)

    def _title(self, topic: str) -> str:
        return self._knowledge.label(topic, self._language) if topic in self._knowledge.topics else ""

    def _shared_label(self, name: str) -> str:
        shared = self._knowledge.topics.get(SHARED_TEXTS)
        texts = shared.languages[self._language].texts if shared else {}
        return texts[name].text if name in texts else ""


def _branch_lines(
    knowledge: Knowledge,
    messages: Sequence[PreviewedMessage],
    shown: set[PreviewedMessage],
    language: str,
    channel: ChannelKind,
    bold: bool,
) -> Iterator[str]:
    """Yield the messages that were not shown before, and the headings of those that were."""
    repeated: list[str] = []
    for message in messages:
        if message in shown:
            repeated.append(message.heading)
            continue
        if repeated:
            yield f"{_INDENT}(as above: {', '.join(repeated)})"
            yield ""
            repeated = []
        shown.add(message)
        yield from _message_lines(knowledge, message, language, channel, bold)
    if repeated:
        yield f"{_INDENT}(as above: {', '.join(repeated)})"
        yield ""


def _message_lines(
    knowledge: Knowledge, message: PreviewedMessage, language: str, channel: ChannelKind, bold: bool
) -> Iterator[str]:
    spoken = knowledge.languages[language]
    if channel == ChannelKind.SMS:
        sms = as_plain(message.text, message.menu, spoken)
        segments = count_segments(as_plain(fill(message.text, {}, SAMPLE_VALUE), message.menu, spoken))
        heading, body = f"{message.heading} ({segments} segment{'' if segments == 1 else 's'})", sms
    else:
        marked = LABEL.sub(lambda label: _BOLD.format(label[1]), message.text) if bold else message.text
        buttons = "  ".join(f"[ {title} ]" for title in message.menu)
        heading, body = message.heading, f"{marked}\n{buttons}" if buttons else marked
    yield f"{heading}:"
    yield from (f"{_INDENT}{line}".rstrip() for line in body.split("\n"))
    yield ""
