"""The vault: a code can be opened for its turn, and by nobody who has only the database."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from bot.privacy.vault import LIFETIME_SECONDS, Vault
from bot.storage import Database, vault
from tests.support.gateway import VAULT_KEY, ManualClock, Parts, rows

CODE = "739182"


def written(folder: Path) -> list[bytes]:
    return [file.read_bytes() for file in folder.glob("assistant.db*")]


async def seal(parts: Parts, code: str = CODE) -> str:
    owner = await parts.conversation()
    return await parts.database.run(parts.vault.seal, owner.id, code)


async def test_a_sealed_code_opens_again_and_again_within_its_turn(parts: Parts) -> None:
    reference = await seal(parts)

    assert [await parts.database.run(parts.vault.open, reference) for _ in range(3)] == [CODE] * 3


async def test_what_is_stored_is_neither_the_code_nor_always_the_same(parts: Parts) -> None:
    first, second = await seal(parts), await seal(parts)

    stored = {row["reference"]: row["sealed"] for row in await rows(parts.database, vault)}
    assert len(stored) == 2
    assert stored[first] != stored[second]
    assert not any(CODE in text for text in (*stored, *stored.values()))


async def test_the_bytes_of_the_code_are_nowhere_in_the_files(
    sqlite: Database, tmp_path: Path, clock: ManualClock
) -> None:
    await seal(Parts(sqlite, clock))

    files = written(tmp_path)
    assert len(files) >= 2
    assert not any(CODE.encode() in file for file in files)


async def test_a_reference_cannot_be_guessed_and_fits_where_it_has_to(parts: Parts) -> None:
    references = {await seal(parts) for _ in range(20)}

    assert len(references) == 20
    assert all(20 <= len(reference) <= 64 and reference.isascii() for reference in references)
    # It stands inside a JSON string in a payload.
    assert not any(set(reference) & set('"\\{}') for reference in references)


async def test_a_destroyed_code_is_gone(parts: Parts) -> None:
    reference, other = await seal(parts), await seal(parts, "111111")

    await parts.database.run(parts.vault.destroy, reference)

    assert await parts.database.run(parts.vault.open, reference) is None
    assert await parts.database.run(parts.vault.open, other) == "111111"
    assert CODE not in str(await rows(parts.database, vault))


async def test_a_code_that_nobody_took_does_not_open_after_two_minutes(parts: Parts) -> None:
    reference = await seal(parts)

    parts.clock.advance(LIFETIME_SECONDS - 0.1)
    assert await parts.database.run(parts.vault.open, reference) == CODE
    parts.clock.advance(0.1)
    assert await parts.database.run(parts.vault.open, reference) is None
    assert LIFETIME_SECONDS == 120


async def test_what_is_over_is_swept_away_and_nothing_else(parts: Parts) -> None:
    await seal(parts)
    parts.clock.advance(LIFETIME_SECONDS / 2)
    kept = await seal(parts)
    parts.clock.advance(LIFETIME_SECONDS / 2)

    await parts.database.run(parts.vault.sweep)

    assert [row["reference"] for row in await rows(parts.database, vault)] == [kept]


async def test_a_restarted_gateway_with_the_same_key_opens_it_and_one_with_another_does_not(
    parts: Parts,
) -> None:
    reference = await seal(parts)

    same = Vault(VAULT_KEY)
    another = Vault(Fernet.generate_key().decode())

    assert await parts.database.run(same.open, reference) == CODE
    assert await parts.database.run(another.open, reference) is None


@pytest.mark.parametrize("reference", ["", "x", "'; --", "a" * 500])
async def test_an_unknown_reference_opens_nothing(parts: Parts, reference: str) -> None:
    assert await parts.database.run(parts.vault.open, reference) is None
