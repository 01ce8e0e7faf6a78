"""The users: made up in clients.yml, looked up by what a rule needs to know of them."""

from __future__ import annotations

import secrets
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import insert, select, update
from sqlalchemy.engine import Connection, RowMapping

from sandbox.storage import devices, numbers, sms, users

CLIENTS = Path(__file__).with_name("clients.yml")


def seed(tx: Connection, now: float) -> None:
    """Put the users of clients.yml into a new database."""
    for user in _clients()["users"]:
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
                    purpose="log_in",
                    username=username,
                    client="",
                    number=next(iter(user["numbers"])),
                    # So long ago that it counts for no limit.
                    created_at=now - 90_000,
                    next_try_at=now,
                    **user["last_sms"],
                )
            )


def carriers() -> dict[str, str]:
    """Number -> why its messages do not arrive."""
    return dict(_clients()["carriers"])


def find(tx: Connection, username: str) -> RowMapping | None:
    """The user called so."""
    return tx.execute(select(users).where(users.c.username == username)).mappings().first()


def active_devices(tx: Connection, username: str) -> list[str]:
    """The kinds of a user's active devices."""
    found = select(devices.c.kind).where(devices.c.username == username, devices.c.state == "active")
    return list(tx.execute(found.order_by(devices.c.id)).scalars())


def verified_number(tx: Connection, username: str) -> str | None:
    """A verified number of the user."""
    found = select(numbers.c.number).where(numbers.c.username == username, numbers.c.verified)
    number: str | None = tx.execute(found.order_by(numbers.c.number).limit(1)).scalar_one_or_none()
    return number


def with_verified_number(tx: Connection, number: str) -> str | None:
    """The user who has the number on record and verified; of several the primary user."""
    found = (
        select(users.c.username)
        .join(numbers, numbers.c.username == users.c.username)
        .where(numbers.c.number == number, numbers.c.verified)
        .order_by(users.c.primary.desc(), users.c.username)
        .limit(1)
    )
    username: str | None = tx.execute(found).scalar_one_or_none()
    return username


def primary_of(tx: Connection, account: str) -> str | None:
    """The primary user of an account."""
    found = select(users.c.username).where(users.c.account == account, users.c.primary).limit(1)
    username: str | None = tx.execute(found).scalar_one_or_none()
    return username


def on_record(tx: Connection, username: str) -> list[RowMapping]:
    """The user's numbers with their verified flags."""
    found = select(numbers).where(numbers.c.username == username).order_by(numbers.c.number)
    return list(tx.execute(found).mappings())


def mark_verified(tx: Connection, username: str, number: str) -> bool:
    """Mark a number on record as verified. False when it is not on this user's record."""
    changed = tx.execute(
        update(numbers)
        .where(numbers.c.username == username, numbers.c.number == number)
        .values(verified=True)
    )
    return bool(changed.rowcount)


def mask_name(username: str) -> str:
    """The first and the last two letters: ha***01."""
    return f"{username[:2]}***{username[-2:]}"


@cache
def _clients() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(CLIENTS.read_text(encoding="utf-8"))
    return loaded
