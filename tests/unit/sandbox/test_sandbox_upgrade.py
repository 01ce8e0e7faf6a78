"""A database that the previous version wrote works under this one."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.sandbox import RunningSandbox, running_sandbox

# Written by the previous version: a link, a verification with one wrong code, a sharing request, and an opt-in whose
# text message is still queued.
DATABASE = Path(__file__).with_name("database_of_version_2.sql")
WRITTEN_AT = 1796091028.7
VERIFICATION, CODE = "pv_rgceNAq9Jq9uFKL3bEWj8w", "364213"
OPT_IN = "oi_aLDMZWBCAphB2PBXHVqCnA"


@pytest.fixture
def upgraded(tmp_path: Path) -> Iterator[RunningSandbox]:
    (tmp_path / "sandbox.key").write_bytes(b"k" * 32)
    connection = sqlite3.connect(tmp_path / "sandbox.db")
    connection.executescript(DATABASE.read_text(encoding="utf-8"))
    # The codes have not expired yet.
    connection.execute("UPDATE clock SET offset_seconds = ?", (WRITTEN_AT - time.time(),))
    connection.commit()
    connection.close()
    with running_sandbox(tmp_path) as sandbox:
        yield sandbox


def test_links_and_requests_are_kept(upgraded: RunningSandbox) -> None:
    assert upgraded.read("/link").json()["state"] == "linked"
    assert upgraded.read("/device-sharing/requests").json()["requests"][0]["state"] == "awaiting_portal"


def test_a_code_that_was_sent_before_works_and_its_failures_count(upgraded: RunningSandbox) -> None:
    assert upgraded.ledger()["verifications"][0]["failures"] == 1
    assert upgraded.check(VERIFICATION, CODE).json()["standing"] == "in_force"


def test_a_repeated_write_gets_its_stored_answer(upgraded: RunningSandbox) -> None:
    before = upgraded.ledger()["writes"]
    repeated = upgraded.write("/phone-verifications", {"number": "+819012345601"}, key="old:start")
    assert (repeated.status_code, repeated.json()["id"]) == (201, VERIFICATION)
    assert repeated.headers["Idempotent-Replayed"] == "true"
    assert upgraded.ledger()["writes"] == before


def test_a_queued_text_message_is_delivered(upgraded: RunningSandbox) -> None:
    code = upgraded.phone.next_code()
    done = upgraded.write(f"/secure-login/opt-ins/{OPT_IN}/check", {"code": code})
    assert done.json()["status"] == "opted_in"
