"""`assistant export` and `assistant erase`: the data of one client, including Rasa's tracker."""

from __future__ import annotations

import io
import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from bot.channels.simulator.phones import Phones
from bot.cli.client_data_command import erase, export
from bot.desk.desk_keys import audit_key, desk_key
from bot.messages import conversations
from bot.messages.conversations import Address
from bot.privacy.audit import AuditTrail
from bot.privacy.tracker import Tracker
from bot.settings import Settings
from bot.storage import Database
from tests.support.databases import migrated_file

NUMBER, CHAT = "+819012345678", "77"


@pytest.fixture
def state_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with the databases of a stack to which two clients have written."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STATE_DIR", str(tmp_path))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    (tmp_path / "assistant.db").write_bytes(migrated_file())
    phones = Phones(tmp_path / "simulator.db")
    with sqlite3.connect(tmp_path / "tracker.db") as tracker:
        tracker.execute("CREATE TABLE events (id INTEGER PRIMARY KEY, sender_id TEXT, data TEXT)")
        for address in (Address("simulator.sms", NUMBER), Address("simulator.telegram", CHAT)):
            opened = database(tmp_path).transact(conversations.open_at, address, "en")
            event = (opened.name, json.dumps({"event": "user", "text": address.peer}))
            tracker.execute("INSERT INTO events (sender_id, data) VALUES (?, ?)", event)
            phones.deliver(address.kind, address.peer, "bot", "Hello", [], [], address.peer)
    tracker.close()
    phones.close()
    return tmp_path


def database(folder: Path) -> Database:
    return Database(f"sqlite:///{folder / 'assistant.db'}")


def name_of(folder: Path, address: Address) -> str | None:
    found = database(folder).transact(conversations.find_by_address, address)
    return found.name if found else None


def test_the_data_of_a_client_are_printed_as_json_with_rasas_tracker(
    state_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert export(NUMBER) == 0
    (told,) = json.loads(capsys.readouterr().out)["conversations"]
    assert told["conversation"][0]["peer"] == NUMBER
    assert told["tracker"] == [{"event": "user", "text": NUMBER}]
    assert CHAT not in json.dumps(told["tracker"])


def test_a_client_is_erased_from_every_place_and_the_others_are_not(
    state_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = name_of(state_dir, Address("simulator.sms", NUMBER))
    other = name_of(state_dir, Address("simulator.telegram", CHAT))
    assert name is not None
    assert other is not None
    assert erase(NUMBER, ask=False) == 0
    assert f"erased: simulator.sms:{NUMBER}" in capsys.readouterr().err
    assert name_of(state_dir, Address("simulator.sms", NUMBER)) is None
    assert Tracker(state_dir).events(name) == []
    assert len(Tracker(state_dir).events(other)) == 1
    phones = Phones(state_dir / "simulator.db")
    assert phones.messages("sms", NUMBER, 0) == []
    assert len(phones.messages("telegram", CHAT, 0)) == 1
    phones.close()
    # Not in unused pages of the files either.
    for file in ("assistant.db", "tracker.db"):
        with sqlite3.connect(state_dir / file) as opened:
            opened.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        opened.close()
        assert NUMBER.encode() not in (state_dir / file).read_bytes()


@pytest.mark.parametrize(("answer", "code"), [("yes\n", 0), ("y\n", 1), ("", 1)])
def test_it_asks_first_and_only_yes_erases(
    state_dir: Path, monkeypatch: pytest.MonkeyPatch, answer: str, code: int
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(answer))
    assert erase(CHAT, ask=True) == code
    assert (name_of(state_dir, Address("simulator.telegram", CHAT)) is None) == (code == 0)


@pytest.mark.parametrize("command", ["export", "erase"])
def test_an_unknown_client_is_one_clear_line(
    state_dir: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    assert (export("nobody") if command == "export" else erase("nobody", ask=False)) == 1
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "nothing is kept of 'nobody'\n")


def test_both_are_recorded_in_the_audit_trail_without_the_client(state_dir: Path) -> None:
    export(NUMBER)
    erase(NUMBER, ask=False)
    key = audit_key(desk_key(Settings.read()))
    assert database(state_dir).transact(AuditTrail(key).first_broken) is None
    with sqlite3.connect(state_dir / "assistant.db") as opened:
        rows = opened.execute("SELECT actor, action, conversation_id, detail FROM audit").fetchall()
    opened.close()
    assert rows == [("operator", "client_exported", 1, "{}"), ("operator", "client_erased", 1, "{}")]


def test_a_locked_tracker_leaves_everything_unchanged(
    state_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("bot.privacy.tracker.MAX_LOCK_WAIT_SECONDS", 0.05)
    busy = sqlite3.connect(state_dir / "tracker.db", isolation_level=None)
    busy.execute("BEGIN EXCLUSIVE")
    assert erase(NUMBER, ask=False) == 1
    assert "Try again" in capsys.readouterr().err
    assert name_of(state_dir, Address("simulator.sms", NUMBER)) is not None
    busy.close()


def test_both_are_commands(state_dir: Path) -> None:
    said = subprocess.run(
        [sys.executable, "-m", "bot.cli.main", "erase", "--help"],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[4],
    )
    assert "PEER" in said.stdout
    assert "--yes" in said.stdout
