"""The report on how well the topics are told apart."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
import yaml

from knowledge import load
from nlu.fingerprint import ROOT
from nlu.fitting import FOLDS, folds
from nlu.measure import by_kind, read, table
from tests.support.small_repository import Repository

pytestmark = pytest.mark.rasa


@pytest.fixture
def pipeline() -> list[dict[str, Any]]:
    configuration = yaml.safe_load((ROOT / "config.yml").read_text(encoding="utf-8"))
    components: list[dict[str, Any]] = configuration["pipeline"]
    return components


def test_it_counts_examples_and_tells_each_languages_accuracy(
    repository: Repository, pipeline: list[dict[str, Any]]
) -> None:
    lines = list(table(read(load(repository.data), pipeline)))
    assert re.match(r"19 examples, 4 topics, ", lines[0])
    assert re.fullmatch(r"accuracy [01]\.\d{3}, en [01]\.\d{3}, ja [01]\.\d{3}", lines[1])
    # Without a topic for what is out of scope there is nothing to choose that threshold by.
    assert not any("out of scope" in line for line in lines)


def test_ways_of_writing_are_judged_by_a_model_that_has_seen_none_of_them(
    repository: Repository, pipeline: list[dict[str, Any]]
) -> None:
    header, *rows = by_kind(read(load(repository.data), pipeline))
    assert header.split() == ["kind", "messages", "seen", "never", "seen"]
    assert all(re.fullmatch(r"\w+ +\d+  [01]\.\d{3}  [01]\.\d{3}", row) for row in rows)
    assert rows


def test_with_a_topic_for_what_is_out_of_scope_it_shows_what_thresholds_cost(
    repository: Repository, pipeline: list[dict[str, Any]]
) -> None:
    repository.write("topics/talk/out_of_scope/topic.yml", "kind: navigation\naction: action_fallback\n")
    repository.write("topics/talk/out_of_scope/en.yml", "title: Other\n")
    repository.write("topics/talk/out_of_scope/examples.en.txt", "buy shares\nweather\na joke\n")
    repository.write("topics/talk/out_of_scope/ja.yml", "title: その他\n")
    repository.write("topics/talk/out_of_scope/examples.ja.txt", "株を買う\n天気\n冗談\n")
    lines = list(table(read(load(repository.data), pipeline), wrong=True))
    rows = [line.split() for line in lines if re.match(r"\s+\d\.\d\d ", line)]
    refused = [float(row[2]) for row in rows]
    assert len(rows) > 4
    assert refused == sorted(refused)  # a higher threshold refuses more
    wrong = [line for line in lines if " read as " in line]
    accuracy = float(lines[1].split()[1].rstrip(","))
    assert 1 - len(wrong) / int(lines[0].split()[0]) == pytest.approx(accuracy, abs=0.001)


def test_folds_spread_each_topic_evenly() -> None:
    targets = np.array([0] * 10 + [1] * 5 + [2])
    fold = folds(targets)
    assert np.bincount(fold[:10]).tolist() == [2] * FOLDS
    assert sorted(fold[10:15].tolist()) == list(range(FOLDS))
