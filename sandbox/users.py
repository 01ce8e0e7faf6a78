"""The made-up users of users.yml, and the queries on them."""

from __future__ import annotations

import secrets
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import insert, select, update
from sqlalchemy.engine import Connection, RowMapping

from sandbox.schema import devices, numbers, sms, users
from sandbox.statuses import CodePurpose

USERS_FILE = Path(__file__).with_name("users.yml")


def seed(tx: Connection, now: float) -> None:
    """Insert the users of users.yml into an empty database."""
    for user in _load_file()["users"]:
        username = user["username"]
        tx.execute(
            insert(users).values(
                username=username,
                account=user["account"],
                identity=user["identity"],
                primary=user.get("primary", False),
                secure_login=user.get("secure_login", "opted_out"),
                opt_in=user.get("opt_in", "here"),
                compliance=user.get("compliance", False),
                reference=f"us_{secrets.token_urlsafe(12)}",
            )
        )
        for number, verified in user["numbers"].items():
            tx.execute(insert(numbers).values(username=username, number=number, verified=verified))
        for kind in user["devices"]:
            tx.execute(insert(devices).values(username=username, kind=kind, state="active"))
        if "last_sms" in user:
            tx.execute(
                insert(sms).values(
                    id=f"SM{secrets.token_hex(16)}",
                    purpose=CodePurpose.LOG_IN,
                    username=username,
                    client="",
                    number=next(iter(user["numbers"])),
                    # Old enough to count for no limit.
                    created_at=now - 90_000,
                    next_try_at=now,
                    **user["last_sms"],
                )
            )


def list_undeliverable() -> dict[str, str]:
    """Return the numbers that messages never reach, each with the reason."""
    return dict(_load_file()["carriers"])


def find(tx: Connection, username: str) -> RowMapping | None:
    """Return the user with this name."""
    return tx.execute(select(users).where(users.c.username == username)).mappings().first()


def list_active_devices(tx: Connection, username: str) -> list[str]:
    """Return the kinds of a user's active devices."""
    found = select(devices.c.kind).where(devices.c.username == username, devices.c.state == "active")
    return list(tx.execute(found.order_by(devices.c.id)).scalars())


def find_verified_number(tx: Connection, username: str) -> str | None:
    """Return a verified number of the user."""
    found = select(numbers.c.number).where(numbers.c.username == username, numbers.c.verified)
    number: str | None = tx.execute(found.order_by(numbers.c.number).limit(1)).scalar_one_or_none()
    return number


def find_by_verified_number(tx: Connection, number: str) -> str | None:
    """Return the user with this verified number on record; of several the primary user."""
    found = (
        select(users.c.username)
        .join(numbers, numbers.c.username == users.c.username)
        .where(numbers.c.number == number, numbers.c.verified)
        .order_by(users.c.primary.desc(), users.c.username)
        .limit(1)
    )
    username: str | None = tx.execute(found).scalar_one_or_none()
    return username


def find_primary_user(tx: Connection, account: str) -> str | None:
    """Return the primary user of an account."""
    found = select(users.c.username).where(users.c.account == account, users.c.primary).limit(1)
    username: str | None = tx.execute(found).scalar_one_or_none()
    return username


def list_numbers(tx: Connection, username: str) -> list[RowMapping]:
    """Return the rows of the user's numbers."""
    found = select(numbers).where(numbers.c.username == username).order_by(numbers.c.number)
    return list(tx.execute(found).mappings())


def mark_verified(tx: Connection, username: str, number: str) -> bool:
    """Mark a number as verified. Return False if it is not on this user's record."""
    changed = tx.execute(
        update(numbers)
        .where(numbers.c.username == username, numbers.c.number == number)
        .values(verified=True)
    )
    return bool(changed.rowcount)


def mask_username(username: str) -> str:
    """Return the first two and the last two letters: ha***01."""
    return f"{username[:2]}***{username[-2:]}"


@cache
def _load_file() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(USERS_FILE.read_text(encoding="utf-8"))
    return loaded
