"""Train the model for the data as it is: `python -m nlu.train`.

A model is named by the fingerprint of what understanding depends on: one that exists is never trained again, and
Rasa is not even imported then. The last line of standard output is the model's path; progress goes to standard
error. Exit code 1, with a line file:line: message for each problem, when the data cannot be used.
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

from knowledge import Knowledge, KnowledgeError, load
from nlu.fingerprint import ROOT, configuration, model_path, models
from nlu.tensorflow_stub import stub_tensorflow

MAX_MODELS_KEPT = 3
# Rasa's advice about parts that this project replaces: the slots' mappings, the term extractor, the policy.
_EXPECTED = ("Slot auto-fill", "You have defined training data consisting of lookup", "'RulePolicy' is not")


class NoModelError(Exception):
    """No model could be made; the text says why, in lines for people."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return the exit code."""
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
    except NoModelError as failure:
        print(failure, file=sys.stderr)
        return 1
    return 0


def train(root: Path = ROOT, out: Path | None = None, *, force: bool = False) -> Path:
    """Return the path of the model for `root`, trained unless it exists.

    Of several processes one trains, and the others wait. Raises NoModelError.
    """
    out = out or root / "models"
    knowledge = _load(root)
    path = model_path(knowledge, root, out)
    if path.is_file() and not force:
        path.touch()
        return path
    out.mkdir(parents=True, exist_ok=True)
    with _exclusive(out / ".training.lock"):
        if path.is_file() and not force:  # another process has made it meanwhile
            return path
        _train(knowledge, root, path)
        _remove_old(out)
    return path


def _load(root: Path) -> Knowledge:
    """Return what is known. Raises NoModelError with every problem of the data, before the slow imports."""
    try:
        return load(root / "data")
    except KnowledgeError as error:
        raise NoModelError(str(error)) from None


def _train(knowledge: Knowledge, root: Path, path: Path) -> None:
    started = time.monotonic()
    pages = [page for topic in knowledge.topics.values() for page in topic.languages.values()]
    examples = sum(len(page.examples) for page in pages)
    languages = ", ".join(sorted(knowledge.languages))
    _report(f"{len(knowledge.topics)} topics, {examples} examples, languages {languages}")
    _report("importing Rasa")
    _quiet()
    stub_tensorflow()
    from rasa.shared.exceptions import RasaException

    from nlu.graph_training import train_model

    _report("training")
    unfinished = path.with_name(f".{os.getpid()}-{path.name}")
    try:
        train_model(configuration(root), root / "data", unfinished)
        unfinished.replace(path)
    except RasaException as error:
        raise NoModelError(str(error)) from error
    finally:
        unfinished.unlink(missing_ok=True)
    size = path.stat().st_size / 1e6
    _report(f"saved {path} ({time.monotonic() - started:.0f} s, {size:.1f} MB)")


@contextmanager
def _exclusive(lock: Path) -> Iterator[None]:
    """Hold the lock file; wait for the process that holds it. A process that dies releases it."""
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _report("another process is training; waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _remove_old(out: Path) -> None:
    for old in models(out)[MAX_MODELS_KEPT:]:
        old.unlink(missing_ok=True)


def _quiet() -> None:
    """Keep Rasa and TensorFlow from filling the terminal; Rasa's warnings about the data still come through."""
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
            _report(f"warning: {message}")

    warnings.showwarning = show


def _report(progress: str) -> None:
    print(f"train: {progress}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
