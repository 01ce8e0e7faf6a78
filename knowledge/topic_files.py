"""The files as far as they could be read, for the checks to work on."""

from __future__ import annotations

from dataclasses import dataclass

from knowledge.example_files import ExampleFile
from knowledge.model import Language, OtherLanguage, Topic, TopicTexts
from knowledge.yaml_files import YamlFile


@dataclass(frozen=True)
class LanguageRegistry:
    """languages.yml."""

    document: YamlFile
    languages: dict[str, Language]
    default: str
    others: tuple[OtherLanguage, ...] = ()


@dataclass(frozen=True)
class LanguageFiles:
    """A topic's files in one language."""

    language: str
    document: YamlFile
    """The texts, such as en.yml."""
    examples: ExampleFile
    texts: TopicTexts


@dataclass
class TopicFiles:
    """A topic's folder."""

    id: str
    document: YamlFile | None
    """topic.yml; None when it could not be used."""
    languages: dict[str, LanguageFiles]
    """By language code, without those whose files could not be used."""
    topic: Topic | None = None
    """None when topic.yml could not be used."""
