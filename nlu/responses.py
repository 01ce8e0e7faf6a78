"""The topics' texts as Rasa responses: names, languages, SMS variants, progress and source lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from data.knowledge import Knowledge, Text, Topic, TopicTexts

# The topic whose texts frame those of the others: `progress`, `finished` and `source`.
FRAME = "guide"


class SharedNameError(ValueError):
    """Two texts would become responses of the same name."""


def responses(knowledge: Knowledge) -> dict[str, list[dict[str, Any]]]:
    """Response name -> its variations, sorted by name. Each one has its language as a condition; a shorter
    one for SMS stands before the general one of its language.

    Raises SharedNameError.
    """
    named: dict[str, list[dict[str, Any]]] = {}
    for _, topic in sorted(knowledge.topics.items()):
        for code in sorted(topic.languages):
            for name, text in _texts(knowledge, topic, code):
                variations = named.setdefault(name, [])
                if any(variation["condition"][0]["value"] == code for variation in variations):
                    raise SharedNameError(
                        f"{topic.group}/{topic.id}: two texts would be called {name} in {code}"
                    )
                variations.extend(_variations(text, code))
    return dict(sorted(named.items()))


def _variations(text: Text, code: str) -> Iterator[dict[str, Any]]:
    condition = [{"type": "slot", "name": "language", "value": code}]
    if text.sms is not None:
        yield {"text": text.sms, "condition": condition, "channel": "sms"}
    yield {"text": text.text, "condition": condition}


def _texts(knowledge: Knowledge, topic: Topic, code: str) -> Iterator[tuple[str, Text]]:
    page = topic.languages[code]
    frame = _frame(knowledge, code)
    source = _source(topic, frame.get("source"))
    base = f"utter_{topic.id}"
    for name, text in page.texts.items():
        if name != "answer":
            yield f"{base}__{name}", text
        elif topic.guide:
            yield base, text  # the source comes when the guide is finished
        else:
            yield base, _joined(text, source, "\n\n")
    yield from (
        (f"{base}__{name}", text) for name, text in _guide(topic, page, frame.get("progress"), source)
    )
    if topic.guide and "finished" in frame:
        yield f"{base}__finished", _joined(frame["finished"], source, "\n\n")


def _guide(
    topic: Topic, page: TopicTexts, progress: Text | None, source: Text | None
) -> Iterator[tuple[str, Text]]:
    # An answer that depends on something is one step, whichever of them applies; its source stands in it.
    steps = 1 if topic.kind == "answer" else sum(item.kind == "step" for item in topic.guide)
    for item in topic.guide:
        texts = page.guide[item.name]
        numbered = item.kind == "step" and steps > 1 and progress is not None
        text = _joined(progress, texts.text, "\n") if numbered and progress else texts.text
        if topic.kind == "answer" and item.kind == "step":
            text = _joined(text, source, "\n\n")
        yield item.name, text
        if texts.stuck is not None:
            yield f"{item.name}__stuck", texts.stuck


def _frame(knowledge: Knowledge, code: str) -> dict[str, Text]:
    topic = knowledge.topics.get(FRAME)
    return dict(topic.languages[code].texts) if topic else {}


def _source(topic: Topic, line: Text | None) -> Text | None:
    if not topic.source or line is None:
        return None
    articles = ", ".join(topic.source)
    return Text(
        line.text.replace("{articles}", articles),
        line.sms.replace("{articles}", articles) if line.sms is not None else None,
    )


def _joined(first: Text, second: Text | None, separator: str) -> Text:
    """Both texts in one; it has an SMS variant when either has."""
    if second is None:
        return first
    shorter = first.sms is not None or second.sms is not None
    return Text(
        first.text + separator + second.text,
        first.on("sms") + separator + second.on("sms") if shorter else None,
    )
