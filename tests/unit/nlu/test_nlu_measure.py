"""The cross-validation report."""

from __future__ import annotations

import re

import numpy as np
import pytest

from knowledge import load
from nlu.example_set import FOLDS, assign_folds
from nlu.fingerprint import ROOT
from nlu.measure import read_examples, report, report_styles
from nlu.pipeline_settings import PipelineSettings
from tests.support.small_repository import Repository

pytestmark = pytest.mark.rasa


@pytest.fixture
def settings() -> PipelineSettings:
    return PipelineSettings.from_file(ROOT / "config.yml")


def test_the_report_has_the_number_of_examples_and_the_accuracy_of_each_language(
    repository: Repository, settings: PipelineSettings
) -> None:
    lines = list(report(read_examples(load(repository.data), settings)))
    assert re.match(r"19 examples, 4 topics, ", lines[0])
    assert re.fullmatch(r"accuracy [01]\.\d{3}, en [01]\.\d{3}, ja [01]\.\d{3}", lines[1])
    # Without an out-of-scope topic there is nothing to choose that threshold by.
    assert not any("out of scope" in line for line in lines)


def test_writing_styles_are_judged_by_a_model_that_has_not_seen_them(
    repository: Repository, settings: PipelineSettings
) -> None:
    header, *rows = report_styles(read_examples(load(repository.data), settings))
    assert header.split() == ["kind", "messages", "seen", "never", "seen"]
    assert all(re.fullmatch(r"\w+ +\d+  [01]\.\d{3}  [01]\.\d{3}", row) for row in rows)
    assert rows


def test_with_an_out_of_scope_topic_the_report_shows_the_effect_of_thresholds(
    repository: Repository, settings: PipelineSettings
) -> None:
    repository.write("topics/talk/out_of_scope/topic.yml", "kind: navigation\naction: action_fallback\n")
    repository.write("topics/talk/out_of_scope/en.yml", "title: Other\n")
    repository.write("topics/talk/out_of_scope/examples.en.txt", "buy shares\nweather\na joke\n")
    repository.write("topics/talk/out_of_scope/ja.yml", "title: その他\n")
    repository.write("topics/talk/out_of_scope/examples.ja.txt", "株を買う\n天気\n冗談\n")
    lines = list(report(read_examples(load(repository.data), settings), wrong=True))
    rows = [line.split() for line in lines if re.match(r"\s+\d\.\d\d ", line)]
    refused = [float(row[2]) for row in rows]
    assert len(rows) > 4
    assert refused == sorted(refused)  # a higher threshold refuses more
    wrong = [line for line in lines if " read as " in line]
    accuracy = float(lines[1].split()[1].rstrip(","))
    assert 1 - len(wrong) / int(lines[0].split()[0]) == pytest.approx(accuracy, abs=0.001)


def test_folds_spread_each_topic_evenly() -> None:
    targets = np.array([0] * 10 + [1] * 5 + [2])
    folds = assign_folds(targets)
    assert np.bincount(folds[:10]).tolist() == [2] * FOLDS
    assert sorted(folds[10:15].tolist()) == list(range(FOLDS))
