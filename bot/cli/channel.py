"""`assistant channel ...`: the switch for sending, and what nobody could read. Works beside a running stack."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.engine import Transaction, make_url

from bot.desk.keys import audit_key, desk_key
from bot.messages import dead_letters, halts
from bot.privacy.audit import AuditTrail
from bot.settings import Settings
from bot.storage import Database, StorageError, conversation, outbound

OPERATOR = "operator"


def channel(options: argparse.Namespace) -> int:
    """Runs one of the commands; 1 when the database cannot be used. Raises SettingsError."""
    settings = Settings.read()
    try:
        database = Database(settings.database_url)
        database.migrate()
    except StorageError as error:
        print(f"assistant channel: {error}", file=sys.stderr)
        return 1
    _COMMANDS[options.channel_command](options, database, settings)
    return 0


def halted(settings: Settings) -> dict[str, float]:
    """The halted channels and since when; none where there is no database that could be asked."""
    url = make_url(settings.database_url)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
        return {}
    try:
        return Database(settings.database_url).transact(halts.halted)
    except Exception:
        return {}


def shown(at: float) -> str:
    """A time as operators read it."""
    return datetime.fromtimestamp(at, timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")


def _status(_: argparse.Namespace, database: Database, __: Settings) -> None:
    since, waiting = database.transact(lambda tx: (halts.halted(tx), _waiting(tx)))
    for name in halts.CHANNELS:
        state = f"halted at {shown(since[name])}" if name in since else "sends"
        print(f"{name:20} {state}; {waiting.get(name, 0)} to be sent")


def _halt(options: argparse.Namespace, database: Database, settings: Settings) -> None:
    for name in _named(options):
        if database.transact(halts.halt, name):
            _audit(database, settings, "sending_halted", name)
            print(f"{name}: nothing more is sent; what is to be said waits")
        else:
            print(f"{name}: was halted before")


def _resume(options: argparse.Namespace, database: Database, settings: Settings) -> None:
    for name in _named(options):
        if database.transact(halts.resume, name):
            _audit(database, settings, "sending_resumed", name)
            print(f"{name}: sends again, beginning with what has waited")
        else:
            print(f"{name}: was not halted")


def _dead_letters(options: argparse.Namespace, database: Database, _: Settings) -> None:
    for letter in database.transact(dead_letters.newest, options.limit):
        print(f"{letter.id}  {shown(letter.received_at)}  {letter.channel}  {letter.reason}")
        print(f"    {letter.content}")


_COMMANDS: dict[str, Callable[[argparse.Namespace, Database, Settings], None]] = {
    "status": _status,
    "halt": _halt,
    "resume": _resume,
    "dead-letters": _dead_letters,
}


def _named(options: argparse.Namespace) -> tuple[str, ...]:
    return halts.CHANNELS if options.channel == "all" else (options.channel,)


def _waiting(tx: Transaction) -> dict[str, int]:
    """How many messages of each channel are still to be sent."""
    query = (
        select(conversation.c.channel, func.count())
        .select_from(outbound.join(conversation, conversation.c.id == outbound.c.conversation_id))
        .where(outbound.c.state == "queued")
        .group_by(conversation.c.channel)
    )
    return {str(name): int(count) for name, count in tx.execute(query).all()}


def _audit(database: Database, settings: Settings, action: str, name: str) -> None:
    trail = AuditTrail(audit_key(desk_key(settings)))
    database.transact(trail.append, OPERATOR, action, detail={"channel": name})
