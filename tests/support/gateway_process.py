"""The gateway as a separate process on both live channels, which can be killed and restarted."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import psutil

from tests.support.gateway import TOKEN, VAULT_KEY
from tests.support.stack import ROOT


class GatewayProcess:
    """`python -m bot.app` on a port that stays the same after a restart."""

    def __init__(self, folder: Path, engine_port: int, settings: Mapping[str, str]) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.folder = folder
        self.log = folder / "gateway.log"
        self._environment = {
            **os.environ,
            "STATE_DIR": str(folder),
            "RASA_PORT": str(engine_port),
            "ACTIONS_PORT": str(engine_port),
            "INTERNAL_TOKEN": TOKEN,
            "VAULT_KEY": VAULT_KEY,
            "GATEWAY_PORT": str(self.port),
            **settings,
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the gateway and wait until it serves."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "bot.app"], cwd=ROOT, env=self._environment, stdout=log, stderr=log
            )
        end = time.monotonic() + 60
        while time.monotonic() < end:
            with suppress(httpx.TransportError):
                if httpx.get(f"{self.url}/livez", timeout=2, trust_env=False).status_code == 200:
                    return
            assert self._process.poll() is None, self.log.read_text()[-3000:]
            time.sleep(0.05)
        raise AssertionError("the gateway did not start in time")

    def cpu_seconds(self) -> float:
        """Return the processor time since the start, in seconds."""
        assert self._process is not None
        times = psutil.Process(self._process.pid).cpu_times()
        return float(times.user + times.system)

    def kill(self) -> None:
        """Kill the gateway without a clean-up."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(10)

    def stop(self) -> None:
        """Stop the gateway as the supervisor does."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()


@contextmanager
def gateway_process(folder: Path, engine_port: int, settings: Mapping[str, str]) -> Iterator[GatewayProcess]:
    """Run a gateway for the block, in which a test may kill and restart it."""
    process = GatewayProcess(folder, engine_port, settings)
    process.start()
    try:
        yield process
    finally:
        process.stop()
