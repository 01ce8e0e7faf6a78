"""Training by fingerprint: when a model is trained, and what is printed."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from knowledge import load
from nlu.fingerprint import ROOT, model_path, models
from tests.support.small_repository import Repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repository")


def train(repository: Repository, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "nlu.train", "--root", str(repository.root), *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=200, check=False)


def test_an_existing_model_is_not_trained_again_and_rasa_not_imported(repository: Repository) -> None:
    path = model_path(load(repository.data), repository.root)
    path.parent.mkdir()
    path.write_bytes(b"a model")
    code = (
        "import sys; from pathlib import Path; from nlu.train import main;"
        f"code = main(['--root', {str(repository.root)!r}]);"
        "sys.exit(code or ('rasa' in sys.modules) or ('numpy' in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == str(path)
    assert path.read_bytes() == b"a model"


def test_problems_in_the_data_are_printed_by_line_and_nothing_is_trained(repository: Repository) -> None:
    repository.change("topics/trouble/pin/en.yml", "title: Forgotten PIN", "titel: Forgotten PIN")
    done = train(repository)
    assert done.returncode == 1
    assert "data/topics/trouble/pin/en.yml:1: " in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert models(repository.root / "models") == []


@dataclass(frozen=True)
class Trained:
    """A small repository after two processes have trained its model at the same time."""

    repository: Repository
    codes: list[int]
    output: list[tuple[str, str]]

    @property
    def path(self) -> Path:
        return model_path(load(self.repository.data), self.repository.root)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    repository = Repository(tmp_path_factory.mktemp("trained"))
    out = repository.root / "models"
    out.mkdir()
    for age, name in enumerate(("111111111111", "222222222222", "333333333333"), start=1):
        old = out / f"assistant-{name}.tar.gz"
        old.write_bytes(b"")
        os.utime(old, (1000 - age, 1000 - age))
    command = [sys.executable, "-m", "nlu.train", "--root", str(repository.root)]
    both = [
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    output = [process.communicate(timeout=200) for process in both]
    return Trained(repository, [process.returncode for process in both], output)


@pytest.mark.rasa
def test_one_of_two_processes_trains_and_both_print_the_model(trained: Trained) -> None:
    assert trained.codes == [0, 0], trained.output
    assert {stdout.splitlines()[-1] for stdout, _ in trained.output} == {str(trained.path)}
    assert sorted("saved" in stderr for _, stderr in trained.output) == [False, True]


@pytest.mark.rasa
def test_the_three_latest_models_are_kept_and_no_temporary_file(trained: Trained) -> None:
    kept = {path.name for path in trained.path.parent.iterdir()}
    newest = {"assistant-111111111111.tar.gz", "assistant-222222222222.tar.gz", trained.path.name}
    assert kept == {".training.lock", *newest}


@pytest.mark.rasa
def test_only_progress_is_printed(trained: Trained) -> None:
    progress = next(stderr for _, stderr in trained.output if "saved" in stderr)
    lines = [line for line in progress.splitlines() if not line.startswith("fatal: ")]  # a library asks git
    assert [line.split(" (")[0] for line in lines] == [
        "train: 5 topics, 20 examples, languages en, ja",
        "train: importing Rasa",
        "train: training",
        f"train: saved {trained.path}",
    ]


@pytest.mark.rasa
async def test_the_model_recognises_messages_in_both_languages(trained: Trained) -> None:
    from rasa.core.agent import Agent

    agent = Agent.load(str(trained.path))
    read = [await agent.parse_message(text) for text in ("I forgot my PIN", "PINを忘れました", "/restart")]
    assert [one["intent"]["name"] for one in read] == ["pin", "pin", "restart"]
    assert [one.get("language") for one in read] == ["en", "ja", None]
    phone = await agent.parse_message("アイフォンです、090-1234-5678")
    found = {entity["entity"]: entity["value"] for entity in phone["entities"]}
    assert found == {"platform": "iphone", "phone_number": "+819012345678"}


@pytest.mark.rasa
async def test_the_topic_restart_runs_its_own_action(trained: Trained) -> None:
    # Rasa's policy would answer this intent with its built-in action_restart.
    from rasa.core.agent import Agent
    from rasa.shared.core.events import ActionExecuted, UserUttered
    from rasa.shared.core.trackers import DialogueStateTracker

    agent = Agent.load(str(trained.path))
    assert agent.processor is not None
    message = UserUttered("start over", {"name": "restart", "confidence": 1.0})
    tracker = DialogueStateTracker.from_events(
        "c1", [ActionExecuted("action_listen"), message], slots=agent.domain.slots
    )
    action, _ = agent.processor.predict_next_with_tracker_if_should(tracker)
    assert action.name() == "action_begin_again"


def test_a_dead_process_leaves_no_lock(repository: Repository) -> None:
    out = repository.root / "models"
    out.mkdir()
    code = f"import fcntl, os; fcntl.flock(open({str(out / '.training.lock')!r}, 'w'), fcntl.LOCK_EX); os._exit(9)"
    subprocess.run([sys.executable, "-c", code], check=False)
    with (out / ".training.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
