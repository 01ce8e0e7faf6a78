"""`python -m sandbox.server`: the sandbox as a process, on loopback."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import sys

import uvicorn
from sqlalchemy.exc import DatabaseError

from sandbox.app import create_app
from sandbox.settings import SettingsError, read_settings

WRONG_SETTINGS = 2
HOST = "127.0.0.1"


def main() -> int:
    """Serve until SIGTERM or SIGINT. Returns the exit code: 2 when it cannot start."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    log = logging.getLogger("sandbox")
    log.setLevel(logging.INFO)
    # Clients' numbers are in the database: what is made here is the owner's alone to read.
    os.umask(0o077)
    try:
        settings = read_settings(os.environ)
        app = create_app(settings)
        listening = _listen(settings.port)
    except SettingsError as error:
        return _refuse(str(error))
    except DatabaseError as error:
        return _refuse(f"the database cannot be opened: {error.orig}")
    except (OSError, ValueError) as error:
        return _refuse(str(error))
    # No websockets: there are none here, and Rasa holds that package below what uvicorn loads.
    config = uvicorn.Config(
        app,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=10,
    )
    # uvicorn raises the signal again once it has stopped.
    with listening, contextlib.suppress(KeyboardInterrupt):
        address = "http://{}:{}".format(*listening.getsockname())
        settings.address_file.write_text(f"{address}\n", encoding="utf-8")
        log.info("listening on %s", address)
        uvicorn.Server(config).run(sockets=[listening])
    return 0


def _listen(port: int) -> socket.socket:
    try:
        return socket.create_server((HOST, port), backlog=512)
    except OSError as error:
        raise SettingsError(f"port {port} (SANDBOX_PORT) cannot be listened on: {error.strerror}") from error


def _refuse(reason: str) -> int:
    print(f"sandbox: {reason}", file=sys.stderr)
    return WRONG_SETTINGS


if __name__ == "__main__":
    sys.exit(main())
