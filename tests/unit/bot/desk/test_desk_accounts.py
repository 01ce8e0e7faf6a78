"""Accounts and sessions: three things to log in, nothing said about which was wrong, and an end to both."""

from __future__ import annotations

from types import SimpleNamespace

import pyotp
import pytest
import sqlalchemy as sa
from argon2 import Type, extract_parameters
from argon2.exceptions import VerifyMismatchError

from bot.desk import sessions
from bot.desk.accounts import (
    BY_NAME_AND_ADDRESS,
    WINDOW_SECONDS,
    AccountError,
    Accounts,
    NewSecrets,
    TooManyFailuresError,
)
from bot.handoff.agent_commands import Agent
from bot.privacy.audit import AuditTrail
from bot.storage import Database
from bot.storage.desk_tables import agent, audit
from tests.support.desk import QUICK
from tests.support.gateway import VAULT_KEY, ManualClock, rows

PASSWORD = "correct-horse-battery"
ACCOUNTS = Accounts(VAULT_KEY, QUICK)


@pytest.fixture
async def anna(database: Database, clock: ManualClock) -> NewSecrets:
    return await database.run(ACCOUNTS.add, "anna", "Anna", "agent", PASSWORD)


def code(of: NewSecrets, clock: ManualClock, ahead: int = 0) -> str:
    return pyotp.TOTP(of.totp_secret).at(clock() + 30 * ahead)


async def log_in(
    database: Database, clock: ManualClock, name: str, password: str, digits: str, address: str = "1.2.3.4"
) -> Agent | None:
    return await database.run(ACCOUNTS.log_in, name, password, digits, address)


async def test_name_password_and_code_together_open_the_door(
    database: Database, clock: ManualClock, anna: NewSecrets
) -> None:
    found = await log_in(database, clock, " Anna ", PASSWORD, code(anna, clock))
    assert found is not None
    assert (found.name, found.role) == ("anna", "agent")


async def test_any_of_them_wrong_keeps_it_shut(
    database: Database, clock: ManualClock, anna: NewSecrets
) -> None:
    good = code(anna, clock)
    for name, password, digits in (
        ("anna", "wrong-horse-battery", good),
        ("anna", PASSWORD, "000000" if good != "000000" else "111111"),
        ("anna", PASSWORD, ""),
        ("nobody", PASSWORD, good),
    ):
        assert await log_in(database, clock, name, password, digits) is None


async def test_a_code_serves_once(database: Database, clock: ManualClock, anna: NewSecrets) -> None:
    good = code(anna, clock)
    assert await log_in(database, clock, "anna", PASSWORD, good)
    assert await log_in(database, clock, "anna", PASSWORD, good) is None
    clock.advance(30)
    assert await log_in(database, clock, "anna", PASSWORD, code(anna, clock))


@pytest.mark.parametrize(("ahead", "good"), [(-2, False), (-1, True), (1, True), (2, False)])
async def test_clocks_may_differ_by_half_a_minute(
    database: Database, clock: ManualClock, anna: NewSecrets, ahead: int, good: bool
) -> None:
    found = await log_in(database, clock, "anna", PASSWORD, code(anna, clock, ahead))
    assert (found is not None) == good


async def test_who_guesses_too_often_has_to_wait_also_with_the_right_ones(
    database: Database, clock: ManualClock, anna: NewSecrets
) -> None:
    for _ in range(BY_NAME_AND_ADDRESS):
        assert await log_in(database, clock, "anna", "wrong-horse-battery", "123456") is None
    with pytest.raises(TooManyFailuresError):
        await log_in(database, clock, "anna", PASSWORD, code(anna, clock))
    # Somebody else's guesses do not lock the agent out where they sit.
    assert await log_in(database, clock, "anna", PASSWORD, code(anna, clock), "5.6.7.8")
    clock.advance(WINDOW_SECONDS + 30)
    assert await log_in(database, clock, "anna", PASSWORD, code(anna, clock))


async def test_passwords_of_the_desk_are_as_costly_as_argon2s_authors_advise(
    sqlite: Database, clock: ManualClock
) -> None:
    # What the desk is served with: no hasher is named.
    await sqlite.run(Accounts(VAULT_KEY).add, "anna", "Anna", "agent", PASSWORD)
    (row,) = await rows(sqlite, agent)
    kept = extract_parameters(row["password_hash"])
    assert (kept.type, kept.memory_cost, kept.time_cost, kept.parallelism) == (Type.ID, 64 * 1024, 3, 4)


async def test_an_unknown_name_takes_as_long_as_a_wrong_password(
    database: Database, clock: ManualClock, anna: NewSecrets, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared = []

    def verify(hashed: str, password: str) -> bool:
        compared.append(extract_parameters(hashed))
        raise VerifyMismatchError

    monkeypatch.setattr(ACCOUNTS, "_hasher", SimpleNamespace(verify=verify))
    for name in ("anna", "nobody"):
        await log_in(database, clock, name, "wrong-horse-battery", "123456")
    of_anna, of_nobody = compared
    assert of_anna == of_nobody, "each is compared once, with a hash that costs the same"


async def test_what_is_kept_gives_no_secret_away(database: Database, anna: NewSecrets) -> None:
    (row,) = await rows(database, agent)
    assert row["password_hash"].startswith("$argon2id$")
    assert PASSWORD not in str(row)
    assert anna.totp_secret not in str(row)


@pytest.mark.parametrize(
    ("name", "role", "password"),
    [
        ("Anna!", "agent", None),
        ("", "agent", None),
        ("bob", "king", None),
        ("bob", "agent", "short"),
        ("anna", "agent", None),
    ],
)
async def test_what_makes_no_account_is_said_in_one_line(
    database: Database, clock: ManualClock, anna: NewSecrets, name: str, role: str, password: str | None
) -> None:
    with pytest.raises(AccountError) as error:
        await database.run(ACCOUNTS.add, name, "Bob", role, password)
    assert "\n" not in str(error.value)


async def test_a_session_ends_after_twelve_hours_and_after_two_idle_ones(
    database: Database, clock: ManualClock, anna: NewSecrets
) -> None:
    found = await log_in(database, clock, "anna", PASSWORD, code(anna, clock))
    assert found is not None
    token = await database.run(sessions.begin, found)
    for _ in range(11):
        clock.advance(3600)
        assert await database.run(sessions.find, token)
    clock.advance(3600)
    assert await database.run(sessions.find, token) is None

    idle = await database.run(sessions.begin, found)
    clock.advance(2 * 3600 + 1)
    assert await database.run(sessions.find, idle) is None


@pytest.mark.parametrize("what", ["remove", "reset"])
async def test_who_is_removed_or_reset_is_logged_out_at_once(
    database: Database, clock: ManualClock, anna: NewSecrets, what: str
) -> None:
    found = await log_in(database, clock, "anna", PASSWORD, code(anna, clock))
    assert found is not None
    token = await database.run(sessions.begin, found)
    if what == "remove":
        await database.run(ACCOUNTS.remove, "anna")
    else:
        await database.run(ACCOUNTS.reset, "anna", None)
    assert await database.run(sessions.find, token) is None
    clock.advance(60)
    assert await log_in(database, clock, "anna", PASSWORD, code(anna, clock)) is None


async def test_an_audit_trail_that_was_changed_says_where(database: Database, clock: ManualClock) -> None:

    trail = AuditTrail(b"the desk's key")
    for number in range(5):
        await database.run(trail.append, "agent:1", "reply", conversation_id=number, detail={"n": number})
    assert await database.run(trail.first_broken) is None
    third = (await rows(database, audit))[2]["id"]

    for change in ({"actor": "agent:2"}, {"detail": {"n": 7}}, {"at": clock() + 1}, {"conversation_id": 9}):
        with pytest.raises(RuntimeError, match="as it was"):
            await database.run(
                changed, sa.update(audit).where(audit.c.id == third).values(**change), trail, third
            )
    with pytest.raises(RuntimeError, match="as it was"):
        await database.run(changed, sa.delete(audit).where(audit.c.id == third), trail, third + 1)
    assert await database.run(AuditTrail(b"another key").first_broken) is not None


def changed(connection, statement, trail: AuditTrail, expected: int) -> None:  # type: ignore[no-untyped-def]
    """Change the trail, see where it breaks, and leave it as it was."""
    connection.execute(statement)
    assert trail.first_broken(connection) == expected
    raise RuntimeError("as it was")
