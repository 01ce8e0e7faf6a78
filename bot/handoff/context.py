"""The context of a hand-off as it is stored: redacted, shortened, and with the topic's source articles."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import TypeVar

from msgspec import structs

from bot.privacy.redaction import redact
from contracts.codec import ContractError, convert, encode, to_builtins
from contracts.handoff import AccountFact, BackendFailure, HandoffContext
from knowledge import Knowledge

T = TypeVar("T")

# The limit of other desks; whatever needs more room is in the conversation itself.
MAX_CONTEXT_BYTES = 4_096
MAX_TEXT_CHARACTERS = 200
MAX_ITEMS = 12


def storable_context(knowledge: Knowledge, given: HandoffContext) -> HandoffContext:
    """Return `given` as it may be stored: without secrets, within the limits, and with the topic's sources.

    A topic that does not exist is left out. A context that is still too long loses its longest fields.
    """
    topic = knowledge.topics.get(given.topic or "")
    context = HandoffContext(
        topic=topic.id if topic else None,
        step=_shorten(given.step) if given.step else None,
        linked=given.linked,
        account=_limit(
            AccountFact(_shorten(fact.what), _shorten(fact.name), _shorten(fact.state))
            for fact in given.account
        ),
        tried=_limit(_shorten(each) for each in given.tried),
        answers=_limit(_shorten(each) for each in given.answers),
        errors=_limit(
            BackendFailure(_shorten(each.code), _shorten(each.request_id)) for each in given.errors
        ),
        sources=tuple(topic.source) if topic else (),
    )
    while len(encode(context)) > MAX_CONTEXT_BYTES:
        context = _without_longest_field(context)
    return context


def _limit(items: Iterable[T]) -> tuple[T, ...]:
    """Return the last MAX_ITEMS. The default itself where there are none, since the encoder leaves that one out."""
    return tuple(items)[-MAX_ITEMS:] or ()


def _without_longest_field(context: HandoffContext) -> HandoffContext:
    defaults = structs.asdict(HandoffContext())
    fields = to_builtins(context)
    longest = max(fields, key=lambda name: len(str(fields[name]).encode()))
    return structs.replace(context, **{longest: defaults[longest]})


def _shorten(text: str) -> str:
    return redact(text).text[:MAX_TEXT_CHARACTERS]


def read_context(stored: object) -> HandoffContext:
    """Read a stored context. Fields that this version cannot read, as an earlier one wrote them, are left out."""
    context = HandoffContext()
    fields = stored if isinstance(stored, dict) else {}
    for name, value in fields.items():
        with suppress(ContractError):
            context = structs.replace(context, **_read_field(name, value))
    return context


def _read_field(name: str, value: object) -> dict[str, object]:
    """Return one field that is read. Raises ContractError."""
    read: HandoffContext = convert({name: value}, HandoffContext)
    return {name: getattr(read, name)}
