"""A wording that is changed in a checkout is used after a restart, without training."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conversations.conftest import TRAINING_SECONDS
from tests.support.conversation import Conversation
from tests.support.stack import ROOT, running_stack

pytestmark = [pytest.mark.stack, pytest.mark.rasa]

PACKAGES = ("actions", "bot", "contracts", "data", "knowledge", "nlu", "sandbox")
FILES = ("config.yml", "credentials.yml", "endpoints.yml")
OLD, NEW = "All right. Nothing was changed.", "Fine. Everything is as it was."


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the files that the stack runs, with a model that matches its data."""
    train = [sys.executable, "-m", "bot.cli.main", "train"]
    trained = subprocess.run(
        train, cwd=ROOT, check=True, timeout=TRAINING_SECONDS, capture_output=True, text=True
    )
    checkout = tmp_path / "checkout"
    for package in PACKAGES:
        shutil.copytree(ROOT / package, checkout / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name in FILES:
        shutil.copy(ROOT / name, checkout / name)
    (checkout / "models").mkdir()
    shutil.copy2(trained.stdout.splitlines()[-1], checkout / "models")
    return checkout


def reply_to_leaving(checkout: Path, state: Path) -> str:
    """Leave a task on a stack of the checkout; return the reply."""
    with running_stack(state, checkout, PYTHONPATH=str(checkout)) as stack:
        client = Conversation(stack.url, "telegram", language="en")
        client.say("verify my mobile number")
        return client.press("Leave it").text


def test_a_changed_wording_is_used_after_a_restart_without_training(checkout: Path, tmp_path: Path) -> None:
    models = sorted(checkout.glob("models/*"))
    assert OLD in reply_to_leaving(checkout, tmp_path / "state")

    page = checkout / "data/topics/tasks/codes/en.yml"
    text = page.read_text(encoding="utf-8")
    assert text.count(OLD) == 1
    page.write_text(text.replace(OLD, NEW), encoding="utf-8")

    assert NEW in reply_to_leaving(checkout, tmp_path / "state")
    assert sorted(checkout.glob("models/*")) == models
    log = (tmp_path / "state" / "stack.log").read_text(encoding="utf-8")
    assert "train: training" not in log
