"""The budget of segments for each message by SMS.

Segments are counted as the client gets them: with the progress line, the source line, the quotes around labels and the
numbered menu.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from knowledge.data_problems import Problem
from knowledge.markup import SAMPLE_VALUE, fill
from knowledge.model import GuideItem, ItemKind, Knowledge, Text, Topic, TopicKind
from knowledge.rendering import ANSWER, SHARED_TEXTS, TextId, as_plain, find_text
from knowledge.sms_segments import count_segments, excess_length, non_gsm_characters
from knowledge.topic_files import LanguageRegistry, TopicFiles

MAX_ANSWER_SEGMENTS = 4
MAX_STEP_SEGMENTS = 2
# Fewer characters outside the GSM alphabet than one in this many are a slip, such as a curly quote.
_SLIP_RATIO = 20


@dataclass(frozen=True)
class _BudgetedText:
    """A message of a topic, and the segments that it may take."""

    text_id: TextId
    location: tuple[str, ...]
    """Where the text is written."""
    max_segments: int
    menu: Sequence[str]
    """The choices below it."""


def check(registry: LanguageRegistry, all_files: Sequence[TopicFiles]) -> Iterator[Problem]:
    """Yield what exceeds its budget. Topics with incomplete files are left to the other checks."""
    complete = {files.id: files.topic for files in all_files if files.topic and _is_complete(files, registry)}
    knowledge = Knowledge(registry.languages, registry.default, complete)
    for files in all_files:
        topic = complete.get(files.id)
        if topic is None:
            continue
        for code, page in files.languages.items():
            for one in _budgeted_texts(knowledge, topic, code):
                text = find_text(knowledge, one.text_id, code)
                excess = _excess(knowledge, text, one, code, len(topic.guide))
                if excess:
                    own = text.sms is not None and _has_sms_variant(topic, code, one.location)
                    yield page.document.problem(excess, *one.location, "sms" if own else "text")


def _is_complete(files: TopicFiles, registry: LanguageRegistry) -> bool:
    names = {item.name for item in files.topic.guide} if files.topic else set()
    return set(files.languages) == set(registry.languages) and all(
        names == set(page.texts.guide) for page in files.languages.values()
    )


def _budgeted_texts(knowledge: Knowledge, topic: Topic, code: str) -> Iterator[_BudgetedText]:
    page = topic.languages[code]
    next_titles = _titles(knowledge, topic.next_topics, code)
    for name in page.texts:
        menu = next_titles if name == ANSWER and not topic.guide else []
        yield _BudgetedText(TextId(topic.id, name), ("texts", name), MAX_ANSWER_SEGMENTS, menu)
    for item in topic.guide:
        text_id, location = TextId(topic.id, item.name), ("guide", item.name)
        if item.kind == ItemKind.QUESTION:
            choices = list(page.guide[item.name].choices.values())
            yield _BudgetedText(text_id, location, MAX_STEP_SEGMENTS, choices)
        elif topic.kind == TopicKind.ANSWER:
            yield _BudgetedText(text_id, location, MAX_ANSWER_SEGMENTS, next_titles)
        else:
            yield from _step_texts(knowledge, topic, item, code)


def _step_texts(knowledge: Knowledge, topic: Topic, item: GuideItem, code: str) -> Iterator[_BudgetedText]:
    menu = _titles(knowledge, ("step_done", "step_back", "step_stuck"), code)
    text_id, location = TextId(topic.id, item.name), ("guide", item.name)
    yield _BudgetedText(text_id, location, MAX_STEP_SEGMENTS, menu)
    if topic.languages[code].guide[item.name].help is not None:
        shared = knowledge.topics.get(SHARED_TEXTS)
        texts = shared.languages[code].texts if shared else {}
        again = [texts["again"].text] if "again" in texts else []
        menu = again + _titles(knowledge, ("step_done", "human"), code)
        help_id = TextId(topic.id, item.name, is_help=True)
        yield _BudgetedText(help_id, (*location, "help"), MAX_STEP_SEGMENTS, menu)


def _titles(knowledge: Knowledge, topics: Sequence[str], code: str) -> list[str]:
    return [knowledge.label(topic, code) for topic in topics if topic in knowledge.topics]


def _excess(knowledge: Knowledge, text: Text, one: _BudgetedText, code: str, steps: int) -> str | None:
    """Return by how much `text` exceeds its budget, as the message of a problem."""
    values = {"step": str(steps), "steps": str(steps)}
    sms = as_plain(fill(text.on("sms"), values, SAMPLE_VALUE), one.menu, knowledge.languages[code])
    segments = count_segments(sms)
    if segments <= one.max_segments:
        return None
    odd = non_gsm_characters(sms)
    is_slip = odd and sum(character in odd for character in sms) * _SLIP_RATIO < len(sms)
    because = f" because of {' '.join(sorted(odd))}" if is_slip else ""
    return (
        f"by SMS this takes {segments} segments{because}, {one.max_segments} fit: "
        f"{excess_length(sms, one.max_segments)} characters too many, counted with all that is sent along"
    )


def _has_sms_variant(topic: Topic, code: str, location: tuple[str, ...]) -> bool:
    """Return whether the text itself has an SMS variant, and not only a line added to it."""
    page = topic.languages[code]
    if location[0] == "texts":
        return page.texts[location[1]].sms is not None
    item = page.guide[location[1]]
    text = item.help if location[-1] == "help" else item.text
    return text is not None and text.sms is not None
