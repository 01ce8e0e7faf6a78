"""`assistant up` and `assistant train` as programs, with fakes of the processes."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from bot.cli.ports import free_ports
from tests.support.fake_stack import make_root
from tests.support.processes import wait_until_dead


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_root(tmp_path / "root")


def command(root: Path, *argv: str, **environ: str) -> tuple[list[str], dict[str, Any]]:
    return [sys.executable, "-m", "bot.cli.main", *argv], {
        "cwd": root,
        "env": {**os.environ, **environ},
        "text": True,
    }


def run(root: Path, *argv: str, **environ: str) -> subprocess.CompletedProcess[str]:
    words, options = command(root, *argv, **environ)
    return subprocess.run(words, capture_output=True, timeout=60, check=False, **options)


@contextmanager
def up(root: Path, port: int, **environ: str) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """Yield a ready stack and the lines it has printed; kill it at the end if it still runs."""
    words, options = command(root, "up", "--port", str(port), **environ)
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **options)
    assert process.stderr is not None
    printed = []
    for line in process.stderr:
        printed.append(line.rstrip("\n"))
        if "stop with" in line:
            break
    children = [child.pid for child in psutil.Process(process.pid).children()]
    try:
        yield process, printed
    finally:
        process.kill()
        process.wait()
        wait_until_dead(children)


def environment_of(root: Path, name: str) -> dict[str, str]:
    """Return the environment of a process."""
    env = json.loads((root / "var" / f"{name}.json").read_text())["env"]
    assert isinstance(env, dict)
    return env


def test_up_prints_the_addresses_once_the_stack_is_ready(root: Path) -> None:
    (port,) = free_ports(1)
    with up(root, port) as (_, printed):
        assert httpx.get(f"http://127.0.0.1:{port}/readyz", trust_env=False).status_code == 200
    assert printed[0] == "training"
    assert any(line.startswith("starting: gateway") for line in printed)
    ready, simulator, desk, stop = printed[-4:]
    assert ready.startswith("ready after ")
    assert ready.endswith(f" s on http://127.0.0.1:{port}")
    assert simulator == f"simulator: http://127.0.0.1:{port}/simulator"
    assert desk.startswith(f"desk: http://127.0.0.1:{port}/desk/")
    assert stop == "stop with Ctrl-C"


def test_every_process_gets_the_ports_the_model_and_only_its_own_secrets(root: Path) -> None:
    (root / ".env").write_text("SANDBOX_CONTROLS=on\n")
    (port,) = free_ports(1)
    with up(root, port):
        rasa, actions = environment_of(root, "rasa"), environment_of(root, "actions")
        assert stat.S_IMODE((root / "var" / "rasa.json").stat().st_mode) == 0o600
    shared = [
        "INTERNAL_TOKEN",
        "RASA_PORT",
        "ACTIONS_PORT",
        "SANDBOX_PORT",
        "GATEWAY_PORT",
        "STATE_DIR",
        "MODEL",
    ]
    for name in shared:
        assert rasa[name] == actions[name] != ""
    assert actions["AUTH_BACKEND_TOKEN"] != ""
    assert not {"VAULT_KEY", "DATABASE_URL", "AUTH_BACKEND_TOKEN"} & set(rasa)
    assert rasa["GATEWAY_PORT"] == str(port)
    assert rasa["MODEL"] == "model.tar.gz"
    assert rasa["SANDBOX_CONTROLS"] == "on"
    assert rasa["RASA_TELEMETRY_ENABLED"] == "false"


def test_without_the_simulator_its_address_is_not_printed(root: Path) -> None:
    with up(root, free_ports(1)[0], SIMULATOR="off") as (_, printed):
        assert not any("simulator" in line for line in printed)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_everything_with_exit_code_0(root: Path, number: signal.Signals) -> None:
    with up(root, free_ports(1)[0]) as (process, _):
        pids = [child.pid for child in psutil.Process(process.pid).children(recursive=True)]
        assert len(pids) == 5
        process.send_signal(number)
        assert process.wait(30) == 0
        wait_until_dead(pids, seconds=1)
        assert process.stderr is not None
        assert process.stderr.read() == "stopped\n"


def test_a_stack_killed_with_sigkill_leaves_no_process(root: Path) -> None:
    with up(root, free_ports(1)[0]) as (process, _):
        pids = [child.pid for child in psutil.Process(process.pid).children(recursive=True)]
        process.kill()
        wait_until_dead(pids)


def test_a_port_in_use_is_reported_in_one_line_with_exit_code_2(root: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        ended = run(root, "up", "--port", str(port))
    assert ended.returncode == 2
    assert ended.stderr == (
        f"port {port} of 127.0.0.1 is in use; `assistant up --port N` listens on another one\n"
    )


def test_an_invalid_setting_is_reported_in_one_line_with_exit_code_2(root: Path) -> None:
    ended = run(root, "up", SIMULATOR="maybe")
    assert (ended.returncode, ended.stderr) == (2, "SIMULATOR must be on or off, not 'maybe'\n")


def test_a_state_folder_that_cannot_be_created_is_reported_in_one_line(root: Path) -> None:
    ended = run(root, "up", STATE_DIR=str(root / "nlu" / "train.py"))
    assert ended.returncode == 2
    assert ended.stderr.startswith("STATE_DIR ")
    assert ended.stderr.count("\n") == 1


def test_a_second_stack_with_the_same_state_folder_is_refused(root: Path) -> None:
    port, other = free_ports(2)
    with up(root, port) as (process, _):
        ended = run(root, "up", "--port", str(other))
        assert ended.returncode == 2
        assert f"in use by a stack (process {process.pid}, port {port})" in ended.stderr


def test_an_incomplete_pair_of_settings_gives_a_warning_line(root: Path) -> None:
    ended = run(root, "up", "--port", str(free_ports(1)[0]), TWILIO_AUTH_TOKEN="x", FAKE_TRAINING="fails")
    assert "TWILIO_AUTH_TOKEN is set, but TWILIO_ACCOUNT_SID is not" in ended.stderr


@pytest.mark.parametrize(
    ("how", "line"),
    [
        ("fails", "there is no model: the training ended with exit code 3"),
        ("names nothing", "there is no model: the training named 'missing.tar.gz', which does not exist"),
    ],
)
def test_without_a_model_nothing_is_started(root: Path, how: str, line: str) -> None:
    ended = run(root, "up", "--port", str(free_ports(1)[0]), FAKE_TRAINING=how)
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1] == line
    assert not (root / "var" / "rasa.json").exists()


def test_train_prints_the_models_path(root: Path) -> None:
    ended = run(root, "train")
    assert (ended.returncode, ended.stdout) == (0, "model.tar.gz\n")
    assert ended.stderr == "training\n"
    assert run(root, "train", "--force").stderr == "training --force\n"
    assert run(root, "train", FAKE_TRAINING="fails").returncode == 1
