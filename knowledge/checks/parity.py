"""Every language says everything: what topic.yml demands, and what any other language has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from knowledge.draft import Draft, Page
from knowledge.model import Text, Topic
from knowledge.problems import Problem
from knowledge.wording import placeholders


def check(drafts: Sequence[Draft], default: str) -> Iterator[Problem]:
    """Gaps and surplus. `default` is the language that others are compared with where they disagree."""
    asked = _choices_by_question(drafts)
    for draft in drafts:
        pages = sorted(draft.pages.values(), key=lambda page: (page.language != default, page.language))
        for page in pages:
            if draft.topic is not None:
                yield from _demanded_by_kind(page, draft.topic)
                yield from _demanded_by_guide(page, draft.topic)
            yield from _gaps(page, pages, draft.topic)
            yield from _terms(page, asked)
        yield from _placeholders(pages)


def _demanded_by_kind(page: Page, topic: Topic) -> Iterator[Problem]:
    texts = page.texts
    if topic.kind == "texts":
        for key in ("title", "examples"):
            if getattr(texts, key):
                yield page.document.problem(f"a topic of kind texts has no {key}", key)
        return
    if not texts.title:
        yield page.document.problem("the title is missing", "title")
    if not texts.examples and topic.kind != "control":
        yield page.document.problem("there are no examples", "examples")
    if topic.kind == "answer" and not topic.guide and "answer" not in texts.texts:
        yield page.document.problem("the text `answer` is missing", "texts")


def _demanded_by_guide(page: Page, topic: Topic) -> Iterator[Problem]:
    document, texts = page.document, page.texts
    for item in topic.guide:
        if item.name not in texts.guide:
            what = "question" if item.kind == "ask" else "step"
            yield document.problem(f"the {what} `{item.name}` of topic.yml is missing", "guide")
            continue
        labels = texts.guide[item.name].choices
        for choice in item.choices:
            if choice not in labels:
                message = f"the choice `{choice}` of topic.yml has no label"
                yield document.problem(message, "guide", item.name, "choices")
        for choice in labels:
            if choice not in item.choices:
                message = f"`{choice}` is no choice of `{item.name}` in topic.yml"
                yield document.problem(message, "guide", item.name, "choices", choice)
    demanded = {item.name for item in topic.guide}
    for name in texts.guide:
        if name not in demanded:
            yield document.problem(f"`{name}` is no item of the guide in topic.yml", "guide", name)


def _gaps(page: Page, pages: Sequence[Page], topic: Topic | None) -> Iterator[Problem]:
    """What another language has and this one lacks, unless the topic's kind demands it anyway."""
    told: set[str] = set()
    if topic is not None and topic.kind == "answer" and not topic.guide:
        told.add("answer")
    for other in pages:
        if other is page:
            continue
        has = f"{other.language}.yml has"
        if topic is not None and topic.kind == "control" and other.texts.examples and not page.texts.examples:
            yield page.document.problem(f"there are no examples; {has} some", "examples")
        for name in other.texts.texts:
            if name not in page.texts.texts and name not in told:
                told.add(name)
                yield page.document.problem(f"the text `{name}` is missing; {has} it", "texts")
        for name, item in other.texts.guide.items():
            mine = page.texts.guide.get(name)
            if item.stuck is not None and mine is not None and mine.stuck is None:
                message = f"`{name}` has no `stuck`; {has} one"
                yield page.document.problem(message, "guide", name)


def _placeholders(pages: Sequence[Page]) -> Iterator[Problem]:
    """A placeholder that one language lacks is a fact its clients never see, or a name nobody fills."""
    first: dict[tuple[str, ...], tuple[str, set[str]]] = {}
    for page in pages:
        for where, text in _all_texts(page):
            found = placeholders(text.text) | placeholders(text.sms or "")
            language, expected = first.setdefault(where, (page.language, found))
            if found != expected:
                message = f"placeholders {_set(found)} here, but {_set(expected)} in {language}.yml"
                yield page.document.problem(message, *where)


def _all_texts(page: Page) -> Iterator[tuple[tuple[str, ...], Text]]:
    for name, text in page.texts.texts.items():
        yield ("texts", name), text
    for name, item in page.texts.guide.items():
        yield ("guide", name), item.text
        if item.stuck is not None:
            yield ("guide", name, "stuck"), item.stuck


def _set(names: set[str]) -> str:
    return ", ".join(f"{{{name}}}" for name in sorted(names)) or "none"


def _choices_by_question(drafts: Sequence[Draft]) -> dict[str, set[str]]:
    asked: dict[str, set[str]] = {}
    for draft in drafts:
        for item in draft.topic.guide if draft.topic else ():
            if item.choices:
                asked.setdefault(item.name, set()).update(item.choices)
    return asked


def _terms(page: Page, asked: dict[str, set[str]]) -> Iterator[Problem]:
    """A word for a value that no question has would fill in an answer that leads nowhere."""
    for entity, values in page.texts.terms.items():
        for value in values:
            if entity in asked and value not in asked[entity]:
                message = f"`{value}` is no choice of any question `{entity}`"
                yield page.document.problem(message, "terms", entity, value)
