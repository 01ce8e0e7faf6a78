"""`assistant chat` as a program, against a fake of the gateway."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from bot.cli.chat_api import ChatApi, RequestRejectedError, ServerUnavailableError
from bot.cli.ports import free_ports
from bot.cli.reaper import ROOT
from tests.support.fake_chat_api import FakeChatApi
from tests.support.fake_stack import make_root
from tests.support.processes import wait_until_dead

CHAT = [sys.executable, "-m", "bot.cli.main", "chat"]


@pytest.fixture
def server() -> Iterator[FakeChatApi]:
    with FakeChatApi() as one:
        yield one


def chat(server: FakeChatApi, typed: str | bytes, *argv: str) -> subprocess.CompletedProcess[bytes]:
    """Run the program once with `typed` as its whole standard input."""
    return subprocess.run(
        [*CHAT, "--port", str(server.port), *argv],
        input=typed.encode() if isinstance(typed, str) else typed,
        capture_output=True,
        timeout=60,
        check=False,
        cwd=ROOT,
    )


def objects(ended: subprocess.CompletedProcess[bytes]) -> list[Any]:
    assert ended.returncode == 0, ended.stderr.decode()
    return [json.loads(line) for line in ended.stdout.decode().splitlines()]


def test_json_output_has_one_line_per_message_and_per_end_of_turn(server: FakeChatApi) -> None:
    ended = chat(server, "hello\nbuttons\n", "--json")
    assert objects(ended) == [
        {"from": "bot", "text": "you said: hello", "buttons": [], "message": 1},
        {"end_of_turn": True},
        {
            "from": "bot",
            "text": "Which phone?",
            "buttons": [
                {"title": "iPhone", "token": "t-iphone"},
                {"title": "Android", "token": "t-android"},
            ],
            "message": 3,
        },
        {"end_of_turn": True},
    ]
    first = ended.stdout.decode().splitlines()[0]
    assert first == '{"from": "bot", "text": "you said: hello", "buttons": [], "message": 1}'


def test_each_sender_keeps_its_name(server: FakeChatApi) -> None:
    answers = objects(chat(server, "code\nagent\n", "--json"))
    assert [answer.get("from") for answer in answers] == ["backend", "bot", None, "agent", None]


def test_a_json_line_presses_a_button(server: FakeChatApi) -> None:
    answers = objects(chat(server, 'buttons\n{"button": "t-android"}\n', "--json"))
    assert answers[2]["text"] == "pressed t-android"
    assert server.posts[1]["button"] == "t-android"
    assert "text" not in server.posts[1]


@pytest.mark.parametrize("line", ["1", "iPhone", '{"button": 1}', '{"text": "x"}', '{"button"', "{}"])
def test_with_json_every_other_line_is_a_text(server: FakeChatApi, line: str) -> None:
    chat(server, f"buttons\n{line}\n", "--json")
    assert server.posts[1]["text"] == line


def test_a_turn_lasts_until_the_assistant_is_idle(server: FakeChatApi) -> None:
    answers = objects(chat(server, "slow\n", "--json"))
    assert [answer.get("text") for answer in answers] == ["One moment...", "Done.", None]


def test_blank_lines_and_unicode_are_sent_as_they_are(server: FakeChatApi) -> None:
    answers = objects(chat(server, "\n  \n携帯電話をなくしました 📱\r\n", "--json"))
    assert [post["text"] for post in server.posts] == ["", "  ", "携帯電話をなくしました 📱"]
    assert answers[4]["text"] == "you said: 携帯電話をなくしました 📱"


def test_output_is_utf8_whatever_the_locale(server: FakeChatApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C")
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    assert "you said: 日本" in chat(server, "日本\n").stdout.decode()


def test_bytes_that_are_not_utf8_are_replaced(server: FakeChatApi) -> None:
    chat(server, b"a\xff\xfeb\n", "--json")
    assert server.posts[0]["text"] == "a\ufffd\ufffdb"


def test_a_last_line_without_a_newline_is_sent(server: FakeChatApi) -> None:
    chat(server, "hello", "--json")
    assert [post["text"] for post in server.posts] == ["hello"]


def test_every_run_is_a_new_client_and_every_message_has_its_own_id(server: FakeChatApi) -> None:
    for _ in range(2):
        chat(server, "hello\nagain\n")
        chat(server, "hello\n", "--channel", "sms")
    peers = [post["peer"] for post in server.posts]
    assert len(set(peers)) == 4
    assert peers[0] == peers[1]
    assert re.fullmatch(r"chat-[0-9a-f]{8}", peers[0])
    assert re.fullmatch(r"\+8190\d{8}", peers[2])
    assert [post["channel"] for post in server.posts] == ["telegram", "telegram", "sms"] * 2
    assert len({post["id"] for post in server.posts}) == len(server.posts)


def test_a_named_client_continues_without_old_messages(server: FakeChatApi) -> None:
    server.say("kei+1@日本", "bot", "long ago")
    answers = objects(chat(server, "hello\n", "--peer", "kei+1@日本", "--json"))
    assert [answer.get("text") for answer in answers] == ["you said: hello", None]
    assert answers[0]["message"] == 3


def test_the_language_is_sent_with_each_message(server: FakeChatApi) -> None:
    chat(server, "hello\n", "--language", "ja")
    chat(server, "hello\n")
    assert [post.get("language_code") for post in server.posts] == ["ja", None]


def test_without_json_senders_are_named_and_buttons_numbered(server: FakeChatApi) -> None:
    shown = chat(server, "buttons\ncode\nagent\nevil\n").stdout.decode()
    assert shown.splitlines() == [
        "assistant> Which phone?",
        "  [1] iPhone",
        "  [2] Android",
        "[SMS from the brokerage] Your code is 123456.",
        "assistant> I have sent a code.",
        "agent> This is Mori.",
        "",
        "       How can I help?",
        "agent> [2Jgone",
    ]


def test_without_json_a_number_or_title_presses_a_button_of_the_last_turn(server: FakeChatApi) -> None:
    chat(server, "2\nbuttons\n2\nbuttons\n iphone \n1\n")
    sent = [post.get("text") or post["button"] for post in server.posts]
    assert sent == ["2", "buttons", "t-android", "buttons", "t-iphone", "1"]


def test_a_rejected_line_is_reported_and_the_next_one_is_sent(server: FakeChatApi) -> None:
    ended = chat(server, "refuse\nhello\n", "--json")
    assert [answer.get("text") for answer in objects(ended)] == [None, "you said: hello", None]
    assert ended.stderr.decode() == "refused with status 422: the text is too long\n"


def test_a_failed_request_is_retried_with_the_same_id(server: FakeChatApi) -> None:
    ended = chat(server, "flaky\n", "--json")
    assert objects(ended)[0]["text"] == "you said: flaky"
    assert "the server does not answer (status 503); trying again" in ended.stderr.decode()
    assert len(server.posts) == 1


def test_a_stopped_server_is_unavailable_after_the_retries() -> None:
    retries: list[str] = []
    with FakeChatApi() as server:
        api = ChatApi(
            server.url, "sms", "+819012345678", language=None, on_retry=retries.append, retry_seconds=0.3
        )
        api.send_text("hello")
        assert [message.text for message in api.receive()[0]] == ["you said: hello"]
    with pytest.raises(ServerUnavailableError, match="did not answer for 0 s"):
        api.send_text("hello")
    api.close()
    assert len(retries) == 1


def test_an_answer_of_another_server_is_rejected(server: FakeChatApi) -> None:
    api = ChatApi(f"{server.url}/readyz?", "sms", "x", language=None, on_retry=print)
    with pytest.raises(RequestRejectedError, match="not the assistant's gateway"):
        api.receive()
    api.close()


def test_a_stack_without_a_simulator_is_reported_with_exit_code_1(server: FakeChatApi) -> None:
    server.has_simulator = False
    ended = chat(server, "hello\n")
    assert (ended.returncode, ended.stdout) == (1, b"")
    assert ended.stderr.decode() == "the stack has no simulator (SIMULATOR is off), which a chat needs\n"


def test_at_a_prompt_a_blank_line_only_looks_for_new_messages(server: FakeChatApi) -> None:
    ours, theirs = pty.openpty()
    program = subprocess.Popen(
        [*CHAT, "--port", str(server.port), "--peer", "kei"],
        stdin=theirs,
        stdout=subprocess.PIPE,
        cwd=ROOT,
        text=True,
    )
    assert program.stdout is not None
    os.write(ours, b"hello\n")
    assert "you said: hello" in program.stdout.readline()
    server.say("kei", "agent", "Mori here.")
    os.write(ours, b"\n")
    assert "agent> Mori here." in program.stdout.readline()
    os.write(ours, b"\x04")
    assert program.wait(30) == 0
    assert [post["text"] for post in server.posts] == ["hello"]
    os.close(ours)
    os.close(theirs)


# The tests below start their own stack.


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_root(tmp_path / "root")


def start(root: Path, **environ: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*CHAT, "--port", str(free_ports(1)[0])],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=root,
        env={**os.environ, **environ},
    )


def descendants(program: subprocess.Popen[str]) -> list[int]:
    return [child.pid for child in psutil.Process(program.pid).children(recursive=True)]


def first_answer(program: subprocess.Popen[str]) -> str:
    assert program.stdin is not None
    assert program.stdout is not None
    program.stdin.write("hello\n")
    program.stdin.flush()
    return program.stdout.readline()


def test_without_a_stack_chat_starts_one_and_stops_it_at_the_end(root: Path) -> None:
    program = start(root)
    assert first_answer(program) == "assistant> you said: hello\n"
    pids = descendants(program)
    assert len(pids) == 7
    _, errors = program.communicate(timeout=60)
    assert program.returncode == 0
    wait_until_dead(pids, seconds=1)
    assert "training\n" in errors
    assert "no stack runs yet: starting one" in errors
    path = root / "var" / "chat-stack.log"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    log = path.read_text()
    assert "rasa     | rasa works" in log
    assert log.endswith("stopped\n")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_chat_stops_its_stack(root: Path, number: signal.Signals, code: int) -> None:
    program = start(root)
    first_answer(program)
    pids = descendants(program)
    program.send_signal(number)
    assert program.wait(60) == code
    wait_until_dead(pids, seconds=1)
    program.communicate()


def test_a_chat_killed_with_sigkill_leaves_no_stack_behind(root: Path) -> None:
    program = start(root)
    first_answer(program)
    pids = descendants(program)
    program.kill()
    program.communicate()
    wait_until_dead(pids)


@pytest.mark.parametrize(
    ("environ", "code", "line"),
    [
        ({"SIMULATOR": "off"}, 2, "SIMULATOR must be on for a chat, and it is off"),
        ({"SIMULATOR": "maybe"}, 2, "SIMULATOR must be on or off, not 'maybe'"),
        ({"FAKE_TRAINING": "fails"}, 1, "the stack did not start (exit code 1)"),
    ],
)
def test_a_stack_that_cannot_start_is_reported_in_one_line(
    root: Path, environ: dict[str, str], code: int, line: str
) -> None:
    program = start(root, **environ)
    shown, errors = program.communicate("hello\n", timeout=60)
    assert (program.returncode, shown, errors.splitlines()[-1]) == (code, "", line)
