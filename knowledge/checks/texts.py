"""Each text by itself: it says something, is finished, fits its channel, and its markup closes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from knowledge.draft import Draft, Page
from knowledge.model import Text
from knowledge.problems import Problem
from knowledge.wording import placeholders, plain, stray_brace, unbalanced_label

MESSAGE_LIMIT = 4096
"""Characters in a Telegram message."""
SMS_LIMIT = 1600
"""Characters in a message that the SMS carrier's interface takes."""
TITLE_LIMIT = 30
"""Characters of a button's label that a phone shows whole."""
_ACTED_ON = "STOP STOPALL UNSUBSCRIBE CANCEL END QUIT YES HELP INFO START 停止 配信停止 解除 再開 ヘルプ"
CARRIER_WORDS = frozenset(plain(word) for word in _ACTED_ON.split())
"""An SMS that is one of these words is acted on by the carrier and may never reach us."""

Location = tuple[str | int, ...]


def check(drafts: Sequence[Draft]) -> Iterator[Problem]:
    offered = {offer for draft in drafts if draft.topic for offer in draft.topic.offers}
    for draft in drafts:
        for page in draft.pages.values():
            yield from _title(page, draft.id in offered)
            for name, text in page.texts.texts.items():
                yield from _text(page, text, "texts", name)
            for name, item in page.texts.guide.items():
                yield from _text(page, item.text, "guide", name)
                if item.stuck is not None:
                    yield from _text(page, item.stuck, "guide", name, "stuck")
                for choice, label in item.choices.items():
                    where = ("guide", name, "choices", choice)
                    yield from _label(page, label, where, typed_by_clients=True)
            yield from _terms(page)


def _title(page: Page, offered: bool) -> Iterator[Problem]:
    title = page.texts.title
    if not title:
        return
    yield from _label(page, title, ("title",), typed_by_clients=offered)
    if len(title) > TITLE_LIMIT and "TODO" not in title:
        yield page.document.problem(f"the title has {len(title)} characters, {TITLE_LIMIT} fit", "title")


def _label(page: Page, label: str, where: Location, typed_by_clients: bool) -> Iterator[Problem]:
    yield from _written(page, label, where)
    if "**" in label or placeholders(label) or stray_brace(label):
        yield page.document.problem("a label is plain: no ** and no braces", *where)
    if typed_by_clients and plain(label) in CARRIER_WORDS:
        message = f"`{label}` is a word that SMS carriers act on; clients cannot answer with it"
        yield page.document.problem(message, *where)


def _text(page: Page, text: Text, *where: str) -> Iterator[Problem]:
    yield from _variant(page, text.text, (*where, "text"), MESSAGE_LIMIT if text.sms else SMS_LIMIT)
    if text.sms is None:
        return
    yield from _variant(page, text.sms, (*where, "sms"), SMS_LIMIT)
    extra = placeholders(text.sms) - placeholders(text.text)
    if extra:
        names = ", ".join(f"{{{name}}}" for name in sorted(extra))
        yield page.document.problem(f"the sms variant has {names}, which the text lacks", *where, "sms")


def _variant(page: Page, text: str, where: Location, limit: int) -> Iterator[Problem]:
    yield from _written(page, text, where)
    if unbalanced_label(text):
        yield page.document.problem("a ** opens or closes no **label**", *where)
    if stray_brace(text):
        yield page.document.problem("a { or } belongs to no {placeholder}", *where)
    if "TODO" in text:
        return
    if len(text) > MESSAGE_LIMIT:
        yield page.document.problem(f"the text has {len(text)} characters, {MESSAGE_LIMIT} fit", *where)
    if limit < MESSAGE_LIMIT and len(text) > limit:
        hint = "" if where[-1] == "sms" else "; give it a shorter `sms`"
        message = f"by SMS the text has {len(text)} characters, {limit} fit{hint}"
        yield page.document.problem(message, *where)


def _terms(page: Page) -> Iterator[Problem]:
    for entity, values in page.texts.terms.items():
        named: dict[str, str] = {}
        for value, words in values.items():
            for position, word in enumerate(words):
                where = ("terms", entity, value, position)
                yield from _written(page, word, where)
                if named.setdefault(plain(word), value) != value:
                    message = f"`{word}` already names the value `{named[plain(word)]}`"
                    yield page.document.problem(message, *where)


def _written(page: Page, text: str, where: Location) -> Iterator[Problem]:
    if not text.strip():
        yield page.document.problem("this is blank", *where)
    elif "TODO" in text:
        yield page.document.problem("TODO: this is still to be written", *where)
