"""Free ports."""

from __future__ import annotations

import socket

from bot.cli.ports import CANDIDATES, free_ports, port_error


def test_a_port_with_a_listener_is_in_use() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert port_error("127.0.0.1", port) == f"port {port} of 127.0.0.1 is in use"
        assert port_error("0.0.0.0", port) == f"port {port} of 0.0.0.0 is in use"
    assert port_error("127.0.0.1", port) is None


def test_an_address_of_another_machine_cannot_be_used() -> None:
    assert port_error("192.0.2.1", 8080) == "port 8080 of 192.0.2.1 cannot be used: " + (
        "Cannot assign requested address"
    )
    assert port_error("no-such-host.invalid", 8080) == "no-such-host.invalid is not known to this machine"


def test_free_ports_are_different_and_none_is_excluded() -> None:
    excluded = list(CANDIDATES)[10:]
    ports = free_ports(3, excluded=excluded)
    assert len(set(ports)) == 3
    assert not set(ports) & set(excluded)
