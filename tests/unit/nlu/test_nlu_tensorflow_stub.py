"""Rasa without TensorFlow: its modules import, its neural components cannot be instantiated."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.rasa

PROGRAM = """
from nlu.tensorflow_stub import stub_tensorflow
stub_tensorflow()
from rasa.nlu.classifiers.diet_classifier import DIETClassifier
from rasa.utils.tensorflow.models import RasaModel
import sys
assert not hasattr(sys.modules["tensorflow"], "__file__")
try:
    RasaModel()
except RuntimeError as error:
    print(error)
"""


def test_rasas_modules_import_and_its_neural_components_say_why_they_are_missing() -> None:
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROGRAM], capture_output=True, text=True, check=False
    )
    assert run.stdout.strip() == "RasaModel needs TensorFlow, which this process has left out", run.stderr[
        -500:
    ]
