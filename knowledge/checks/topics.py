"""topic.yml: next topics and conditions name what exists, and names differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from knowledge.data_problems import Problem
from knowledge.model import GuideItem, ItemKind, Topic, TopicKind
from knowledge.topic_files import TopicFiles
from knowledge.yaml_files import YamlFile


def check(all_files: Sequence[TopicFiles]) -> Iterator[Problem]:
    """Yield what is wrong with each topic.yml beyond its shape."""
    kinds = {files.id: files.topic.kind if files.topic else None for files in all_files}
    for files in all_files:
        topic, document = files.topic, files.document
        if topic is None or document is None:
            continue
        for index, name in enumerate(topic.next_topics):
            if name not in kinds:
                yield document.problem(f"next_topics names the unknown topic `{name}`", "next_topics", index)
            elif kinds[name] == TopicKind.TEXTS:
                message = f"next_topics names `{name}`, which is of kind texts and has no button"
                yield document.problem(message, "next_topics", index)
        if topic.urgent and "human" not in topic.next_topics:
            yield document.problem("an urgent topic must have `human` among its next_topics", "urgent")
        yield from _guide_problems(topic, document)
        yield from _shared_names(topic, files)


def _guide_problems(topic: Topic, document: YamlFile) -> Iterator[Problem]:
    earlier: dict[str, GuideItem] = {}
    for index, item in enumerate(topic.guide):
        if item.name in earlier:
            yield document.problem(f"the guide has two items called `{item.name}`", "guide", index)
        for name, answers in item.when.items():
            location = ("guide", index, "when", name)
            question = earlier.get(name)
            if question is None or question.kind != ItemKind.QUESTION:
                yield document.problem(f"`when` names `{name}`, which is no earlier question", *location)
                continue
            for answer in answers:
                if answer not in question.choices:
                    message = f"`when` names `{answer}`, which is no choice of `{name}`"
                    yield document.problem(message, *location)
        earlier.setdefault(item.name, item)


def _shared_names(topic: Topic, files: TopicFiles) -> Iterator[Problem]:
    """Yield texts with the name of a guide item: both would be replies of one name."""
    items = {item.name for item in topic.guide}
    for one in files.languages.values():
        for name in one.texts.texts:
            if name in items:
                yield one.document.problem(f"`{name}` is also an item of the guide", "texts", name)
