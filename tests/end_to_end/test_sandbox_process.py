"""The sandbox as a process: its settings, its start and its end."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.support.sandbox import BACKEND_TOKEN, INTERNAL_TOKEN, Phone

ROOT = Path(__file__).parents[2]
NAMES = ("AUTH_BACKEND_TOKEN", "INTERNAL_TOKEN", "SANDBOX_PORT", "GATEWAY_PORT", "STATE_DIR")


def environment(state_dir: Path, **changes: str | None) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if name not in NAMES}
    ours: dict[str, str | None] = {
        "AUTH_BACKEND_TOKEN": BACKEND_TOKEN,
        "INTERNAL_TOKEN": INTERNAL_TOKEN,
        "SANDBOX_PORT": "0",
        "GATEWAY_PORT": "1",
        "STATE_DIR": str(state_dir),
        **changes,
    }
    return {**clean, **{name: value for name, value in ours.items() if value is not None}}


@contextmanager
def process(settings: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    started = subprocess.Popen(
        [sys.executable, "-m", "sandbox.server"], cwd=ROOT, env=settings, stderr=subprocess.PIPE, text=True
    )
    try:
        yield started
    finally:
        if started.poll() is None:
            started.kill()
        started.communicate()


def failed_start(settings: dict[str, str]) -> tuple[int, list[str]]:
    with process(settings) as started:
        _, printed = started.communicate(timeout=60)
        return started.returncode, printed.splitlines()


def address(started: subprocess.Popen[str]) -> str:
    """Read the address from the start line; the server accepts connections from then on."""
    assert started.stderr is not None
    line = started.stderr.readline()
    found = re.search(r"listening on (http://127\.0\.0\.1:\d+)$", line)
    assert found is not None, line
    return found.group(1)


@pytest.mark.parametrize("missing", ["AUTH_BACKEND_TOKEN", "INTERNAL_TOKEN", "SANDBOX_PORT", "GATEWAY_PORT"])
def test_the_sandbox_does_not_start_without_a_required_setting(tmp_path: Path, missing: str) -> None:
    code, lines = failed_start(environment(tmp_path, **{missing: None}))
    assert (code, lines) == (2, [f"sandbox: {missing} must be set"])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"AUTH_BACKEND_TOKEN": "  "}, "AUTH_BACKEND_TOKEN must be set"),
        ({"SANDBOX_PORT": "http"}, "SANDBOX_PORT must be a port number"),
        ({"SANDBOX_CONTROLS": "yes"}, "SANDBOX_CONTROLS must be on or off"),
    ],
)
def test_a_wrong_setting_is_reported_in_one_line(tmp_path: Path, changes: dict[str, str], words: str) -> None:
    code, lines = failed_start(environment(tmp_path, **changes))
    assert code == 2
    assert len(lines) == 1
    assert words in lines[0]
    assert BACKEND_TOKEN not in lines[0]


def test_a_port_in_use_is_reported_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = str(listening.getsockname()[1])
        code, lines = failed_start(environment(tmp_path, SANDBOX_PORT=port))
    assert code == 2
    assert len(lines) == 1
    assert port in lines[0]


def test_a_file_that_is_no_database_is_reported_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "sandbox.db").write_bytes(b"this is not a database" * 100)
    code, lines = failed_start(environment(tmp_path))
    assert (code, len(lines)) == (2, 1)
    assert "database" in lines[0]


@pytest.mark.parametrize("stop_signal", [signal.SIGTERM, signal.SIGINT])
def test_the_sandbox_logs_only_its_start_and_stops_on_a_signal(
    tmp_path: Path, stop_signal: signal.Signals
) -> None:
    phone = Phone()
    with phone.server, process(environment(tmp_path, GATEWAY_PORT=str(phone.server.port))) as started:
        headers = {
            "Authorization": f"Bearer {BACKEND_TOKEN}",
            "Idempotency-Key": "k1",
            "Client-Reference": "c",
        }
        with httpx.Client(base_url=address(started), headers=headers, trust_env=False) as http:
            body = {"number": "+819012345678"}
            id = http.post("/v1/phone-verifications", json=body).json()["id"]
            code = {"code": phone.next_code()}
            path = f"/v1/phone-verifications/{id}/check"
            assert http.post(path, json=code, headers={"Idempotency-Key": "k2"}).status_code == 200
            assert http.post(path, json=code, headers={"Idempotency-Key": "k3"}).status_code == 409
        started.send_signal(stop_signal)
        _, rest = started.communicate(timeout=30)
    assert rest == ""
    assert (tmp_path / "sandbox.db").stat().st_mode & 0o077 == 0


def test_an_answered_write_survives_a_kill(tmp_path: Path) -> None:
    headers = {"Authorization": f"Bearer {BACKEND_TOKEN}", "Idempotency-Key": "k1", "Client-Reference": "c"}
    body = {"number": "+819012345678"}
    answers = []
    for _ in range(2):
        with process(environment(tmp_path)) as started:
            with httpx.Client(base_url=address(started), headers=headers, trust_env=False) as http:
                answers.append(http.post("/v1/phone-verifications", json=body))
            started.kill()
            started.wait()
    assert answers[0].status_code == 201
    assert answers[1].json() == answers[0].json()
    assert answers[1].headers["Idempotent-Replayed"] == "true"
