"""`assistant chat` against the real stack."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.stack import ROOT, Stack

pytestmark = [pytest.mark.stack, pytest.mark.rasa]

# Facts about a forgotten PIN (KB2260) that the first steps must contain.
IN_ENGLISH = {
    "I forgot my IB Key PIN": ["iPhone", "Android"],
    "I use an iPhone": ["SMS", "first activated"],
    "next": ["Uninstall"],
    "next ": ["App Store", "IBKR Mobile"],
    " next": ["No"],
    " next ": ["Register Two-Factor", "No"],
}
IN_JAPANESE = {
    "IB KeyのPINを忘れました": ["iPhone", "Android"],
    "iPhoneです": ["SMS", "最初に有効化"],
    "次へ": ["アンインストール"],
    "次へ ": ["App Store", "IBKR Mobile"],
    " 次へ": ["いいえ"],
    " 次へ ": ["ツーファクターを登録する", "いいえ"],
}


def chat(lines: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "bot.cli.main", "chat", *arguments],
        cwd=ROOT,
        input=lines.encode(),
        capture_output=True,
        check=False,
        timeout=150,
        env={**os.environ, **environment},
    )


def turns(output: bytes) -> list[list[dict[str, Any]]]:
    """Return the replies of each turn."""
    found: list[list[dict[str, Any]]] = [[]]
    for line in output.decode().splitlines():
        message = json.loads(line)
        if message == {"end_of_turn": True}:
            found.append([])
        else:
            assert set(message) == {"from", "text", "buttons", "message"}
            found[-1].append(message)
    assert found.pop() == [], "the last turn has no end_of_turn"
    return found


@pytest.mark.parametrize("channel", ["sms", "telegram"])
@pytest.mark.parametrize("facts_by_message", [IN_ENGLISH, IN_JAPANESE], ids=["en", "ja"])
def test_the_guide_of_a_forgotten_pin_goes_step_by_step(
    shared_stack: Stack, channel: str, facts_by_message: dict[str, list[str]]
) -> None:
    port = shared_stack.url.rpartition(":")[2]
    done = chat("\n".join([*facts_by_message, ""]), "--channel", channel, "--json", "--port", port)
    assert done.returncode == 0, done.stderr.decode()
    answered = turns(done.stdout)
    for replies, wanted in zip(answered, facts_by_message.values(), strict=True):
        shown = "\n".join(reply["text"] for reply in replies)
        shown += "\n".join(button["title"] for reply in replies for button in reply["buttons"])
        assert all(reply["from"] == "bot" for reply in replies)
        assert all(fact in shown for fact in wanted), (wanted, shown)
        # By SMS choices are numbered lines; on Telegram they are buttons.
        assert all(bool(reply["buttons"]) == (channel == "telegram") for reply in replies)


def test_with_no_stack_running_chat_starts_one_and_stops_it(tmp_path: Path) -> None:
    done = chat(
        "hello\n\n",
        "--json",
        "--port",
        "1",
        STATE_DIR=str(tmp_path),
    )
    assert done.returncode == 0, done.stderr.decode()
    greeting, empty = turns(done.stdout)
    assert greeting[0]["buttons"], greeting
    assert "empty" in empty[0]["text"]
    assert (tmp_path / "stack.lock").exists()
    again = chat("hello\n", "--json", "--port", "1", STATE_DIR=str(tmp_path))
    assert again.returncode == 0, "the first stack still runs, so a second one cannot start"
