"""TCP ports for the parts of a stack."""

from __future__ import annotations

import errno
import os
import random
import socket
from collections.abc import Collection

LOOPBACK = "127.0.0.1"
# Below the range from which systems take ports for outgoing connections: Rasa binds its port many seconds
# after it was chosen, and meanwhile nobody else may happen upon it.
CANDIDATES = range(20000, 30000)


def why_not_free(host: str, port: int) -> str | None:
    """None when a server could listen on `host` and `port` now, else the reason in words."""
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


def free_ports(count: int, taken: Collection[int] = ()) -> list[int]:
    """`count` different ports of 127.0.0.1, free now and not `taken`; OSError when there are too few."""
    ports: list[int] = []
    for port in random.SystemRandom().sample(CANDIDATES, len(CANDIDATES)):
        if len(ports) == count:
            return ports
        if port not in taken and why_not_free(LOOPBACK, port) is None:
            ports.append(port)
    raise OSError(errno.EADDRNOTAVAIL, f"fewer than {count} free ports on {LOOPBACK}")
