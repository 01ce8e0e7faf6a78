"""topic.yml: offers and conditions name what exists, and names stay apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from knowledge.draft import Draft
from knowledge.model import GuideItem, Topic
from knowledge.problems import Problem
from knowledge.reading import Document


def check(drafts: Sequence[Draft]) -> Iterator[Problem]:
    kinds = {draft.id: draft.topic.kind if draft.topic else None for draft in drafts}
    for draft in drafts:
        if draft.topic is None or draft.document is None:
            continue
        for position, offer in enumerate(draft.topic.offers):
            if offer not in kinds:
                yield draft.document.problem(f"offers the unknown topic `{offer}`", "offers", position)
            elif kinds[offer] == "texts":
                message = f"offers `{offer}`, which is of kind texts and has no button"
                yield draft.document.problem(message, "offers", position)
        if draft.topic.urgent and "human" not in draft.topic.offers:
            yield draft.document.problem("an urgent topic offers a person: `human`", "urgent")
        yield from _guide(draft.topic, draft.document)
        yield from _shared_names(draft.topic, draft)


def _guide(topic: Topic, document: Document) -> Iterator[Problem]:
    earlier: dict[str, GuideItem] = {}
    for position, item in enumerate(topic.guide):
        if item.name in earlier:
            yield document.problem(f"the guide has two items called `{item.name}`", "guide", position)
        for question, answers in item.when.items():
            where = ("guide", position, "when", question)
            asked = earlier.get(question)
            if asked is None or asked.kind != "ask":
                yield document.problem(f"`when` names `{question}`, which is no earlier question", *where)
                continue
            for answer in answers:
                if answer not in asked.choices:
                    message = f"`when` names `{answer}`, which is no choice of `{question}`"
                    yield document.problem(message, *where)
        earlier.setdefault(item.name, item)


def _shared_names(topic: Topic, draft: Draft) -> Iterator[Problem]:
    """A text and a guide item of one name would overwrite each other as responses of the same name."""
    items = {item.name for item in topic.guide}
    for page in draft.pages.values():
        for name in page.texts.texts:
            if name in items:
                yield page.document.problem(f"`{name}` is also an item of the guide", "texts", name)
