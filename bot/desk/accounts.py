"""Agents' accounts: a password (argon2id), a second factor (TOTP) and a role. Only the command line creates them."""

from __future__ import annotations

import re
import secrets
import unicodedata
from dataclasses import dataclass

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import delete, func, insert, select, update

from bot.handoff.agent_commands import Agent
from bot.storage.desk_tables import agent, desk_session, login_failure
from bot.storage.transaction import Transaction

ROLES = ("agent", "lead", "auditor")
MIN_PASSWORD_CHARACTERS = 12
MAX_PASSWORD_CHARACTERS = 256
ISSUER = "Secure Login Assistant"
_NAME = re.compile(r"[a-z][a-z0-9._-]{0,31}")

# Guessing: so many failures within this time, for a name from one address, for a name, and for an address.
WINDOW_SECONDS = 900.0
BY_NAME_AND_ADDRESS, BY_NAME, BY_ADDRESS = 5, 30, 50
# A code is good for its 30 seconds and the ones before and after, for clocks that differ.
TOTP_STEP_SECONDS, TOTP_DRIFT = 30, 1

# argon2-cffi's defaults are those of RFC 9106 for little memory: 64 MiB, 3 rounds, 4 lanes.
COSTLY = PasswordHasher()


class AccountError(Exception):
    """An account cannot be created or changed. The message is one line for the operator."""


class TooManyFailuresError(Exception):
    """Too many failed log-ins for a name or from an address."""


@dataclass(frozen=True)
class NewSecrets:
    """The secrets of a new account, shown once: the password, and the URI for an authenticator app."""

    password: str
    otpauth: str
    totp_secret: str


class Accounts:
    """Creates and checks accounts in the caller's transaction. `key` is the desk's Fernet key.

    `hasher` sets the cost of guessing a password from its hash.
    """

    def __init__(self, key: str, hasher: PasswordHasher = COSTLY) -> None:
        self._fernet = Fernet(key)
        self._hasher = hasher
        # Compared with where there is no such agent, so that it takes as long.
        self._nobody = hasher.hash(secrets.token_urlsafe(16))

    def add(self, tx: Transaction, name: str, shown_as: str, role: str, password: str | None) -> NewSecrets:
        """Add an agent, with a random password unless one is given. Raises AccountError."""
        if not _NAME.fullmatch(name):
            raise AccountError("a name is 1 to 32 small letters, digits and . _ -, a letter first")
        if role not in ROLES:
            raise AccountError(f"a role is one of {', '.join(ROLES)}")
        if tx.execute(select(agent.c.id).where(agent.c.name == name)).first():
            raise AccountError(f"there is an agent {name} already")
        new = self._new_secrets(name, password)
        tx.execute(
            insert(agent).values(
                name=name,
                shown_as=shown_as.strip()[:64] or name,
                role=role,
                password_hash=self._hasher.hash(new.password),
                totp_sealed=self._fernet.encrypt(new.totp_secret.encode()).decode(),
                totp_step=0,
                active=True,
                created_at=tx.now,
            )
        )
        return new

    def reset(self, tx: Transaction, name: str, password: str | None) -> NewSecrets:
        """Set a new password and a new second factor, and end the agent's sessions."""
        agent_id = self._id(tx, name)
        new = self._new_secrets(name, password)
        tx.execute(
            update(agent)
            .where(agent.c.id == agent_id)
            .values(
                password_hash=self._hasher.hash(new.password),
                totp_sealed=self._fernet.encrypt(new.totp_secret.encode()).decode(),
                totp_step=0,
                active=True,
            )
        )
        tx.execute(delete(desk_session).where(desk_session.c.agent_id == agent_id))
        tx.execute(delete(login_failure).where(login_failure.c.name == name))
        return new

    def remove(self, tx: Transaction, name: str) -> None:
        """Deactivate the agent. What they did stays under their name."""
        agent_id = self._id(tx, name)
        tx.execute(update(agent).where(agent.c.id == agent_id).values(active=False, seen_at=None))
        tx.execute(delete(desk_session).where(desk_session.c.agent_id == agent_id))

    def log_in(self, tx: Transaction, name: str, password: str, code: str, address: str) -> Agent | None:
        """Return the agent with this name, password and code; None if any of them is wrong.

        A code is accepted once. Raises TooManyFailuresError.
        """
        name = name.strip().lower()[:64]
        tx.execute(delete(login_failure).where(login_failure.c.at < tx.now - WINDOW_SECONDS))
        if _failures(tx, name, address):
            raise TooManyFailuresError
        row = tx.execute(select(agent).where(agent.c.name == name, agent.c.active)).first()
        right = self._is_password(row.password_hash if row else self._nobody, password)
        step = self._step(row.totp_sealed, code, tx.now) if row else None
        if row is not None and right and step is not None and step > row.totp_step:
            used = tx.execute(
                update(agent)
                .where(agent.c.id == row.id, agent.c.totp_step < step)
                .values(totp_step=step, seen_at=tx.now)
            ).rowcount
            if used:
                tx.execute(
                    delete(login_failure).where(
                        login_failure.c.name == name, login_failure.c.address == address
                    )
                )
                return Agent(row.id, row.name, row.shown_as, row.role)
        tx.execute(insert(login_failure).values(name=name, address=address, at=tx.now))
        return None

    def _new_secrets(self, name: str, password: str | None) -> NewSecrets:
        # Four groups of letters that are not mistaken for each other: 20 of 31, about 99 bits.
        made_up = "-".join(
            "".join(secrets.choice("abcdefghjkmnpqrstuvwxyz23456789") for _ in range(5)) for _ in range(4)
        )
        password = made_up if password is None else password
        if not MIN_PASSWORD_CHARACTERS <= len(password) <= MAX_PASSWORD_CHARACTERS:
            raise AccountError(
                f"a password has {MIN_PASSWORD_CHARACTERS} to {MAX_PASSWORD_CHARACTERS} characters"
            )
        secret = pyotp.random_base32()
        otpauth = pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=ISSUER)
        return NewSecrets(password, otpauth, secret)

    def _is_password(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, password[:MAX_PASSWORD_CHARACTERS])
        except (VerificationError, InvalidHashError):
            return False

    def _step(self, sealed: str, code: str, now: float) -> int | None:
        """Return the time step of the code; None when it is not valid now."""
        digits = "".join(unicodedata.normalize("NFKC", code).split())
        try:
            totp = pyotp.TOTP(self._fernet.decrypt(sealed.encode()).decode())
        except InvalidToken:
            return None
        current = int(now) // TOTP_STEP_SECONDS
        good = [
            step
            for step in range(current - TOTP_DRIFT, current + TOTP_DRIFT + 1)
            if pyotp.utils.strings_equal(totp.at(step * TOTP_STEP_SECONDS), digits)
        ]
        return good[-1] if good else None

    def _id(self, tx: Transaction, name: str) -> int:
        found = tx.execute(select(agent.c.id).where(agent.c.name == name)).scalar()
        if found is None:
            raise AccountError(f"there is no agent {name}")
        return int(found)


def list_agents(tx: Transaction) -> list[tuple[str, str, str, bool]]:
    """Return name, shown name, role and whether the account is active, ordered by name."""
    rows = tx.execute(select(agent).order_by(agent.c.name))
    return [(row.name, row.shown_as, row.role, bool(row.active)) for row in rows]


def _failures(tx: Transaction, name: str, address: str) -> bool:
    """Whether there were too many failures."""
    by_name, by_address = login_failure.c.name == name, login_failure.c.address == address
    for limit, which in (
        (BY_NAME_AND_ADDRESS, by_name & by_address),
        (BY_NAME, by_name),
        (BY_ADDRESS, by_address),
    ):
        query = select(func.count()).select_from(login_failure).where(which)
        if int(tx.execute(query).scalar_one()) >= limit:
            return True
    return False
