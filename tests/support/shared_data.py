"""Data that lies beside the project and is not part of it: the platforms' own descriptions of their interfaces."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

API = Path(__file__).resolve().parents[3] / "shared" / "data" / "api"


def api_file(name: str) -> Path:
    """The path of a description; skips the test where it is not there."""
    if not (API / name).is_file():
        pytest.skip(f"{name} is not in the folder shared/data/api beside the project")
    return API / name


@lru_cache(maxsize=4)
def api_description(name: str) -> dict[str, Any]:
    """The description, read; skips the test where it is not there."""
    return dict(json.loads(api_file(name).read_text(encoding="utf-8")))
