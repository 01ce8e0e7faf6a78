"""The public sets of ../shared/data, read from there and never copied."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data"
OUTSIDE = "out_of_scope"


@dataclass(frozen=True)
class Part:
    """Messages with their intents, row by row."""

    texts: list[str]
    intents: list[str]

    def among(self, chosen: Sequence[int]) -> Part:
        """Those with the numbers `chosen`."""
        return Part([self.texts[at] for at in chosen], [self.intents[at] for at in chosen])

    def __add__(self, other: Part) -> Part:
        return Part(self.texts + other.texts, self.intents + other.intents)


def banking77() -> dict[str, Part]:
    """BANKING77 (Casanueva et al. 2020, CC-BY-4.0): train 10,003, test 3,080; 77 intents."""
    found = {}
    for part in ("train", "test"):
        with (FOLDER / f"banking77_{part}.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        found[part] = Part([row["text"] for row in rows], [row["category"] for row in rows])
    return found


def clinc150() -> dict[str, Part]:
    """CLINC150 (Larson et al. 2019, CC-BY-3.0): train 15,000, val 3,000, test 4,500; 150 intents; and messages
    of no intent (oos_train 100, oos_val 100, oos_test 1,000), here with the intent OUTSIDE."""
    raw = json.loads((FOLDER / "clinc150_full.json").read_text(encoding="utf-8"))
    return {
        part: Part(
            [text for text, _ in rows], [OUTSIDE if part.startswith("oos") else intent for _, intent in rows]
        )
        for part, rows in raw.items()
    }


def some_of_each(part: Part, count: int, seed: int) -> Part:
    """`count` messages of each intent, drawn by NumPy's RandomState(seed), intents in alphabetical order."""
    random = np.random.RandomState(seed)
    intents: NDArray[np.str_] = np.asarray(part.intents)
    chosen: list[int] = []
    for intent in np.unique(intents):
        chosen += random.permutation(np.flatnonzero(intents == intent))[:count].tolist()
    return part.among(chosen)
