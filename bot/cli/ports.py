"""TCP ports for the processes of a stack."""

from __future__ import annotations

import errno
import os
import random
import socket
from collections.abc import Collection

LOOPBACK = "127.0.0.1"
# Below the range for outgoing connections: Rasa binds its port many seconds after it was chosen, and no other process
# must get it meanwhile.
CANDIDATES = range(20000, 30000)


def port_error(host: str, port: int) -> str | None:
    """Return None if a server could listen on `host` and `port` now, else the reason in words."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except socket.gaierror:
        return f"{host} is not known to this machine"
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return f"port {port} of {host} is in use"
        return f"port {port} of {host} cannot be used: {os.strerror(error.errno or 0)}"
    return None


def free_ports(count: int, excluded: Collection[int] = ()) -> list[int]:
    """Return `count` free ports of 127.0.0.1 that are not in `excluded`. Raise OSError if there are too few."""
    ports: list[int] = []
    for port in random.SystemRandom().sample(CANDIDATES, len(CANDIDATES)):
        if len(ports) == count:
            return ports
        if port not in excluded and port_error(LOOPBACK, port) is None:
            ports.append(port)
    raise OSError(errno.EADDRNOTAVAIL, f"fewer than {count} free ports on {LOOPBACK}")
