"""From the files of the data folder to Knowledge."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from knowledge.checks import check_all
from knowledge.draft import Draft, Page, Registry
from knowledge.folders import NAME, topic_folders, unexpected
from knowledge.model import (
    GuideItem,
    ItemTexts,
    Knowledge,
    Language,
    OtherLanguage,
    Text,
    Topic,
    TopicTexts,
)
from knowledge.problems import KnowledgeError, Problem
from knowledge.reading import Document, read
from knowledge.structure import misfits

DATA = Path(__file__).parents[1] / "data"
"""The repository's data folder."""


def load(root: Path = DATA) -> Knowledge:
    """Reads and checks languages.yml and topics/ of the folder `root`.

    Raises KnowledgeError with all problems at once when anything is wrong.
    """
    problems: list[Problem] = []
    registry = _registry(root, problems)
    codes = registry.languages if registry else _codes_in_use(root)
    problems.extend(unexpected(root, codes if registry else None))
    drafts = [_draft(root, folder, codes, problems) for folder in topic_folders(root)]
    problems.extend(check_all(registry, drafts))
    if problems or registry is None:
        raise KnowledgeError(problems)
    topics = {draft.id: draft.topic for draft in drafts if draft.topic}
    return Knowledge(registry.languages, registry.default, topics, registry.others)


def _read_as(path: Path, root: Path, schema: str, problems: list[Problem]) -> Document | None:
    """The document if it has the shape of `schema`; else None, and its problems are noted."""
    document, found = read(path, f"{root.name}/{path.relative_to(root).as_posix()}")
    problems.extend(found)
    if document is None:
        return None
    found, usable = misfits(document, schema)
    problems.extend(found)
    return document if usable else None


def _registry(root: Path, problems: list[Problem]) -> Registry | None:
    document = _read_as(root / "languages.yml", root, "languages", problems)
    if document is None:
        return None
    languages = {
        code: Language(
            code=code,
            name=entry["name"],
            calling_codes=tuple(entry["calling_codes"]),
            chosen_by=entry.get("chosen_by"),
            quotes=(entry["quotes"][0], entry["quotes"][1]),
        )
        for code, entry in document.value["languages"].items()
    }
    others = tuple(
        OtherLanguage(
            code=code,
            name=entry["name"],
            sentence=entry["sentence"],
            script=entry.get("script"),
            words=frozenset(entry.get("words", ())),
            characters=tuple(entry.get("characters", ())),
        )
        for code, entry in document.value.get("others", {}).items()
        if code not in languages
    )
    return Registry(document, languages, document.value["default"], others)


def _codes_in_use(root: Path) -> list[str]:
    """What seem to be the languages, so that topics can be checked although languages.yml is broken."""
    files = {path.stem for path in root.glob("topics/*/*/*.yml")}
    return sorted(stem for stem in files - {"topic"} if NAME.match(stem))


def _draft(root: Path, folder: Path, codes: Iterable[str], problems: list[Problem]) -> Draft:
    document = _read_as(folder / "topic.yml", root, "topic", problems)
    pages = {}
    for code in codes:
        page = _read_as(folder / f"{code}.yml", root, "texts", problems)
        if page is not None:
            pages[code] = Page(code, page, _topic_texts(page.value))
    draft = Draft(folder.name, document, pages)
    if document is not None:
        texts = {code: page.texts for code, page in pages.items()}
        draft.topic = _topic(folder.parent.name, folder.name, document.value, texts)
    return draft


def _topic(group: str, topic: str, value: dict[str, Any], languages: dict[str, TopicTexts]) -> Topic:
    kind = value["kind"]
    default = {"answer": "action_answer", "guide": "action_guide", "task": f"action_{topic}"}.get(kind)
    return Topic(
        id=topic,
        group=group,
        kind=kind,
        source=tuple(value.get("source", ())),
        action=value.get("action", default),
        offers=tuple(value.get("offers", ())),
        guide=tuple(_guide_item(item) for item in value.get("guide", ())),
        languages=languages,
        urgent=value.get("urgent") == "true",
    )


def _guide_item(value: dict[str, Any]) -> GuideItem:
    when = {
        question: (answer,) if isinstance(answer, str) else tuple(answer)
        for question, answer in value.get("when", {}).items()
    }
    if "ask" in value:
        return GuideItem(value["ask"], "ask", tuple(value.get("choices", ())), when)
    return GuideItem(value["step"], "step", (), when, value.get("yes_or_no") == "true")


def _topic_texts(value: dict[str, Any]) -> TopicTexts:
    return TopicTexts(
        title=value.get("title", ""),
        examples=tuple(value.get("examples", ())),
        texts={name: _text(text) for name, text in value.get("texts", {}).items()},
        guide={
            name: ItemTexts(
                text=_text(item),
                stuck=_text(item["stuck"]) if "stuck" in item else None,
                choices=item.get("choices", {}),
            )
            for name, item in value.get("guide", {}).items()
        },
        terms={
            entity: {name: tuple(words) for name, words in values.items()}
            for entity, values in value.get("terms", {}).items()
        },
    )


def _text(value: str | dict[str, str]) -> Text:
    if isinstance(value, str):
        return Text(value.strip())
    return Text(value["text"].strip(), value["sms"].strip() if "sms" in value else None)
