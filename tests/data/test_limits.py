"""Every required topic exists, in both languages, with enough examples."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from knowledge import DATA, ItemKind, TopicKind
from knowledge.markup import normalized
from tests.support.knowledge import KNOWLEDGE

TOPICS = Path(__file__).parent / "registers" / "topics.yml"
# The topics of this group are reached by buttons and terms, so they need no examples.
TASKS = "tasks"
RECOGNISED = sorted(t.id for t in KNOWLEDGE.topics.values() if t.kind != TopicKind.TEXTS and t.group != TASKS)
MIN_EXAMPLES = 60
# `out_of_scope` must cover everything that is no topic; `inform` is mostly recognised by its entity.
MIN_EXAMPLES_OF = {"out_of_scope": 300, "inform": 25}
JAPANESE = re.compile(r"[\u3041-\u30ff\u4e00-\u9fff]")


@pytest.mark.parametrize("language", list(KNOWLEDGE.languages))
@pytest.mark.parametrize("topic", RECOGNISED)
def test_a_topic_has_enough_examples(topic: str, language: str) -> None:
    examples = KNOWLEDGE.topics[topic].languages[language].examples
    assert len({normalized(example) for example in examples}) >= MIN_EXAMPLES_OF.get(topic, MIN_EXAMPLES)


@pytest.mark.parametrize("language", list(KNOWLEDGE.languages))
def test_examples_do_not_share_their_beginnings(language: str) -> None:
    """At most a fifth of a topic's examples begin with the same three words (Japanese: eight letters)."""
    for topic in KNOWLEDGE.topics.values():
        examples = [normalized(example) for example in topic.languages[language].examples]
        starts = [e[:8] if JAPANESE.search(e) else " ".join(e.split()[:3]) for e in examples if len(e) > 15]
        for start in set(starts):
            assert starts.count(start) <= max(5, len(examples) / 5), (topic.id, start)


def test_every_registered_topic_exists_with_its_kind() -> None:
    groups = yaml.safe_load(TOPICS.read_text(encoding="utf-8"))
    registered = {id: (group, kind) for group, topics in groups.items() for id, kind in topics.items()}
    assert len(registered) == 60
    assert set(registered) <= set(RECOGNISED)
    for id, (group, kind) in registered.items():
        topic = KNOWLEDGE.topics[id]
        assert topic.group == group, id
        if kind == TopicKind.GUIDE:
            assert topic.kind == TopicKind.GUIDE, id


@pytest.mark.parametrize("language", list(KNOWLEDGE.languages))
def test_no_text_is_in_the_other_language(language: str) -> None:
    # These answer clients who write in neither language.
    both = {"guide/other_language", "guide/unknown_language", "sharing/dsc_plus"}
    for topic in KNOWLEDGE.topics.values():
        page = topic.languages[language]
        texts = {f"{topic.id}/{name}": text for name, text in page.texts.items()}
        for name, item in page.guide.items():
            texts[f"{topic.id}/{name}"] = item.text
        for name, text in texts.items():
            if name in both or topic.id in {"language_english", "language_japanese"}:
                continue
            for variant in filter(None, (text.text, text.sms)):
                letters = re.sub(r"\{\w+\}", "", variant)
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
    """The answer to "no" is the help with the step."""
    for topic in KNOWLEDGE.topics.values():
        for item in topic.guide:
            texts = topic.languages[language].guide[item.name]
            if item.kind == ItemKind.STEP and texts.text.on("sms").rstrip().endswith(("?", "か。")):
                assert item.on_no, (topic.id, item.name)
            assert not item.on_no or texts.help, (topic.id, item.name)
