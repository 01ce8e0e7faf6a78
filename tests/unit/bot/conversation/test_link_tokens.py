"""A deep link's token goes into the vault: it is in no table, and Rasa sees a reference."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest

from bot.conversation.worker import Worker
from bot.messages.link_tokens import find_link_token
from bot.storage import inbound, vault
from tests.support.gateway import FakeEngine, Parts, rows

TOKEN = "Zk3-_" + "aB9" * 12 + "xy"


@pytest.mark.parametrize(
    "text",
    [
        f"/start {TOKEN}",
        f" /start  {TOKEN} ",
        f"/START {TOKEN}",
        f"/start@help_bot {TOKEN}",
        f"／start {TOKEN}",
    ],
)
def test_a_token_is_found(text: str) -> None:
    assert find_link_token(text) == TOKEN


@pytest.mark.parametrize(
    "text",
    [
        "/start",
        "/start campaign",
        f"start {TOKEN}",
        f"/start {TOKEN} please",
        f"/start {TOKEN}!",
        f"/start {'a' * 65}",
        TOKEN,
    ],
)
def test_anything_else_is_none(text: str) -> None:
    assert find_link_token(text) is None


def bytes_in(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.glob("assistant.db*"))


async def test_the_token_is_sealed_before_it_is_stored_and_forgotten_after_the_turn(
    sqlite_parts: Parts, worker: Worker, engine: FakeEngine, tmp_path: Path
) -> None:
    token = secrets.token_urlsafe(32)
    await sqlite_parts.receive(f"/start {token}", channel="simulator.telegram", peer="person-1")
    message = (await rows(sqlite_parts.database, inbound))[0]
    assert (message["kind"], token in message["content"]) == ("link", False)
    sealed = (await rows(sqlite_parts.database, vault))[0]
    assert await sqlite_parts.database.run(sqlite_parts.vault.open, sealed["reference"]) == token
    await sqlite_parts.work_off(worker)
    assert engine.turns[0]["payload"] == f'/linking{{"link": "{sealed["reference"]}"}}'
    assert token not in str(engine.turns)
    assert await rows(sqlite_parts.database, vault) == []
    assert token.encode() not in bytes_in(tmp_path)


async def test_a_token_is_sealed_also_while_a_code_is_awaited(sqlite_parts: Parts) -> None:
    await sqlite_parts.change(expected_input="code", expected_input_until=sqlite_parts.clock() + 600)
    await sqlite_parts.receive(f"/start {TOKEN}")
    assert [row["kind"] for row in await rows(sqlite_parts.database, inbound)] == ["link"]
