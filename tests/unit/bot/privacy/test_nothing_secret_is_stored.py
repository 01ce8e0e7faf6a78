"""No password that a client types is stored in any row or in any byte of the files."""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.storage import Database, inbound
from tests.support.databases import migrated_file
from tests.support.gateway import ManualClock, Parts, rows

PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))
FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}

# As the brokerage requires them: letters and digits, and any printable character.
passwords = st.text(PRINTABLE, min_size=8, max_size=24).filter(
    lambda text: any(sign.isalpha() for sign in text) and any(sign.isdigit() for sign in text)
)
pins = st.text("0123456789", min_size=4, max_size=6)
sentences = st.sampled_from(
    [
        "my password is {}",
        "Password: {}",
        "{} is my password",
        "パスワードは{}です",
        "my password is\n{} , ok?",
    ]
)
pin_sentences = st.sampled_from(
    ["my PIN is {}", "PIN {}", "{} is my PIN", "暗証番号は{}です", "PINを{}にしました", "my PIN is {}."]
)


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    # Outside any event loop: each example runs its own.
    file = tmp_path / "assistant.db"
    file.write_bytes(migrated_file())
    clock = ManualClock()
    database = Database(f"sqlite:///{file}", clock)
    yield Parts(database, clock)
    asyncio.run(database.close())


def is_found(parts: Parts, folder: Path, secret: str, sentence: str) -> bool:
    """Return whether the last row or any file contains `secret` after a message with it was received."""

    async def receive() -> str:
        accepted = await parts.receive(sentence.format(secret))
        (row,) = await rows(parts.database, inbound, id=accepted.id)
        return str(row["content"])

    content = asyncio.run(receive())
    spellings = {secret, unicodedata.normalize("NFKC", secret)}
    files = [file.read_bytes() for file in folder.glob("assistant.db*")]
    return any(text in content or any(text.encode() in file for file in files) for text in spellings)


several = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@several
@given(password=passwords, sentence=sentences, wide=st.booleans())
def test_a_password_is_left_nowhere(
    parts: Parts, tmp_path: Path, password: str, sentence: str, wide: bool
) -> None:
    written = password.translate(FULL_WIDTH) if wide else password
    assert not is_found(parts, tmp_path, written, sentence)


@several
@given(pin=pins, sentence=pin_sentences, wide=st.booleans())
def test_a_pin_is_left_in_no_row(parts: Parts, pin: str, sentence: str, wide: bool) -> None:
    # Four digits may be anywhere in a file by chance, so the rows are looked at.
    written = pin.translate(FULL_WIDTH) if wide else pin

    async def receive() -> str:
        accepted = await parts.receive(sentence.format(written))
        (row,) = await rows(parts.database, inbound, id=accepted.id)
        return unicodedata.normalize("NFKC", row["content"])

    assert pin not in asyncio.run(receive())


def test_the_search_would_find_what_is_stored(parts: Parts, tmp_path: Path) -> None:
    assert is_found(parts, tmp_path, "sunflowers77", "my favourites are {}")
