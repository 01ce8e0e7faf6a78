"""What every route checks first: how long a body is and what it holds, where the caller is, and the stack's token."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.channels.http import MAX_BODY_BYTES, read_json, require_loopback, require_token

TOKEN = "s" * 32


async def _read(request: Request) -> Response:
    return Response(json.dumps(await read_json(request)))


async def _local(request: Request) -> Response:
    require_loopback(request)
    return JSONResponse({})


async def _internal(request: Request) -> Response:
    require_token(request, TOKEN)
    return JSONResponse({})


APP = Starlette(
    routes=[
        Route("/read", _read, methods=["POST"]),
        Route("/local", _local),
        Route("/internal", _internal),
    ]
)


async def ask(
    method: str, path: str, *, client: str = "127.0.0.1", base: str = "http://127.0.0.1:8080", **more: Any
) -> httpx.Response:
    transport = httpx.ASGITransport(APP, client=(client, 50_000))
    async with httpx.AsyncClient(transport=transport, base_url=base) as http:
        return await http.request(method, path, **more)


def body_of(length: int) -> bytes:
    return json.dumps({"text": "x" * (length - len('{"text": ""}'))}).encode()


@pytest.mark.parametrize(
    "body",
    [b"{}", b' {"text": "\xe3\x81\x82"} ', b'{"text": "\\ud800"}', b'{"a": {"b": [1, null, true]}}'],
)
async def test_a_json_object_is_read(body: bytes) -> None:
    answer = await ask("POST", "/read", content=body)
    assert answer.status_code == 200
    assert answer.json() == json.loads(body)


async def test_a_body_of_64_kb_is_read_and_a_byte_more_is_refused() -> None:
    assert MAX_BODY_BYTES == 65_536
    assert (await ask("POST", "/read", content=body_of(MAX_BODY_BYTES))).status_code == 200
    assert (await ask("POST", "/read", content=body_of(MAX_BODY_BYTES + 1))).status_code == 413


async def test_a_body_without_a_length_is_refused_as_soon_as_it_is_too_long() -> None:
    given = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal given
        while given < 100:
            given += 1
            yield b" " * 10_000

    assert (await ask("POST", "/read", content=endless())).status_code == 413


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"hello",
        b"[]",
        b'[{"text": "a"}]',
        b"null",
        b"1",
        b'"text"',
        b"\xff\xfe\x00",
        b'{"text": "\xe3"}',
        b'{"a": 1}{"a": 2}',
        b"[" * 60_000,
        b'{"a":' * 12_000,
        b"1" * 60_000,
        b"text=hello",
    ],
    ids=range(15),
)
async def test_what_is_no_json_object_is_refused(body: bytes) -> None:
    answer = await ask("POST", "/read", content=body)
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("client", "base"),
    [
        ("127.0.0.1", "http://127.0.0.1:8080"),
        ("127.0.0.1", "http://localhost:8080"),
        ("127.0.0.1", "http://LOCALHOST"),
        ("::1", "http://[::1]:8080"),
    ],
)
async def test_this_machine_may_call(client: str, base: str) -> None:
    assert (await ask("GET", "/local", client=client, base=base)).status_code == 200


@pytest.mark.parametrize("client", ["10.0.0.7", "192.168.1.2", "203.0.113.9", "fe80::1", "0.0.0.0", ""])
async def test_another_machine_may_not(client: str) -> None:
    assert (await ask("GET", "/local", client=client)).status_code == 403


@pytest.mark.parametrize(
    "header", ["X-Forwarded-For", "x-forwarded-host", "Forwarded", "X-Real-IP", "X-FORWARDED-FOR"]
)
async def test_what_came_through_a_proxy_may_not(header: str) -> None:
    assert (await ask("GET", "/local", headers={header: "127.0.0.1"})).status_code == 403
    assert (await ask("GET", "/local", headers={header: ""})).status_code == 403


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8080",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "127.0.0.1@evil.example",
        "127.0.0.2",
        "0.0.0.0:8080",
        "[",
        "[::1",
        " ",
        "",
    ],
)
async def test_a_call_under_another_name_may_not(host: str) -> None:
    # A page elsewhere may have its own name point to this machine.
    assert (await ask("GET", "/local", headers={"Host": host})).status_code == 403


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://127.0.0.1:8080", 200),
        ("http://127.0.0.1:9090", 403),
        ("http://127.0.0.1", 403),
        ("https://127.0.0.1:8080", 403),
        ("http://localhost:8080", 403),
        ("http://evil.example", 403),
        ("null", 403),
        ("file://", 403),
    ],
)
async def test_only_the_pages_of_this_address_may_call(origin: str, status: int) -> None:
    assert (await ask("GET", "/local", headers={"Origin": origin})).status_code == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Authorization": f"Bearer {TOKEN}"}, 200),
        ({}, 401),
        ({"Authorization": ""}, 401),
        ({"Authorization": TOKEN}, 401),
        ({"Authorization": f"Bearer {TOKEN}x"}, 401),
        ({"Authorization": f"Bearer {TOKEN[:-1]}"}, 401),
        ({"Authorization": f"Bearer  {TOKEN}"}, 401),
        ({"Authorization": f"bearer {TOKEN}"}, 401),
        ({"Authorization": "Bearer \u00e9".encode("latin-1")}, 401),
        ({"Authorization": f"Basic {TOKEN}"}, 401),
    ],
)
async def test_only_the_stacks_own_token_opens(headers: dict[str, Any], status: int) -> None:
    assert (await ask("GET", "/internal", headers=headers)).status_code == status
