"""`assistant nlu`: how well messages are read, and what was not clear, for people to label."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import TextIO

from bot.cli.logs import say
from bot.cli.stack import FOR_EVERY_PROCESS, ONE_THREAD
from bot.cli.train import TrainingError, trained
from bot.conversation import clarifications
from bot.settings import Settings
from bot.storage import Database
from knowledge import DATA, KnowledgeError
from knowledge.new_examples import NewExample, add_examples

_COLUMNS = ("id", "intent", "lang", "text", "candidates")
# In the column `intent`: nothing to learn from this message.
_DROP = "-"


class UnusableLabels(Exception):
    """The file of labels cannot be used; the text says why in one line."""


def evaluate(file: Path, *, as_json: bool) -> int:
    """Reads the labelled messages in `file` with the model of the data as it is; the exit code."""
    try:
        model = asyncio.run(trained())
    except TrainingError as error:
        say(sys.stderr, str(error))
        return 1
    if model is None:
        return 130
    # As in service: Rasa runs beside others and gets one thread.
    env = {**os.environ, **FOR_EVERY_PROCESS, **ONE_THREAD}
    argv = [sys.executable, "-W", "ignore", "-m", "nlu.evaluate", str(model), str(file)]
    return subprocess.run([*argv, *(["--json"] if as_json else [])], env=env, check=False).returncode  # noqa: S603


def review(limit: int, *, pairs: bool, output: TextIO) -> int:
    """Prints what was asked back or refused and is not labelled yet, newest first, as a file for `label`; or,
    with `pairs`, between which topics the assistant asked, how often, and what was chosen."""
    database = _database()
    if pairs:
        print("first\tsecond\tasked\tfirst chosen\tsecond chosen\tneither", file=output)
        for pair in database.transact(clarifications.pairs):
            print(*pair, sep="\t", file=output)
        return 0
    print(*_COLUMNS, sep="\t", file=output)
    for row in database.transact(clarifications.unlabelled, limit):
        # One line, whatever the client typed.
        text = " ".join(row.text.split())
        print(row.id, row.chosen or "", row.language, text, " ".join(row.candidates), sep="\t", file=output)
    return 0


def label(file: Path) -> int:
    """Adds the messages in `file` (from `review`, with the column `intent` filled in by a person) to their
    topics' examples; they are not listed again. Rows without an intent stay as they are."""
    try:
        rows = _labels(file)
        added = add_examples(DATA, [example for _, example in rows if example.topic != _DROP])
    except (KnowledgeError, UnusableLabels) as error:
        print(error, file=sys.stderr)
        return 1
    _database().transact(clarifications.close, [number for number, _ in rows])
    print(f"{added} examples added, {len(rows)} messages done; `assistant train` reads them in")
    return 0


def _labels(file: Path) -> list[tuple[int, NewExample]]:
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UnusableLabels(f"{file}: cannot be read: {error}") from None
    if not lines or tuple(lines[0].split("\t")[:4]) != _COLUMNS[:4]:
        raise UnusableLabels(f"{file}:1: the first line must be that of `assistant nlu review`")
    found = []
    for at, line in enumerate(lines[1:], start=2):
        number, topic, language, text = (line.split("\t") + [""] * 3)[:4]
        if not topic.strip():
            continue
        if not number.isdecimal():
            raise UnusableLabels(f"{file}:{at}: {number!r} is no id of a message")
        found.append((int(number), NewExample(topic.strip(), language.strip(), text.strip())))
    return found


def _database() -> Database:
    database = Database(Settings.read().database_url)
    database.migrate()
    return database
