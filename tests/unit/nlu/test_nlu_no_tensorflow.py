"""Rasa without TensorFlow: its modules are imported, its neural components cannot be made."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.rasa

PROGRAM = """
from nlu.no_tensorflow import leave_out
leave_out()
from rasa.nlu.classifiers.diet_classifier import DIETClassifier
from rasa.utils.tensorflow.models import RasaModel
import sys
assert not hasattr(sys.modules["tensorflow"], "__file__")
try:
    RasaModel()
except RuntimeError as error:
    print(error)
"""


def test_rasas_modules_are_there_and_its_neural_ones_say_why_they_are_not() -> None:
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROGRAM], capture_output=True, text=True, check=False
    )
    assert run.stdout.strip() == "RasaModel needs TensorFlow, which this process has left out", run.stderr[
        -500:
    ]
