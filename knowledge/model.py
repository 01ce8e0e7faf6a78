"""What the assistant knows, as plain immutable values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["answer", "guide", "task", "control", "texts"]
"""answer: a reply. guide: a walk in steps. task: acts through the backend. control: moves the
conversation. texts: no intent of its own, only texts and terms that others use."""


@dataclass(frozen=True)
class Language:
    """A language that the assistant speaks."""

    code: str
    name: str
    """In the language itself, such as 日本語."""
    calling_codes: tuple[str, ...]
    """Countries whose clients get it at first, by calling code without +, such as "81"."""
    chosen_by: str | None
    """The topic by which a client asks for it."""
    quotes: tuple[str, str]
    """What stands around the label of a button where there is no bold."""


@dataclass(frozen=True)
class OtherLanguage:
    """A language that the assistant does not speak but recognises, by one of three marks."""

    code: str
    name: str
    sentence: str
    """Says in the language itself which ones the assistant speaks."""
    script: str | None = None
    """Its letters' script, as Unicode names begin: HANGUL."""
    words: frozenset[str] = frozenset()
    """Small words of it, in Latin letters."""
    characters: tuple[str, ...] = ()
    """Chinese characters or short runs of them that Japanese does not have."""


@dataclass(frozen=True)
class Text:
    """Something the assistant says. Markup: **label**. {placeholders} are filled by the actions."""

    text: str
    sms: str | None = None
    """A shorter variant for SMS, if there is one."""

    def on(self, channel: str) -> str:
        """The variant for `channel` ("telegram", "sms")."""
        return self.sms if channel == "sms" and self.sms is not None else self.text


@dataclass(frozen=True)
class GuideItem:
    """One question or step of a guide, the same in all languages."""

    name: str
    kind: Literal["ask", "step"]
    choices: tuple[str, ...] = ()
    """The possible answers to a question. Without any, its answer is free."""
    when: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Earlier questions, each with the answers for which this item applies. All must match."""
    yes_or_no: bool = False
    """Of a step: it asks something, and "no" calls for the help with it."""


@dataclass(frozen=True)
class ItemTexts:
    """A guide item in one language."""

    text: Text
    stuck: Text | None = None
    """Help for the client who says that the step does not work."""
    choices: Mapping[str, str] = field(default_factory=dict)
    """The label of each choice."""


@dataclass(frozen=True)
class TopicTexts:
    """A topic in one language."""

    title: str
    """A short label for buttons and menus; "" where the topic's kind is texts."""
    examples: tuple[str, ...]
    """What clients write when they mean this topic."""
    texts: Mapping[str, Text]
    guide: Mapping[str, ItemTexts]
    terms: Mapping[str, Mapping[str, tuple[str, ...]]]
    """Entity, value, and the words that name the value."""


@dataclass(frozen=True)
class Topic:
    """A topic; its id is also the name of the intent."""

    id: str
    group: str
    kind: Kind
    source: tuple[str, ...]
    """The articles that it is taken from, such as KB2260."""
    action: str | None
    """What answers it, with the default of its kind filled in; None where the kind is texts."""
    offers: tuple[str, ...]
    """Topics offered as buttons after the reply, or at the end of the guide."""
    guide: tuple[GuideItem, ...]
    languages: Mapping[str, TopicTexts]
    """By language code."""
    urgent: bool = False
    """It comes first whatever is open, and a person is offered at once."""

    def item(self, name: str) -> GuideItem:
        """The guide item called `name`; KeyError when there is none."""
        for item in self.guide:
            if item.name == name:
                return item
        raise KeyError(f"the guide of {self.id} has no item {name}")


@dataclass(frozen=True)
class Knowledge:
    """All languages and topics. Look-ups of something unknown raise KeyError."""

    languages: Mapping[str, Language]
    default_language: str
    topics: Mapping[str, Topic]
    others: tuple[OtherLanguage, ...] = ()
    """Languages that are recognised and not spoken."""

    def label(self, topic: str, language: str) -> str:
        """The topic's title: what its button says."""
        return self.topics[topic].languages[language].title

    def text(self, topic: str, name: str, language: str, channel: str = "telegram") -> str:
        """The topic's text `name`; its SMS variant when `channel` is "sms" and there is one."""
        return self.topics[topic].languages[language].texts[name].on(channel)

    def item_text(self, topic: str, item: str, language: str, channel: str = "telegram") -> str:
        """What the guide item `item` says."""
        return self.topics[topic].languages[language].guide[item].text.on(channel)

    def choice_label(self, topic: str, item: str, choice: str, language: str) -> str:
        """What the button of a question's answer says."""
        return self.topics[topic].languages[language].guide[item].choices[choice]

    def entities(self) -> tuple[str, ...]:
        """Every entity that a question asks for or that terms name, sorted."""
        asked = {item.name for topic in self.topics.values() for item in topic.guide if item.kind == "ask"}
        named = {
            entity
            for topic in self.topics.values()
            for texts in topic.languages.values()
            for entity in texts.terms
        }
        return tuple(sorted(asked | named))

    def terms(self, entity: str) -> dict[str, dict[str, list[str]]]:
        """Value -> language -> the words that name the value, merged from all topics."""
        found: dict[str, dict[str, list[str]]] = {}
        for topic in self.topics.values():
            for language, texts in topic.languages.items():
                for value, words in texts.terms.get(entity, {}).items():
                    known = found.setdefault(value, {}).setdefault(language, [])
                    known.extend(word for word in words if word not in known)
        return found
