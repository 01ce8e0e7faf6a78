"""Each text by itself: it is written, fits its channel, and its markup closes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from knowledge.data_problems import Problem
from knowledge.markup import has_stray_brace, has_unbalanced_label, normalized, placeholders
from knowledge.model import Text
from knowledge.topic_files import LanguageFiles, TopicFiles
from knowledge.yaml_files import Location

MAX_TELEGRAM_CHARACTERS = 4096
"""Per message, by the Bot API."""
MAX_SMS_CHARACTERS = 1600
"""Per message, by Twilio's interface."""
MAX_TITLE_CHARACTERS = 30
"""A phone shows a button's title of this length in full."""
_KEYWORDS = "STOP STOPALL UNSUBSCRIBE CANCEL END QUIT YES HELP INFO START 停止 配信停止 解除 再開 ヘルプ"
CARRIER_KEYWORDS = frozenset(normalized(word) for word in _KEYWORDS.split())
"""Carriers act on an SMS that is one of these words; it may never reach the gateway."""


def check(all_files: Sequence[TopicFiles]) -> Iterator[Problem]:
    """Yield what is wrong with titles, texts, labels of choices, and terms."""
    offered = {name for files in all_files if files.topic for name in files.topic.next_topics}
    for topic_files in all_files:
        for files in topic_files.languages.values():
            yield from _title(files, topic_files.id in offered)
            for name, text in files.texts.texts.items():
                yield from _text(files, text, "texts", name)
            for name, item in files.texts.guide.items():
                yield from _text(files, item.text, "guide", name)
                if item.help is not None:
                    yield from _text(files, item.help, "guide", name, "help")
                for choice, label in item.choices.items():
                    where = ("guide", name, "choices", choice)
                    yield from _label(files, label, where, typed_by_clients=True)
            yield from _terms(files)


def _title(files: LanguageFiles, offered: bool) -> Iterator[Problem]:
    title = files.texts.title
    if not title:
        return
    yield from _label(files, title, ("title",), typed_by_clients=offered)
    if len(title) > MAX_TITLE_CHARACTERS and "TODO" not in title:
        yield files.document.problem(
            f"the title has {len(title)} characters, {MAX_TITLE_CHARACTERS} fit", "title"
        )


def _label(files: LanguageFiles, label: str, where: Location, typed_by_clients: bool) -> Iterator[Problem]:
    yield from _written(files, label, where)
    if "**" in label or placeholders(label) or has_stray_brace(label):
        yield files.document.problem("a label is plain: no ** and no braces", *where)
    if typed_by_clients and normalized(label) in CARRIER_KEYWORDS:
        message = f"`{label}` is a word that SMS carriers act on; clients cannot answer with it"
        yield files.document.problem(message, *where)


def _text(files: LanguageFiles, text: Text, *where: str) -> Iterator[Problem]:
    yield from _variant(
        files, text.text, (*where, "text"), MAX_TELEGRAM_CHARACTERS if text.sms else MAX_SMS_CHARACTERS
    )
    if text.sms is None:
        return
    yield from _variant(files, text.sms, (*where, "sms"), MAX_SMS_CHARACTERS)
    extra = placeholders(text.sms) - placeholders(text.text)
    if extra:
        names = ", ".join(f"{{{name}}}" for name in sorted(extra))
        yield files.document.problem(f"the sms variant has {names}, which the text lacks", *where, "sms")


def _variant(files: LanguageFiles, text: str, where: Location, limit: int) -> Iterator[Problem]:
    yield from _written(files, text, where)
    if has_unbalanced_label(text):
        yield files.document.problem("a ** opens or closes no **label**", *where)
    if has_stray_brace(text):
        yield files.document.problem("a { or } belongs to no {placeholder}", *where)
    if "TODO" in text:
        return
    if len(text) > MAX_TELEGRAM_CHARACTERS:
        yield files.document.problem(
            f"the text has {len(text)} characters, {MAX_TELEGRAM_CHARACTERS} fit", *where
        )
    if limit < MAX_TELEGRAM_CHARACTERS and len(text) > limit:
        hint = "" if where[-1] == "sms" else "; give it a shorter `sms`"
        message = f"by SMS the text has {len(text)} characters, {limit} fit{hint}"
        yield files.document.problem(message, *where)


def _terms(files: LanguageFiles) -> Iterator[Problem]:
    for entity, values in files.texts.terms.items():
        named: dict[str, str] = {}
        for value, words in values.items():
            for position, word in enumerate(words):
                where = ("terms", entity, value, position)
                yield from _written(files, word, where)
                if named.setdefault(normalized(word), value) != value:
                    message = f"`{word}` already names the value `{named[normalized(word)]}`"
                    yield files.document.problem(message, *where)


def _written(files: LanguageFiles, text: str, where: Location) -> Iterator[Problem]:
    if not text.strip():
        yield files.document.problem("this is blank", *where)
    elif "TODO" in text:
        yield files.document.problem("TODO: this is still to be written", *where)
