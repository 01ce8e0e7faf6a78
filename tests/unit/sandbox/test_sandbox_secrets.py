"""Codes and tokens are in no file and no log."""

from __future__ import annotations

import logging
import stat
from pathlib import Path

import pytest

from sandbox.server_key import KEY_BYTES, ServerKey, UnreadableTextError, load_server_key
from tests.support.sandbox import RunningSandbox, other_than


def read_database(sandbox: RunningSandbox) -> bytes:
    files = sorted(sandbox.settings.state_dir.glob("sandbox.db*"))
    assert any(file.name.endswith("-wal") for file in files)
    return b"".join(file.read_bytes() for file in files)


def test_no_code_is_in_the_database_or_the_log_at_any_step(
    sandbox: RunningSandbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    # While the phone is down the message is in the database, where a code could be read.
    sandbox.phone.refuse()
    id = sandbox.begin("simulator.sms:a", "+819012345678").json()["id"]
    sandbox.phone.wait_for_tries(2)
    waiting = read_database(sandbox)
    sandbox.phone.take()
    code = sandbox.phone.next_code()
    wrong = other_than(code)
    sandbox.check(id, wrong, key="wrong")
    sandbox.check(id, code, key="right")
    sandbox.check(id, code, key="again")
    stored = waiting + read_database(sandbox)
    assert b"+819012345678" in stored, "these are not the database's files"
    for secret in (code, wrong, "is your confirm code"):
        assert secret.encode() not in stored
        assert secret not in caplog.text
        assert secret not in sandbox.http.get("/sandbox/ledger").text


def test_only_the_owner_can_read_the_server_key_and_it_is_not_in_the_database(
    sandbox: RunningSandbox,
) -> None:
    file = sandbox.settings.key_file
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(file.read_bytes()) == KEY_BYTES
    assert file.read_bytes() not in read_database(sandbox)


def test_the_server_key_is_created_once(tmp_path: Path) -> None:
    first = load_server_key(tmp_path / "state" / "sandbox.key")
    second = load_server_key(tmp_path / "state" / "sandbox.key")
    assert first.code_digest("pv_1", "123456") == second.code_digest("pv_1", "123456")
    assert [file.name for file in (tmp_path / "state").iterdir()] == ["sandbox.key"]


def test_a_damaged_server_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "sandbox.key").write_bytes(b"short")
    with pytest.raises(ValueError, match="32 bytes"):
        load_server_key(tmp_path / "sandbox.key")


def test_a_digest_depends_on_the_verification_and_on_the_key() -> None:
    keys, others = ServerKey(bytes(32)), ServerKey(b"k" * 32)
    assert keys.code_digest("pv_1", "123456") != keys.code_digest("pv_2", "123456")
    assert keys.code_digest("pv_1", "123456") != others.code_digest("pv_1", "123456")


def test_a_text_can_be_decrypted_only_with_the_key_that_sealed_it() -> None:
    keys = ServerKey(bytes(32))
    sealed = keys.seal("123456")
    assert keys.unseal(sealed) == "123456"
    assert b"123456" not in sealed
    with pytest.raises(UnreadableTextError):
        ServerKey(b"k" * 32).unseal(sealed)
