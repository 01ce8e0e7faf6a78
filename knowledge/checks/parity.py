"""Every language says everything: what topic.yml requires, and what any other language has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from knowledge.data_problems import Problem
from knowledge.markup import placeholders
from knowledge.model import ItemKind, Text, Topic, TopicKind
from knowledge.topic_files import LanguageFiles, TopicFiles


def check(all_files: Sequence[TopicFiles], default: str) -> Iterator[Problem]:
    """Yield what is missing and what is too much. Others are compared with the language `default` first."""
    choices = _choices_by_question(all_files)
    for topic_files in all_files:
        found = topic_files.languages.values()
        languages = sorted(found, key=lambda files: (files.language != default, files.language))
        for files in languages:
            if topic_files.topic is not None:
                yield from _required_by_kind(files, topic_files.topic)
                yield from _required_by_guide(files, topic_files.topic)
            yield from _gaps(files, languages, topic_files.topic)
            yield from _unknown_values(files, choices)
        yield from _differing_placeholders(languages)


def _required_by_kind(files: LanguageFiles, topic: Topic) -> Iterator[Problem]:
    texts = files.texts
    if topic.kind == TopicKind.TEXTS:
        if texts.title:
            yield files.document.problem("a topic of kind texts has no title", "title")
        if texts.examples:
            yield files.examples.problem("a topic of kind texts has no examples")
        return
    if not texts.title:
        yield files.document.problem("the title is missing", "title")
    if not texts.examples and topic.kind != TopicKind.NAVIGATION:
        yield files.examples.problem("there are no examples")
    if topic.kind == TopicKind.ANSWER and not topic.guide and "answer" not in texts.texts:
        yield files.document.problem("the text `answer` is missing", "texts")


def _required_by_guide(files: LanguageFiles, topic: Topic) -> Iterator[Problem]:
    document, texts = files.document, files.texts
    for item in topic.guide:
        if item.name not in texts.guide:
            what = "question" if item.kind == ItemKind.QUESTION else "step"
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
    names = {item.name for item in topic.guide}
    for name in texts.guide:
        if name not in names:
            yield document.problem(f"`{name}` is no item of the guide in topic.yml", "guide", name)


def _gaps(files: LanguageFiles, languages: Sequence[LanguageFiles], topic: Topic | None) -> Iterator[Problem]:
    """Yield what another language has and this one lacks, unless the topic's kind requires it anyway."""
    reported: set[str] = set()
    if topic is not None and topic.kind == TopicKind.ANSWER and not topic.guide:
        reported.add("answer")
    is_navigation = topic is not None and topic.kind == TopicKind.NAVIGATION
    for other in languages:
        if other is files:
            continue
        if is_navigation and other.texts.examples and not files.texts.examples:
            yield files.examples.problem(f"there are no examples; {other.examples.path.name} has some")
        for name in other.texts.texts:
            if name not in files.texts.texts and name not in reported:
                reported.add(name)
                message = f"the text `{name}` is missing; {other.language}.yml has it"
                yield files.document.problem(message, "texts")
        for name, item in other.texts.guide.items():
            own = files.texts.guide.get(name)
            if item.help is not None and own is not None and own.help is None:
                message = f"`{name}` has no `help`; {other.language}.yml has one"
                yield files.document.problem(message, "guide", name)


def _differing_placeholders(languages: Sequence[LanguageFiles]) -> Iterator[Problem]:
    """Yield texts whose placeholders differ: a value that some clients never see, or a name that nobody fills."""
    first: dict[tuple[str, ...], tuple[str, set[str]]] = {}
    for files in languages:
        for location, text in _texts_with_location(files):
            found = placeholders(text.text) | placeholders(text.sms or "")
            language, expected = first.setdefault(location, (files.language, found))
            if found != expected:
                message = f"placeholders {_listed(found)} here, but {_listed(expected)} in {language}.yml"
                yield files.document.problem(message, *location)


def _texts_with_location(files: LanguageFiles) -> Iterator[tuple[tuple[str, ...], Text]]:
    for name, text in files.texts.texts.items():
        yield ("texts", name), text
    for name, item in files.texts.guide.items():
        yield ("guide", name), item.text
        if item.help is not None:
            yield ("guide", name, "help"), item.help


def _listed(names: set[str]) -> str:
    return ", ".join(f"{{{name}}}" for name in sorted(names)) or "none"


def _choices_by_question(all_files: Sequence[TopicFiles]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for files in all_files:
        for item in files.topic.guide if files.topic else ():
            if item.choices:
                found.setdefault(item.name, set()).update(item.choices)
    return found


def _unknown_values(files: LanguageFiles, choices: dict[str, set[str]]) -> Iterator[Problem]:
    """Yield terms for a value that no question has: they would be answers that lead nowhere."""
    for entity, values in files.texts.terms.items():
        for value in values:
            if entity in choices and value not in choices[entity]:
                message = f"`{value}` is no choice of any question `{entity}`"
                yield files.document.problem(message, "terms", entity, value)
