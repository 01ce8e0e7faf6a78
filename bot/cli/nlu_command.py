"""`assistant nlu`: measures understanding, and lists and labels messages that were not clear."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import TextIO

from bot.cli.log_output import print_line
from bot.cli.stack_config import COMMON_ENVIRONMENT, RASA_ENVIRONMENT
from bot.cli.train_command import TrainingError, provide_model_alone
from bot.conversation import clarifications
from bot.settings import Settings
from bot.storage import Database
from knowledge import DATA, KnowledgeError
from knowledge.new_examples import NewExample, add_examples

_COLUMNS = ("id", "intent", "lang", "text", "candidates")
# In the column `intent`: this message becomes no example.
_NO_EXAMPLE = "-"


class LabelFileError(Exception):
    """The file of labels is invalid; the message is one line."""


def evaluate(file: Path, *, as_json: bool) -> int:
    """Score the labelled messages in `file` with a model of the current data. Return the exit code."""
    try:
        model = asyncio.run(provide_model_alone())
    except TrainingError as error:
        print_line(sys.stderr, str(error))
        return 1
    if model is None:
        return 130
    # As in the stack, where Rasa gets one thread.
    env = {**os.environ, **COMMON_ENVIRONMENT, **RASA_ENVIRONMENT}
    argv = [sys.executable, "-W", "ignore", "-m", "nlu.evaluate", str(model), str(file)]
    return subprocess.run([*argv, *(["--json"] if as_json else [])], env=env, check=False).returncode  # noqa: S603


def review(limit: int, *, pairs: bool, output: TextIO) -> int:
    """Print the clarifications that are not labelled yet, newest first, as a file for `label`.

    With `pairs`, print instead between which topics the assistant asked, how often, and what clients chose.
    """
    database = _open_database()
    if pairs:
        print("first\tsecond\tasked\tfirst chosen\tsecond chosen\tneither", file=output)
        for pair in database.transact(clarifications.count_pairs):
            print(*pair, sep="\t", file=output)
        return 0
    print(*_COLUMNS, sep="\t", file=output)
    for row in database.transact(clarifications.list_unlabelled, limit):
        # One line a message, even if the client typed several.
        text = " ".join(row.text.split())
        print(row.id, row.chosen or "", row.language, text, " ".join(row.candidates), sep="\t", file=output)
    return 0


def label(file: Path) -> int:
    """Add the messages in `file` to the examples of their topics, and do not list them again.

    The file comes from `review`; a person filled in the column `intent`. Rows without an intent stay listed.
    """
    try:
        rows = _read_labels(file)
        added = add_examples(DATA, [example for _, example in rows if example.topic != _NO_EXAMPLE])
    except (KnowledgeError, LabelFileError) as error:
        print(error, file=sys.stderr)
        return 1
    _open_database().transact(clarifications.mark_labelled, [number for number, _ in rows])
    print(f"{added} examples added, {len(rows)} messages done; `assistant train` reads them in")
    return 0


def _read_labels(file: Path) -> list[tuple[int, NewExample]]:
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise LabelFileError(f"{file}: cannot be read: {error}") from None
    if not lines or tuple(lines[0].split("\t")[:4]) != _COLUMNS[:4]:
        raise LabelFileError(f"{file}:1: the first line must be that of `assistant nlu review`")
    labels = []
    for line_number, line in enumerate(lines[1:], start=2):
        message_id, topic, language, text = (line.split("\t") + [""] * 3)[:4]
        if not topic.strip():
            continue
        if not message_id.isdecimal():
            raise LabelFileError(f"{file}:{line_number}: {message_id!r} is no id of a message")
        labels.append((int(message_id), NewExample(topic.strip(), language.strip(), text.strip())))
    return labels


def _open_database() -> Database:
    database = Database(Settings.read().database_url)
    database.migrate()
    return database
