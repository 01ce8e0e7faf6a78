"""Trains the model for the data as it is: `python -m nlu.train`.

A model is named by the fingerprint of its data, so that one that is there already is never trained again,
and Rasa is not even imported then. The last line of standard output is the model's path; progress goes to
standard error. Exit code 1, with a line file:line: message for each problem, when the data cannot be used.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nlu.fingerprint import ROOT, configuration, model_path, models
from nlu.tensorflow_stub import stub_tensorflow

MODELS_KEPT = 3
# Rasa's advice about parts that are ours here: the slots' mappings, the term extractor, the policy.
_EXPECTED = ("Slot auto-fill", "You have defined training data consisting of lookup", "'RulePolicy' is not")


class TrainingError(Exception):
    """There is no model; the text tells why, in lines made for people."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m nlu.train", description=__doc__.partition("\n")[0])
    parser.add_argument("--force", action="store_true", help="train even when the model is there")
    parser.add_argument(
        "--root", type=Path, default=ROOT, help="folder with data/ (and config.yml, if it differs)"
    )
    parser.add_argument("--out", type=Path, help="folder for the models (ROOT/models)")
    options = parser.parse_args(arguments)
    out = options.out or options.root / "models"
    try:
        print(train(options.root, out, force=options.force))
    except TrainingError as failure:
        print(failure, file=sys.stderr)
        return 1
    return 0


def train(root: Path = ROOT, out: Path | None = None, *, force: bool = False) -> Path:
    """The path of the model for `root`, trained unless it is there. Of several processes one trains, and
    the others wait. Raises TrainingError."""
    out = out or root / "models"
    path = model_path(root, out)
    if path.is_file() and not force:
        path.touch()
        return path
    out.mkdir(parents=True, exist_ok=True)
    with _alone(out / ".training.lock"):
        if path.is_file() and not force:  # another process made it meanwhile
            return path
        _train(root, path)
        _remove_old(out)
    return path


def _train(root: Path, path: Path) -> None:
    started = time.monotonic()
    _say("reading data")
    _check(root)
    _say("importing Rasa")
    _quiet()
    stub_tensorflow()
    from rasa.shared.exceptions import RasaException

    from nlu.graph_training import train_model

    _say("training")
    unfinished = path.with_name(f".{os.getpid()}-{path.name}")
    try:
        train_model(configuration(root), root / "data", unfinished)
        unfinished.replace(path)
    except RasaException as error:
        raise TrainingError(str(error)) from error
    finally:
        unfinished.unlink(missing_ok=True)
    size = path.stat().st_size / 1e6
    _say(f"saved {path} ({time.monotonic() - started:.0f} s, {size:.1f} MB)")


def _check(root: Path) -> None:
    """Raise TrainingError with every problem of the data, before the slow imports."""
    from knowledge import KnowledgeError, load

    try:
        knowledge = load(root / "data")
    except KnowledgeError as error:
        raise TrainingError(str(error)) from None
    pages = [page for topic in knowledge.topics.values() for page in topic.languages.values()]
    examples = sum(len(page.examples) for page in pages)
    languages = ", ".join(sorted(knowledge.languages))
    _say(f"{len(knowledge.topics)} topics, {examples} examples, languages {languages}")


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Hold the lock file; waits for the process that holds it. A process that dies lets go of it."""
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say("another process is training; waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _remove_old(out: Path) -> None:
    for old in models(out)[MODELS_KEPT:]:
        old.unlink(missing_ok=True)


def _quiet() -> None:
    """Keep Rasa and TensorFlow from filling the terminal; Rasa's own warnings about the data come through."""
    import logging
    import warnings

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("RASA_TELEMETRY_ENABLED", "false")
    os.environ["LOG_LEVEL"] = "ERROR"  # this also turns off its progress bars
    os.environ.setdefault("SQLALCHEMY_SILENCE_UBER_WARNING", "1")
    logging.getLogger("rasa").setLevel(logging.ERROR)

    def show(message: Warning | str, category: type[Warning], *_: object, **__: object) -> None:
        # Libraries change the filters while they are imported, but not this.
        if category is UserWarning and not str(message).startswith(_EXPECTED):
            _say(f"warning: {message}")

    warnings.showwarning = show


def _say(what: str) -> None:
    print(f"train: {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
