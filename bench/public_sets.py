"""Public sets of labelled messages, read from the folder PUBLIC_DATA."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nlu.parsed_message import OUT_OF_SCOPE


@dataclass(frozen=True)
class DatasetSplit:
    """Messages with their intents, row by row."""

    texts: list[str]
    intents: list[str]

    def select(self, rows: Sequence[int]) -> DatasetSplit:
        """Return the messages with these indices."""
        return DatasetSplit([self.texts[row] for row in rows], [self.intents[row] for row in rows])


def read_set(name: str) -> str:
    """Return the text of a file of the folder that the environment variable PUBLIC_DATA names.

    Exits with one line when the variable is not set or the folder has no such file.
    """
    folder = os.environ.get("PUBLIC_DATA")
    if not folder or not (path := Path(folder, name)).is_file():
        raise SystemExit(f"PUBLIC_DATA must name a folder with {name}")
    return path.read_text(encoding="utf-8")


def banking77() -> dict[str, DatasetSplit]:
    """Return BANKING77 (Casanueva et al. 2020, CC-BY-4.0): train 10,003, test 3,080; 77 intents."""
    found = {}
    for part in ("train", "test"):
        rows = list(csv.DictReader(io.StringIO(read_set(f"banking77_{part}.csv"), newline="")))
        found[part] = DatasetSplit([row["text"] for row in rows], [row["category"] for row in rows])
    return found


def clinc150() -> dict[str, DatasetSplit]:
    """Return CLINC150 (Larson et al. 2019, CC-BY-3.0): train 15,000, val 3,000, test 4,500; 150 intents.

    Its messages of no intent (oos_train 100, oos_val 100, oos_test 1,000) get the intent OUT_OF_SCOPE.
    """
    raw = json.loads(read_set("clinc150_full.json"))
    return {
        part: DatasetSplit(
            [text for text, _ in rows],
            [OUT_OF_SCOPE if part.startswith("oos") else intent for _, intent in rows],
        )
        for part, rows in raw.items()
    }


def draw_per_intent(split: DatasetSplit, count: int, seed: int) -> DatasetSplit:
    """Draw `count` messages of each intent with NumPy's RandomState(seed), intents in alphabetical order."""
    random = np.random.RandomState(seed)
    intents: NDArray[np.str_] = np.asarray(split.intents)
    chosen: list[int] = []
    for intent in np.unique(intents):
        chosen += random.permutation(np.flatnonzero(intents == intent))[:count].tolist()
    return split.select(chosen)
