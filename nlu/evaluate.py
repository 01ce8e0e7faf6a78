"""How well the trained model reads messages labelled by others: `python -m nlu.evaluate MODEL FILE.tsv`.

The messages go through Rasa's whole graph, one by one, as in service. The first line of FILE names its columns: text,
intent, and optionally lang. Exits with code 2 and one line if the file cannot be used.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from nlu.parsed_message import AMBIGUITY_KEY, FALLBACK, OUT_OF_SCOPE, AmbiguityKind, IntentScore
from nlu.tensorflow_stub import stub_tensorflow

_REQUIRED_COLUMNS = ("text", "intent")


class LabelledFileError(Exception):
    """The file of messages cannot be used; the text says why, in one line."""


@dataclass(frozen=True)
class LabelledMessage:
    """A message and the topic that a person assigned to it."""

    text: str
    intent: str
    language: str | None


@dataclass(frozen=True)
class Prediction:
    """What the model says about a message."""

    intent: str
    """The topic; OUT_OF_SCOPE if the model refuses the message."""
    confidence: float
    asked: tuple[str, ...]
    """The topics that the client is asked to choose from, the likelier first; empty if there is no question."""
    milliseconds: float


@dataclass(frozen=True)
class Misreading:
    """A message with a wrong first topic."""

    text: str
    intent: str
    read_as: str
    confidence: float
    asked: tuple[str, ...]
    lang: str | None


@dataclass(frozen=True)
class EvaluationReport:
    """The report that `--json` prints, with these keys.

    Shares are between 0 and 1, None if there are no messages to take a share of.
    """

    messages: int
    accuracy: float | None
    """The first topic is right, whether answered or asked about; OUT_OF_SCOPE counts as a topic."""
    by_language: dict[str, float | None]
    """The accuracy by language."""
    out_of_scope_recall: float | None
    false_refusals: float | None
    asked_back: float | None
    """Messages that are answered by a question between two topics."""
    asked_back_right: float | None
    """Of these, messages with the right topic among the two."""
    p50_ms: float
    p99_ms: float
    wrong: list[Misreading]


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m nlu.evaluate", description=__doc__.partition("\n")[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("file", type=Path)
    parser.add_argument("--json", action="store_true", help="print one JSON object, for programs")
    options = parser.parse_args(arguments)
    try:
        messages = read_messages(options.file)
    except LabelledFileError as error:
        print(error, file=sys.stderr)
        return 2
    report = score(messages, _predict(options.model, options.file, messages))
    if options.json:
        print(json.dumps(asdict(report), ensure_ascii=False))
    else:
        print("\n".join(format_report(report)))
    return 0


def _predict(model_path: Path, file: Path, messages: Sequence[LabelledMessage]) -> list[Prediction]:
    """Parse the messages. Prints a warning if the model does not know an intent of the file."""
    stub_tensorflow()
    from nlu.trained_model import TrainedModel

    model = TrainedModel(model_path)
    unknown = sorted({message.intent for message in messages} - model.intents)
    if unknown:
        print(f"{file}: no topic is called {', '.join(unknown)}", file=sys.stderr)

    async def predict(text: str) -> Prediction:
        started = time.perf_counter()
        parsed = await model.parse(text)
        return prediction_from(parsed, (time.perf_counter() - started) * 1000)

    async def predict_all() -> list[Prediction]:
        await model.parse("warm")
        return [await predict(message.text) for message in messages]

    return asyncio.run(predict_all())


def read_messages(path: Path) -> list[LabelledMessage]:
    """Return the messages of the file. Raises LabelledFileError."""
    try:
        rows = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise LabelledFileError(f"{path}: cannot be read: {reason}") from None
    names = [name.strip() for name in rows[0].split("\t")] if rows else []
    if not set(_REQUIRED_COLUMNS) <= set(names):
        raise LabelledFileError(
            f"{path}:1: the first line must name the columns text and intent, separated by a tab"
        )
    messages = []
    for number, row in enumerate(rows[1:], start=2):
        if not row.strip():
            continue
        values = dict(zip(names, map(_unquote, row.split("\t")), strict=False))
        if not values.get("intent", "").strip():
            raise LabelledFileError(f"{path}:{number}: there is no intent")
        language = values.get("lang", "").strip() or None
        messages.append(LabelledMessage(values["text"], values["intent"].strip(), language))
    if not messages:
        raise LabelledFileError(f"{path}: there are no messages")
    return messages


def _unquote(value: str) -> str:
    """Remove the quotation marks that a spreadsheet adds."""
    inner = value[1:-1]
    quoted = len(value) > 1 and value[0] == value[-1] == '"' and '"' not in inner.replace('""', "")
    return inner.replace('""', '"') if quoted else value


def prediction_from(parsed: Mapping[str, Any], milliseconds: float) -> Prediction:
    """Return the prediction in a message that Rasa parsed in `milliseconds`."""
    intent = parsed.get("intent") or {}
    name, confidence = str(intent.get("name")), float(intent.get("confidence") or 0)
    if name != FALLBACK:
        return Prediction(name, confidence, (), milliseconds)
    ranking: list[IntentScore] = parsed.get("intent_ranking") or []
    candidates = [candidate for candidate in ranking if candidate["name"] != FALLBACK]
    if parsed.get(AMBIGUITY_KEY) != AmbiguityKind.CLOSE_TOPICS:
        best = float(candidates[0]["confidence"]) if candidates else 0.0
        return Prediction(OUT_OF_SCOPE, best, (), milliseconds)
    asked = tuple(candidate["name"] for candidate in candidates[:2])
    return Prediction(asked[0], float(candidates[0]["confidence"]), asked, milliseconds)


def score(messages: Sequence[LabelledMessage], predictions: Sequence[Prediction]) -> EvaluationReport:
    """Return the report on the predictions for the messages, which are in the same order."""
    pairs = list(zip(messages, predictions, strict=True))
    times = [prediction.milliseconds for prediction in predictions]
    languages = sorted({message.language for message in messages if message.language})
    return EvaluationReport(
        messages=len(messages),
        accuracy=_share([_is_right(*pair) for pair in pairs]),
        by_language={
            language: _share([_is_right(*pair) for pair in pairs if pair[0].language == language])
            for language in languages
        },
        out_of_scope_recall=_share(
            [prediction.intent == OUT_OF_SCOPE for message, prediction in pairs if _is_out_of_scope(message)]
        ),
        false_refusals=_share(
            [
                prediction.intent == OUT_OF_SCOPE
                for message, prediction in pairs
                if not _is_out_of_scope(message)
            ]
        ),
        asked_back=_share([bool(prediction.asked) for prediction in predictions]),
        asked_back_right=_share(
            [message.intent in prediction.asked for message, prediction in pairs if prediction.asked]
        ),
        p50_ms=round(float(np.percentile(times, 50)), 2),
        p99_ms=round(float(np.percentile(times, 99)), 2),
        wrong=[
            Misreading(
                message.text,
                message.intent,
                prediction.intent,
                round(prediction.confidence, 3),
                prediction.asked,
                message.language,
            )
            for message, prediction in pairs
            if not _is_right(message, prediction)
        ],
    )


def _is_right(message: LabelledMessage, prediction: Prediction) -> bool:
    return message.intent == prediction.intent


def _is_out_of_scope(message: LabelledMessage) -> bool:
    return message.intent == OUT_OF_SCOPE


def _share(flags: Sequence[bool]) -> float | None:
    return round(sum(flags) / len(flags), 4) if flags else None


def format_report(report: EvaluationReport) -> Iterator[str]:
    """Yield the lines of the report for people."""
    for field in fields(report):
        if field.name not in ("wrong", "by_language"):
            yield f"{field.name:20s} {getattr(report, field.name)}"
    for language, share in report.by_language.items():
        yield f"accuracy, {language:10s} {share}"
    for wrong in report.wrong:
        yield f"{wrong.intent} read as {wrong.read_as} ({wrong.confidence:.2f}): {wrong.text}"


if __name__ == "__main__":
    sys.exit(main())
