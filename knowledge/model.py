"""What the assistant knows, as plain immutable values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from contracts.enums import ChannelKind, StrEnum


class TopicKind(StrEnum):
    """What happens when a client writes about a topic."""

    ANSWER = "answer"
    """One reply; it may depend on questions."""
    GUIDE = "guide"
    """Questions and steps, one after the other."""
    TASK = "task"
    """An action works with the auth backend."""
    NAVIGATION = "navigation"
    """The conversation moves: yes, no, back, start over."""
    TEXTS = "texts"
    """Not an intent: only texts and terms that other topics use."""


class ItemKind(StrEnum):
    """What a guide item is."""

    QUESTION = "question"
    """Its answer decides which items follow."""
    STEP = "step"
    """Something that the client does."""


class OnNo(StrEnum):
    """What "no" does at a step that asks something."""

    HELP = "help"
    """Show the help with the step."""


@dataclass(frozen=True)
class Language:
    """A language that the assistant speaks."""

    code: str
    name: str
    """In the language itself, such as 日本語."""
    calling_codes: tuple[str, ...]
    """Calling codes without +, such as "81", of the countries whose clients get this language at first."""
    chosen_by: str | None
    """The topic by which a client asks for it."""
    quotes: tuple[str, str]
    """The marks around a label where there is no bold."""


@dataclass(frozen=True)
class OtherLanguage:
    """A language that the assistant recognises and does not speak. It has exactly one of the three marks."""

    code: str
    name: str
    sentence: str
    """Says in the language itself which languages the assistant speaks."""
    script: str | None = None
    """The script of its letters, as Unicode names begin: HANGUL."""
    words: frozenset[str] = frozenset()
    """Short words of it, in Latin letters."""
    characters: tuple[str, ...] = ()
    """Chinese characters or short sequences of them that Japanese does not have."""


@dataclass(frozen=True)
class Text:
    """Something the assistant says. **label** marks a label of a screen; actions fill in {placeholders}."""

    text: str
    sms: str | None = None
    """A shorter variant for SMS, if there is one."""

    def on(self, channel: str) -> str:
        """Return the variant for `channel` ("telegram" or "sms")."""
        return self.sms if channel == ChannelKind.SMS and self.sms is not None else self.text


@dataclass(frozen=True)
class GuideItem:
    """One question or step of a guide, the same in all languages."""

    name: str
    kind: ItemKind
    choices: tuple[str, ...] = ()
    """The possible answers to a question. Without any, its answer is free."""
    when: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Earlier questions, each with the answers for which this item applies. All must match."""
    on_no: OnNo | None = None
    """Of a step that asks something: what "no" does. None where the step asks nothing."""

    def applies(self, answers: Mapping[str, str]) -> bool:
        """Return whether the item belongs to the guide of a client who gave these answers."""
        return all(answers.get(question) in wanted for question, wanted in self.when.items())


@dataclass(frozen=True)
class ItemTexts:
    """A guide item in one language."""

    text: Text
    help: Text | None = None
    """For the client who says that the step does not work."""
    choices: Mapping[str, str] = field(default_factory=dict)
    """The title of each choice."""


@dataclass(frozen=True)
class TopicTexts:
    """A topic in one language."""

    title: str
    """A short title for buttons and menus; "" where the topic's kind is TEXTS."""
    examples: tuple[str, ...]
    """What clients write when they mean this topic."""
    texts: Mapping[str, Text]
    guide: Mapping[str, ItemTexts]
    terms: Mapping[str, Mapping[str, tuple[str, ...]]]
    """By entity and value: the words that name the value."""


@dataclass(frozen=True)
class Topic:
    """A topic; its id is also the name of the intent."""

    id: str
    group: str
    kind: TopicKind
    source: tuple[str, ...]
    """The articles that it is taken from, such as KB2260."""
    action: str | None
    """What answers it, with the default of its kind filled in; None where the kind is TEXTS."""
    next_topics: tuple[str, ...]
    """Topics offered as buttons after the reply, or at the end of the guide."""
    guide: tuple[GuideItem, ...]
    languages: Mapping[str, TopicTexts]
    """By language code."""
    urgent: bool = False
    """Answered first whatever is open, and a person is offered at once."""

    def item(self, name: str) -> GuideItem:
        """Return the guide item called `name`. Raises KeyError when there is none."""
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
        """Return the topic's title, which its button shows."""
        return self.topics[topic].languages[language].title

    def text(self, topic: str, name: str, language: str, channel: str = "telegram") -> str:
        """Return the topic's text `name`; its SMS variant when `channel` is "sms" and there is one."""
        return self.topics[topic].languages[language].texts[name].on(channel)

    def item_text(self, topic: str, item: str, language: str, channel: str = "telegram") -> str:
        """Return the text of the guide item `item`."""
        return self.topics[topic].languages[language].guide[item].text.on(channel)

    def choice_label(self, topic: str, item: str, choice: str, language: str) -> str:
        """Return what the button of a question's answer shows."""
        return self.topics[topic].languages[language].guide[item].choices[choice]

    def entities(self) -> tuple[str, ...]:
        """Return every entity that a question asks for or that terms name, sorted."""
        asked = {
            item.name
            for topic in self.topics.values()
            for item in topic.guide
            if item.kind == ItemKind.QUESTION
        }
        named = {
            entity
            for topic in self.topics.values()
            for texts in topic.languages.values()
            for entity in texts.terms
        }
        return tuple(sorted(asked | named))

    def terms(self, entity: str) -> dict[str, dict[str, list[str]]]:
        """Return, by value and language, the words that name the value, merged from all topics."""
        found: dict[str, dict[str, list[str]]] = {}
        for topic in self.topics.values():
            for language, texts in topic.languages.items():
                for value, words in texts.terms.get(entity, {}).items():
                    known = found.setdefault(value, {}).setdefault(language, [])
                    known.extend(word for word in words if word not in known)
        return found
