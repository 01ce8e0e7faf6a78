"""`assistant desk ...`: agents' accounts, and the audit trail's check. Works beside a running stack."""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Callable

import segno

from bot.desk.accounts import AccountError, Accounts, NewSecrets, everybody
from bot.desk.keys import audit_key, desk_key
from bot.privacy.audit import AuditTrail
from bot.settings import Settings
from bot.storage import Database, StorageError
from bot.storage.transaction import Transaction

OPERATOR = "operator"


def desk(options: argparse.Namespace) -> int:
    """Runs one of the commands; 1 when it could not be done."""
    settings = Settings.read()
    database = Database(settings.database_url)
    try:
        database.migrate()
        return _COMMANDS[options.desk_command](options, database, desk_key(settings), settings)
    except (AccountError, StorageError) as error:
        print(f"assistant desk: {error}", file=sys.stderr)
        return 1


def _add(options: argparse.Namespace, database: Database, key: str, settings: Settings) -> int:
    password = _asked(options)

    def work(tx: Transaction) -> NewSecrets:
        new = Accounts(key).add(tx, options.name, options.shown_as or options.name, options.role, password)
        _audit(tx, key, "agent_added", options.name, options.role)
        return new

    _show(options.name, database.transact(work), settings, made_up=password is None)
    return 0


def _reset(options: argparse.Namespace, database: Database, key: str, settings: Settings) -> int:
    password = _asked(options)

    def work(tx: Transaction) -> NewSecrets:
        new = Accounts(key).reset(tx, options.name, password)
        _audit(tx, key, "agent_reset", options.name)
        return new

    _show(options.name, database.transact(work), settings, made_up=password is None)
    return 0


def _remove(options: argparse.Namespace, database: Database, key: str, _: Settings) -> int:
    def work(tx: Transaction) -> None:
        Accounts(key).remove(tx, options.name)
        _audit(tx, key, "agent_removed", options.name)

    database.transact(work)
    print(f"{options.name} can no longer log in")
    return 0


def _agents(_: argparse.Namespace, database: Database, __: str, ___: Settings) -> int:
    for name, shown_as, role, active in database.transact(everybody):
        print(f"{name:20} {role:8} {shown_as}{'' if active else '  (removed)'}")
    return 0


def _verify(_: argparse.Namespace, database: Database, key: str, __: Settings) -> int:
    broken = database.transact(AuditTrail(audit_key(key)).first_broken)
    if broken is not None:
        print(f"assistant desk: the audit trail is broken at row {broken}", file=sys.stderr)
        return 1
    print("the audit trail is unbroken")
    return 0


_COMMANDS: dict[str, Callable[[argparse.Namespace, Database, str, Settings], int]] = {
    "add-agent": _add,
    "reset-agent": _reset,
    "remove-agent": _remove,
    "agents": _agents,
    "verify-audit": _verify,
}


def _asked(options: argparse.Namespace) -> str | None:
    if not options.ask_password:
        return None
    first = getpass.getpass("Password: ")
    if first != getpass.getpass("Again: "):
        raise AccountError("the two passwords differ")
    return first


def _show(name: str, new: NewSecrets, settings: Settings, *, made_up: bool) -> None:
    """The account's secrets, once: they are kept sealed or hashed only."""
    print(f"name:      {name}")
    if made_up:
        print(f"password:  {new.password}")
    print(f"TOTP key:  {new.totp_secret}")
    print(f"           {new.otpauth}")
    segno.make(new.otpauth, error="m").terminal(compact=True)
    print("Scan the code with an authenticator app, or type the key into it. It is not shown again.")
    print(f"Log in at  {settings.public_url or settings.gateway_url}/desk/")


def _audit(tx: Transaction, key: str, action: str, name: str, role: str = "") -> None:
    detail = {"name": name} | ({"role": role} if role else {})
    AuditTrail(audit_key(key)).append(tx, OPERATOR, action, detail=detail)
