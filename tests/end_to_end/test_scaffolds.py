"""The steps of docs/adding-a-topic.md: a made-up topic and a made-up language, scaffolded, filled in, trained."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from knowledge import load

ROOT = Path(__file__).parents[2]

# Runs in a separate process because of Rasa's global state. Prints the intent and language of each message.
ASK_THE_MODEL = """
import asyncio, json, logging, sys
from rasa.core.agent import Agent
from rasa.utils.log_utils import configure_structlog
configure_structlog(logging.ERROR)
agent = Agent.load(sys.argv[1])
for text in sys.argv[2:]:
    parsed = asyncio.run(agent.parse_message(text))
    print(json.dumps({"intent": parsed["intent"]["name"], "language": parsed.get("language")}))
print(json.dumps(agent.domain.slots and [s.values for s in agent.domain.slots if s.name == "language"]))
"""


def knowledge(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "knowledge", *arguments, "--root", str(root / "data")]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def fill_in(path: Path) -> None:
    """Replace each TODO and some words after it, as an author does. No text becomes longer."""
    text = re.sub(r"(?m)^title: .*$", "title: TODO", path.read_text(encoding="utf-8"))
    numbers = iter(range(1, 10_000))
    path.write_text(
        re.sub(
            r"TODO:?(?: [\w,]+(?= )){0,6}", lambda _: f"Vorto {path.parent.name[:12]} {next(numbers)}", text
        ),
        encoding="utf-8",
    )


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the files from which a model is trained."""
    root = tmp_path_factory.mktemp("repository")
    shutil.copytree(ROOT / "data", root / "data", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "config.yml", root / "config.yml")
    return root


@pytest.mark.rasa
@pytest.mark.timeout(420)
def test_a_new_topic_and_a_new_language_are_scaffolded_checked_and_trained(root: Path) -> None:
    assert knowledge(root, "topic", "trouble/moon_phase").returncode == 0
    left_open = knowledge(root, "check")
    assert left_open.returncode == 1
    assert "moon_phase/en.yml" in left_open.stdout + left_open.stderr
    assert "TODO" in left_open.stdout + left_open.stderr

    topic = root / "data" / "topics" / "trouble" / "moon_phase"
    (topic / "en.yml").write_text(
        "title: Moon phase\ntexts:\n  answer: The moon is full.\n", encoding="utf-8"
    )
    (topic / "examples.en.txt").write_text(
        "which phase has the moon tonight\n"
        "is the moon full or new\n"
        "tell me about the moon and its phase\n"
        "what does the moon look like tonight\n",
        encoding="utf-8",
    )
    (topic / "ja.yml").write_text("title: 月の満ち欠け\ntexts:\n  answer: 満月です。\n", encoding="utf-8")
    (topic / "examples.ja.txt").write_text("今夜の月は満月ですか\n月の満ち欠けを教えて\n", encoding="utf-8")
    fill_in(topic / "topic.yml")
    assert knowledge(root, "check").returncode == 0

    assert knowledge(root, "language", "eo", "--name", "Esperanto").returncode == 0
    assert knowledge(root, "check").returncode == 1
    written = [
        *root.glob("data/topics/*/*/eo.yml"),
        *root.glob("data/topics/*/*/examples.eo.txt"),
        *root.glob("data/topics/*/language_eo/*.*"),
    ]
    assert len(written) > 20
    for path in written:
        fill_in(path)
    checked = knowledge(root, "check")
    assert checked.returncode == 0, checked.stdout + checked.stderr

    trained = subprocess.run(
        [sys.executable, "-m", "nlu.train", "--root", str(root)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "RASA_TELEMETRY_ENABLED": "false"},
    )
    assert trained.returncode == 0, trained.stderr
    model = trained.stdout.splitlines()[-1]

    asked = subprocess.run(
        [
            sys.executable,
            "-W",
            "ignore",
            "-c",
            ASK_THE_MODEL,
            model,
            "is the moon full tonight",
            "今夜は満月ですか",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    english, japanese, languages = asked.stdout.splitlines()[-3:]
    assert english == '{"intent": "moon_phase", "language": "en"}'
    assert japanese == '{"intent": "moon_phase", "language": "ja"}'
    changed = load(root / "data")
    assert changed.text("moon_phase", "answer", "en") == "The moon is full."
    assert changed.text("moon_phase", "answer", "eo").startswith("Vorto moon_phase")
    assert '"eo"' in languages


def test_a_remaining_todo_fails_the_training_with_file_and_line(root: Path, tmp_path: Path) -> None:
    copy = tmp_path / "repository"
    shutil.copytree(root, copy)
    page = copy / "data/topics/trouble/pin_forgotten/ja.yml"
    lines = page.read_text(encoding="utf-8").splitlines()
    number = next(n for n, line in enumerate(lines, start=1) if line.strip().startswith("uninstall:"))
    page.write_text("\n".join([*lines[:number], "    text: TODO", *lines[number + 1 :]]), encoding="utf-8")

    trained = subprocess.run(
        [sys.executable, "-m", "nlu.train", "--root", str(copy)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert trained.returncode == 1
    assert f"data/topics/trouble/pin_forgotten/ja.yml:{number + 1}:" in trained.stderr
    assert "Traceback" not in trained.stderr
