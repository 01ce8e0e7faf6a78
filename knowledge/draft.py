"""What could be read of the data, with the files it came from, for the checks to work on."""

from __future__ import annotations

from dataclasses import dataclass

from knowledge.model import Language, OtherLanguage, Topic, TopicTexts
from knowledge.reading import Document


@dataclass(frozen=True)
class Registry:
    """languages.yml."""

    document: Document
    languages: dict[str, Language]
    default: str
    others: tuple[OtherLanguage, ...] = ()


@dataclass(frozen=True)
class Page:
    """One language file of a topic."""

    language: str
    document: Document
    texts: TopicTexts


@dataclass
class Draft:
    """A topic as far as its files could be read."""

    id: str
    document: Document | None
    """topic.yml"""
    pages: dict[str, Page]
    topic: Topic | None = None
    """None when topic.yml could not be used."""
