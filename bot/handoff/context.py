"""The context context: what an agent has to know at one look. What the bot knew is taken down when it hands over."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bot.privacy.redaction import redact
from knowledge import Knowledge

# As in other desks: what is longer belongs into the transcript.
LIMIT_BYTES = 4_096
TEXT_LIMIT = 200
LIST_LIMIT = 12

# What a directive may say about the conversation, and nothing else: text, a list of text, or one of records.
_TEXTS = ("topic", "step", "linked")
_LISTS = ("tried", "answers")
_RECORDS = {"account": ("what", "name", "state"), "errors": ("code", "request_id")}
# Everything that a context can have.
KNOWN = (*_TEXTS, *_LISTS, *_RECORDS, "sources")


def context(knowledge: Knowledge, said: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of a `handoff` directive's fields: those that are known, short, and without secrets.

    topic and step say where the conversation stood, `linked` whether the chat is linked to a user ("yes", "no", or
    "unknown" when the backend could not be asked), `account` how that user is protected, each {"what", "name",
    "state"} as the backend has it, `tried` what was done, `answers` what the client has answered, `errors` what the
    backend said, each {"code", "request_id"}. The topic's source articles are added.
    """
    kept: dict[str, Any] = {}
    for name in _TEXTS:
        if said.get(name) not in (None, ""):
            kept[name] = _short(said[name])
    for name in (*_LISTS, *_RECORDS):
        values = said.get(name)
        if isinstance(values, list) and values:
            kept[name] = [_item(value, _RECORDS.get(name)) for value in values[-LIST_LIMIT:]]
    topic = knowledge.topics.get(str(kept.get("topic")))
    if topic is None:
        kept.pop("topic", None)
    elif topic.source:
        kept["sources"] = list(topic.source)
    while len(json.dumps(kept, ensure_ascii=False).encode()) > LIMIT_BYTES:
        longest = max(kept, key=lambda name: len(json.dumps(kept[name], ensure_ascii=False)))
        del kept[longest]
    return kept


def _item(value: Any, fields: tuple[str, ...] | None) -> Any:
    if fields is None:
        return _short(value)
    # Every field is there, so that a page can name it.
    return {field: _short(value.get(field) or "") if isinstance(value, dict) else "" for field in fields}


def _short(value: Any) -> str:
    text = {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value
    return redact(str(text)).text[:TEXT_LIMIT]
