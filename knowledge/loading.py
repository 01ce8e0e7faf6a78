"""From the files of the data folder to Knowledge."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from knowledge.checks import check_all
from knowledge.data_problems import KnowledgeError, Problem
from knowledge.example_files import example_file_name, read_examples
from knowledge.folders import NAME, shown_path, topic_folders, unexpected_files
from knowledge.model import (
    GuideItem,
    ItemKind,
    ItemTexts,
    Knowledge,
    Language,
    OnNo,
    OtherLanguage,
    Text,
    Topic,
    TopicKind,
    TopicTexts,
)
from knowledge.schema_check import schema_errors
from knowledge.topic_files import LanguageFiles, LanguageRegistry, TopicFiles
from knowledge.yaml_files import YamlFile, read_yaml

DATA = Path(__file__).parents[1] / "data"
"""The repository's data folder."""

_DEFAULT_ACTIONS = {TopicKind.ANSWER: "action_answer", TopicKind.GUIDE: "action_guide"}

# The schema of a file says what a mapping holds; mypy cannot know it.
_Mapping = Mapping[str, Any]


def load(root: Path = DATA) -> Knowledge:
    """Read and check languages.yml and topics/ of the folder `root`.

    Raises KnowledgeError with all problems at once when anything is wrong.
    """
    problems: list[Problem] = []
    registry = _registry(root, problems)
    codes = registry.languages if registry else _codes_in_use(root)
    problems.extend(unexpected_files(root, codes if registry else None))
    files = [_topic_files(root, folder, codes, problems) for folder in topic_folders(root)]
    problems.extend(check_all(registry, files))
    if problems or registry is None:
        raise KnowledgeError(problems)
    topics = {one.id: one.topic for one in files if one.topic}
    return Knowledge(registry.languages, registry.default, topics, registry.others)


def read_valid(path: Path, root: Path, schema: str, problems: list[Problem]) -> YamlFile | None:
    """Return the file if it has the shape of `schema`; else None. Adds what is wrong with it to `problems`."""
    document, found = read_yaml(path, shown_path(path, root))
    problems.extend(found)
    if document is None:
        return None
    found, usable = schema_errors(document, schema)
    problems.extend(found)
    return document if usable else None


def _registry(root: Path, problems: list[Problem]) -> LanguageRegistry | None:
    document = read_valid(root / "languages.yml", root, "languages", problems)
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
    return LanguageRegistry(document, languages, document.value["default"], others)


def _codes_in_use(root: Path) -> list[str]:
    """Return what seem to be the languages, so that topics can be checked although languages.yml is broken."""
    stems = {path.stem for path in root.glob("topics/*/*/*.yml")}
    return sorted(stem for stem in stems - {"topic"} if NAME.match(stem))


def _topic_files(root: Path, folder: Path, codes: Iterable[str], problems: list[Problem]) -> TopicFiles:
    document = read_valid(folder / "topic.yml", root, "topic", problems)
    found = (_language_files(root, folder, code, problems) for code in codes)
    languages = {files.language: files for files in found if files is not None}
    topic = None
    if document is not None:
        texts = {code: files.texts for code, files in languages.items()}
        topic = _topic(folder.parent.name, folder.name, document.value, texts)
    return TopicFiles(folder.name, document, languages, topic)


def _language_files(root: Path, folder: Path, code: str, problems: list[Problem]) -> LanguageFiles | None:
    path = folder / example_file_name(code)
    examples = read_examples(path, shown_path(path, root))
    document = read_valid(folder / f"{code}.yml", root, "texts", problems)
    if isinstance(examples, Problem):
        problems.append(examples)
        return None
    if document is None:
        return None
    return LanguageFiles(code, document, examples, _topic_texts(document.value, examples.examples))


def _topic(group: str, topic: str, value: _Mapping, languages: dict[str, TopicTexts]) -> Topic:
    kind = TopicKind(value["kind"])
    default = f"action_{topic}" if kind == TopicKind.TASK else _DEFAULT_ACTIONS.get(kind)
    return Topic(
        id=topic,
        group=group,
        kind=kind,
        source=tuple(value.get("source", ())),
        action=value.get("action", default),
        next_topics=tuple(value.get("next_topics", ())),
        guide=tuple(_guide_item(item) for item in value.get("guide", ())),
        languages=languages,
        urgent=value.get("urgent") == "true",
    )


def _guide_item(value: _Mapping) -> GuideItem:
    when = {
        question: (answer,) if isinstance(answer, str) else tuple(answer)
        for question, answer in value.get("when", {}).items()
    }
    if "question" in value:
        return GuideItem(value["question"], ItemKind.QUESTION, tuple(value.get("choices", ())), when)
    on_no = OnNo(value["on_no"]) if "on_no" in value else None
    return GuideItem(value["step"], ItemKind.STEP, (), when, on_no)


def _topic_texts(value: _Mapping, examples: tuple[str, ...]) -> TopicTexts:
    return TopicTexts(
        title=value.get("title", ""),
        examples=examples,
        texts={name: _text(text) for name, text in value.get("texts", {}).items()},
        guide={
            name: ItemTexts(
                text=_text(item),
                help=_text(item["help"]) if "help" in item else None,
                choices=item.get("choices", {}),
            )
            for name, item in value.get("guide", {}).items()
        },
        terms={
            entity: {name: tuple(words) for name, words in values.items()}
            for entity, values in value.get("terms", {}).items()
        },
    )


def _text(value: str | Mapping[str, str]) -> Text:
    if isinstance(value, str):
        return Text(value.strip())
    return Text(value["text"].strip(), value["sms"].strip() if "sms" in value else None)
