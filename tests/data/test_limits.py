"""Every topic of the list is there, in both languages, with enough ways of saying it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from knowledge import DATA
from knowledge.wording import plain
from tests.support.knowledge import KNOWLEDGE

TOPICS = Path(__file__).parents[3] / "shared" / "knowledge" / "topics.yml"
# What the tasks say to each other's questions: reached by buttons and terms, with no sentences of its own to recognise.
TASKS = "tasks"
RECOGNISED = sorted(t.id for t in KNOWLEDGE.topics.values() if t.kind != "texts" and t.group != TASKS)
ENOUGH = 60
# Everything else there is: so much is needed to tell what is no topic.
OUTSIDE = {"out_of_scope": 300}
# A bare answer is mostly known by its entity.
FEW = {"inform": 25}
JAPANESE = re.compile(r"[\u3041-\u30ff\u4e00-\u9fff]")


@pytest.mark.parametrize("language", list(KNOWLEDGE.languages))
@pytest.mark.parametrize("topic", RECOGNISED)
def test_a_topic_is_said_in_enough_ways(topic: str, language: str) -> None:
    examples = KNOWLEDGE.topics[topic].languages[language].examples
    wanted = OUTSIDE.get(topic) or FEW.get(topic, ENOUGH)
    assert len({plain(example) for example in examples}) >= wanted


@pytest.mark.parametrize("language", list(KNOWLEDGE.languages))
def test_examples_are_not_one_sentence_with_words_exchanged(language: str) -> None:
    """No beginning of three words (Japanese: eight letters) is shared by a fifth of a topic's examples."""
    for topic in KNOWLEDGE.topics.values():
        examples = [plain(example) for example in topic.languages[language].examples]
        starts = [e[:8] if JAPANESE.search(e) else " ".join(e.split()[:3]) for e in examples if len(e) > 15]
        for start in set(starts):
            assert starts.count(start) <= max(5, len(examples) / 5), (topic.id, start)


def test_every_topic_of_the_list_is_there_as_its_kind() -> None:
    listed = {
        entry["id"]: (group, entry["kind"])
        for group, entries in yaml.safe_load(TOPICS.read_text(encoding="utf-8"))["groups"].items()
        for entry in entries
    }
    assert len(listed) == 60
    assert set(listed) <= set(RECOGNISED)
    for id, (group, kind) in listed.items():
        topic = KNOWLEDGE.topics[id]
        assert topic.group == group, id
        # A task may still be told as a guide or an answer, and small talk moves the conversation.
        if kind == "guide":
            assert topic.kind == "guide", id


@pytest.mark.parametrize("language", list(KNOWLEDGE.languages))
def test_no_text_is_in_the_other_language(language: str) -> None:
    # What is said to those who write in neither.
    both = {"guide/other_language", "guide/unknown_language", "sharing/dsc_plus"}
    for topic in KNOWLEDGE.topics.values():
        page = topic.languages[language]
        texts = {f"{topic.id}/{name}": text for name, text in page.texts.items()}
        for name, item in page.guide.items():
            texts[f"{topic.id}/{name}"] = item.text
        for name, text in texts.items():
            if name in both or topic.id in {"language_english", "language_japanese"}:
                continue
            for said in filter(None, (text.text, text.sms)):
                letters = re.sub(r"\{\w+\}", "", said)
                if re.search(r"\w", letters):
                    assert bool(JAPANESE.search(letters)) == (language == "ja"), name


def test_every_subject_topic_names_its_source() -> None:
    without = [
        t.id for t in KNOWLEDGE.topics.values() if t.group not in {"conversation", TASKS} and not t.source
    ]
    assert without == []
    assert (DATA / "facts.yml").exists()


@pytest.mark.parametrize("language", KNOWLEDGE.languages)
def test_a_step_that_ends_in_a_question_can_be_answered_no(language: str) -> None:
    """The help with the step is the answer then."""
    for topic in KNOWLEDGE.topics.values():
        for item in topic.guide:
            texts = topic.languages[language].guide[item.name]
            if item.kind == "step" and texts.text.on("sms").rstrip().endswith(("?", "か。")):
                assert item.yes_or_no, (topic.id, item.name)
            assert not item.yes_or_no or texts.stuck, (topic.id, item.name)
