"""`assistant desk ...`: accounts of agents, and the check of the audit trail. Works beside a running stack."""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Callable

import segno

from bot.cli.operator_audit import OperatorAction, record_action
from bot.desk.accounts import AccountError, Accounts, NewSecrets, list_agents
from bot.desk.desk_keys import audit_key, desk_key
from bot.domain import Role
from bot.privacy.audit import AuditTrail
from bot.settings import Settings
from bot.storage import Database, StorageError
from bot.storage.transaction import Transaction


def desk(options: argparse.Namespace) -> int:
    """Run one of the commands. Return 1 if it failed. Raise SettingsError."""
    settings = Settings.read()
    database = Database(settings.database_url)
    try:
        database.migrate()
        return _COMMANDS[options.desk_command](options, database, settings)
    except (AccountError, StorageError) as error:
        print(f"assistant desk: {error}", file=sys.stderr)
        return 1


def _add_agent(options: argparse.Namespace, database: Database, settings: Settings) -> int:
    password = _ask_password(options)
    accounts = Accounts(desk_key(settings))

    def work(tx: Transaction) -> NewSecrets:
        new = accounts.add(tx, options.name, options.shown_as or options.name, Role(options.role), password)
        detail = {"name": options.name, "role": options.role}
        record_action(tx, settings, OperatorAction.AGENT_ADDED, detail=detail)
        return new

    _print_secrets(options.name, database.transact(work), settings, with_password=password is None)
    return 0


def _reset_agent(options: argparse.Namespace, database: Database, settings: Settings) -> int:
    password = _ask_password(options)
    accounts = Accounts(desk_key(settings))

    def work(tx: Transaction) -> NewSecrets:
        new = accounts.reset(tx, options.name, password)
        record_action(tx, settings, OperatorAction.AGENT_RESET, detail={"name": options.name})
        return new

    _print_secrets(options.name, database.transact(work), settings, with_password=password is None)
    return 0


def _remove_agent(options: argparse.Namespace, database: Database, settings: Settings) -> int:
    accounts = Accounts(desk_key(settings))

    def work(tx: Transaction) -> None:
        accounts.remove(tx, options.name)
        record_action(tx, settings, OperatorAction.AGENT_REMOVED, detail={"name": options.name})

    database.transact(work)
    print(f"{options.name} can no longer log in")
    return 0


def _agents(_: argparse.Namespace, database: Database, __: Settings) -> int:
    for name, shown_as, role, active in database.transact(list_agents):
        print(f"{name:20} {role:8} {shown_as}{'' if active else '  (removed)'}")
    return 0


def _verify_audit(_: argparse.Namespace, database: Database, settings: Settings) -> int:
    broken = database.transact(AuditTrail(audit_key(desk_key(settings))).first_broken)
    if broken is not None:
        print(f"assistant desk: the audit trail is broken at row {broken}", file=sys.stderr)
        return 1
    print("the audit trail is unbroken")
    return 0


_COMMANDS: dict[str, Callable[[argparse.Namespace, Database, Settings], int]] = {
    "add-agent": _add_agent,
    "reset-agent": _reset_agent,
    "remove-agent": _remove_agent,
    "agents": _agents,
    "verify-audit": _verify_audit,
}


def _ask_password(options: argparse.Namespace) -> str | None:
    if not options.ask_password:
        return None
    password = getpass.getpass("Password: ")
    if password != getpass.getpass("Again: "):
        raise AccountError("the two passwords differ")
    return password


def _print_secrets(name: str, new: NewSecrets, settings: Settings, *, with_password: bool) -> None:
    """Print the secrets of an account. This happens once: they are stored sealed or hashed."""
    print(f"name:      {name}")
    if with_password:
        print(f"password:  {new.password}")
    print(f"TOTP key:  {new.totp_secret}")
    print(f"           {new.otpauth}")
    segno.make(new.otpauth, error="m").terminal(compact=True)
    print("Scan the code with an authenticator app, or type the key into it. It is not shown again.")
    print(f"Log in at  {settings.public_url or settings.gateway_url}/desk/")
