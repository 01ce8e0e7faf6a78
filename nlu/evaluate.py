"""How well the trained model reads messages labelled by others: `python -m nlu.evaluate MODEL FILE.tsv`.

The messages go through all of Rasa's graph, one by one, as they would in service. FILE has a line of column
names: text, intent, and lang if it is known. Exit code 2 with one line when the file cannot be used.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nlu.no_tensorflow import leave_out

OUT_OF_SCOPE = "out_of_scope"
NOT_UNDERSTOOD = "nlu_fallback"
_COLUMNS = ("text", "intent")


class UnusableFile(Exception):
    """The file of messages cannot be used; the text says why in one line."""


@dataclass(frozen=True)
class Labelled:
    """A message and the topic that a person says it is about."""

    text: str
    intent: str
    language: str | None


@dataclass(frozen=True)
class Reading:
    """What the model took a message for."""

    intent: str
    """The topic; out_of_scope where the model refuses."""
    confidence: float
    asked: tuple[str, ...]
    """The topics between which it asks back, the likelier first; empty where it does not ask."""
    milliseconds: float


def main(arguments: list[str] | None = None) -> int:
    """Run the command; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m nlu.evaluate", description=__doc__.partition("\n")[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("file", type=Path)
    parser.add_argument("--json", action="store_true", help="one JSON object, for programs")
    options = parser.parse_args(arguments)
    try:
        messages = read(options.file)
    except UnusableFile as error:
        print(error, file=sys.stderr)
        return 2
    leave_out()
    from nlu.reading import known_intents, open_model, parse

    agent = open_model(options.model)
    unknown = sorted({message.intent for message in messages} - known_intents(agent))
    if unknown:
        print(f"{options.file}: no topic is called {', '.join(unknown)}", file=sys.stderr)

    async def read_all() -> list[Reading]:
        await parse(agent, "warm")
        return [await _timed(agent, parse, message.text) for message in messages]

    report = score(messages, asyncio.run(read_all()))
    if options.json:
        print(json.dumps(report, ensure_ascii=False))
    else:
        print("\n".join(lines(report)))
    return 0


async def _timed(agent: Any, parse: Any, text: str) -> Reading:
    started = time.perf_counter()
    parsed = await parse(agent, text)
    return reading(parsed, (time.perf_counter() - started) * 1000)


def read(path: Path) -> list[Labelled]:
    """The messages in the file. Raises UnusableFile."""
    try:
        rows = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UnusableFile(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from None
    names = [name.strip() for name in rows[0].split("\t")] if rows else []
    missing = [name for name in _COLUMNS if name not in names]
    if missing:
        raise UnusableFile(
            f"{path}:1: the first line must name the columns text and intent, separated by a tab"
        )
    messages = []
    for number, row in enumerate(rows[1:], start=2):
        if not row.strip():
            continue
        values = dict(zip(names, map(_unquoted, row.split("\t")), strict=False))
        if not values.get("intent", "").strip():
            raise UnusableFile(f"{path}:{number}: there is no intent")
        language = values.get("lang", "").strip() or None
        messages.append(Labelled(values["text"], values["intent"].strip(), language))
    if not messages:
        raise UnusableFile(f"{path}: there are no messages")
    return messages


def _unquoted(value: str) -> str:
    """What a spreadsheet put into quotation marks."""
    inner = value[1:-1]
    quoted = len(value) > 1 and value[0] == value[-1] == '"' and '"' not in inner.replace('""', "")
    return inner.replace('""', '"') if quoted else value


def reading(parsed: dict[str, Any], milliseconds: float) -> Reading:
    """What a parsed message says."""
    intent = parsed.get("intent") or {}
    name, confidence = str(intent.get("name")), float(intent.get("confidence") or 0)
    if name != NOT_UNDERSTOOD:
        return Reading(name, confidence, (), milliseconds)
    guesses = [one for one in parsed.get("intent_ranking") or [] if one["name"] != NOT_UNDERSTOOD]
    if parsed.get("unclear") != "close":
        best = float(guesses[0]["confidence"]) if guesses else 0.0
        return Reading(OUT_OF_SCOPE, best, (), milliseconds)
    asked = tuple(str(one["name"]) for one in guesses[:2])
    return Reading(asked[0], float(guesses[0]["confidence"]), asked, milliseconds)


def score(messages: Sequence[Labelled], readings: Sequence[Reading]) -> dict[str, Any]:
    """The report as the mapping that `--json` prints. Shares are between 0 and 1, None where there is nothing
    to take a share of.

    `accuracy`: the first topic is the right one, be it answered or asked about; out_of_scope counts as a topic.
    `asked_back`: messages that are answered by a question between two topics, of which `asked_back_right` have
    the right one among the two.
    """
    pairs = list(zip(messages, readings, strict=True))
    right = [message.intent == one.intent for message, one in pairs]
    outside = [message.intent == OUT_OF_SCOPE for message in messages]
    refused = [one.intent == OUT_OF_SCOPE for one in readings]
    asked = [(message, one) for message, one in pairs if one.asked]
    languages = sorted({message.language for message in messages if message.language})
    times = [one.milliseconds for one in readings]
    return {
        "messages": len(messages),
        "accuracy": _share(right),
        "by_language": {
            language: _share(
                [ok for ok, (message, _) in zip(right, pairs, strict=True) if message.language == language]
            )
            for language in languages
        },
        "out_of_scope_recall": _share([no for no, out in zip(refused, outside, strict=True) if out]),
        "false_refusals": _share([no for no, out in zip(refused, outside, strict=True) if not out]),
        "asked_back": _share([bool(one.asked) for one in readings]),
        "asked_back_right": _share([message.intent in one.asked for message, one in asked]),
        "p50_ms": round(float(np.percentile(times, 50)), 2),
        "p99_ms": round(float(np.percentile(times, 99)), 2),
        "wrong": [
            {
                "text": message.text,
                "intent": message.intent,
                "read_as": one.intent,
                "confidence": round(one.confidence, 3),
                "asked": list(one.asked),
                "lang": message.language,
            }
            for ok, (message, one) in zip(right, pairs, strict=True)
            if not ok
        ],
    }


def _share(flags: Sequence[bool]) -> float | None:
    return round(sum(flags) / len(flags), 4) if flags else None


def lines(report: dict[str, Any]) -> list[str]:
    """The report for people."""
    wrong = report["wrong"]
    return [
        *(f"{name:20s} {report[name]}" for name in report if name not in ("wrong", "by_language")),
        *(f"accuracy, {language:10s} {share}" for language, share in report["by_language"].items()),
        *(
            f"{one['intent']} read as {one['read_as']} ({one['confidence']:.2f}): {one['text']}"
            for one in wrong
        ),
    ]


if __name__ == "__main__":
    sys.exit(main())
