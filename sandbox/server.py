"""`python -m sandbox.server`: the sandbox as a process on loopback."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import sys

import uvicorn
from sqlalchemy.exc import DatabaseError

from sandbox.asgi import create_app
from sandbox.sandbox_settings import SandboxSettingsError, read_settings

EXIT_CANNOT_START = 2
HOST = "127.0.0.1"


def main() -> int:
    """Serve until SIGTERM or SIGINT. Return the exit code, 2 if the service cannot start."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    log = logging.getLogger("sandbox")
    log.setLevel(logging.INFO)
    # The database holds clients' numbers: files that are created here are readable by their owner only.
    os.umask(0o077)
    try:
        settings = read_settings(os.environ)
        app = create_app(settings)
        listening = _open_socket(settings.port)
    except SandboxSettingsError as error:
        return _fail(str(error))
    except DatabaseError as error:
        return _fail(f"the database cannot be opened: {error.orig}")
    except (OSError, ValueError) as error:
        return _fail(str(error))
    # No websockets: none are served, and Rasa pins that package below what uvicorn loads.
    config = uvicorn.Config(
        app,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=10,
    )
    # uvicorn raises the signal again after it has stopped.
    with listening, contextlib.suppress(KeyboardInterrupt):
        address = "http://{}:{}".format(*listening.getsockname())
        settings.address_file.write_text(f"{address}\n", encoding="utf-8")
        log.info("listening on %s", address)
        uvicorn.Server(config).run(sockets=[listening])
    return 0


def _open_socket(port: int) -> socket.socket:
    try:
        return socket.create_server((HOST, port), backlog=512)
    except OSError as error:
        raise SandboxSettingsError(
            f"port {port} (SANDBOX_PORT) cannot be listened on: {error.strerror}"
        ) from error


def _fail(reason: str) -> int:
    print(f"sandbox: {reason}", file=sys.stderr)
    return EXIT_CANNOT_START


if __name__ == "__main__":
    sys.exit(main())
