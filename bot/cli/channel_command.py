"""`assistant channel ...`: halts and resumes sending, and shows dead letters. Works beside a running stack."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.engine import make_url

from bot.cli.operator_audit import OperatorAction, record_action
from bot.domain import OutboundStatus
from bot.messages import dead_letters, halts
from bot.settings import Settings
from bot.storage import Database, StorageError, conversation, outbound
from bot.storage.transaction import Transaction


def channel(options: argparse.Namespace) -> int:
    """Run one of the commands. Return 1 if the database cannot be used. Raise SettingsError."""
    settings = Settings.read()
    try:
        database = Database(settings.database_url)
        database.migrate()
    except StorageError as error:
        print(f"assistant channel: {error}", file=sys.stderr)
        return 1
    _COMMANDS[options.channel_command](options, database, settings)
    return 0


def find_halts(settings: Settings) -> dict[str, float]:
    """Return the halted channels and when each was halted; {} if there is no database or it cannot be read."""
    url = make_url(settings.database_url)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
        return {}
    try:
        return Database(settings.database_url).transact(halts.list_halted)
    except Exception:
        return {}


def format_time(at: float) -> str:
    """Format a time, given in UTC seconds since 1970, for operators."""
    return datetime.fromtimestamp(at, timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")


def _status(_: argparse.Namespace, database: Database, __: Settings) -> None:
    halted_at, queued = database.transact(lambda tx: (halts.list_halted(tx), _count_queued(tx)))
    for name in halts.CHANNELS:
        state = f"halted at {format_time(halted_at[name])}" if name in halted_at else "sends"
        print(f"{name:20} {state}; {queued.get(name, 0)} to be sent")


def _halt(options: argparse.Namespace, database: Database, settings: Settings) -> None:
    def halt(tx: Transaction, name: str) -> bool:
        changed = halts.halt(tx, name)
        if changed:
            record_action(tx, settings, OperatorAction.SENDING_HALTED, detail={"channel": name})
        return changed

    for name in _channels(options):
        changed = database.transact(halt, name)
        print(f"{name}: sending is halted; messages wait" if changed else f"{name}: was halted before")


def _resume(options: argparse.Namespace, database: Database, settings: Settings) -> None:
    def resume(tx: Transaction, name: str) -> bool:
        changed = halts.resume(tx, name)
        if changed:
            record_action(tx, settings, OperatorAction.SENDING_RESUMED, detail={"channel": name})
        return changed

    for name in _channels(options):
        changed = database.transact(resume, name)
        print(f"{name}: sends again, oldest messages first" if changed else f"{name}: was not halted")


def _dead_letters(options: argparse.Namespace, database: Database, _: Settings) -> None:
    for letter in database.transact(dead_letters.newest, options.limit):
        print(f"{letter.id}  {format_time(letter.received_at)}  {letter.channel}  {letter.reason}")
        print(f"    {letter.content}")


_COMMANDS: dict[str, Callable[[argparse.Namespace, Database, Settings], None]] = {
    "status": _status,
    "halt": _halt,
    "resume": _resume,
    "dead-letters": _dead_letters,
}


def _channels(options: argparse.Namespace) -> Sequence[str]:
    return halts.CHANNELS if options.channel == "all" else (options.channel,)


def _count_queued(tx: Transaction) -> dict[str, int]:
    """Count the messages that are still to be sent, per channel."""
    query = (
        select(conversation.c.channel, func.count())
        .select_from(outbound.join(conversation, conversation.c.id == outbound.c.conversation_id))
        .where(outbound.c.state == OutboundStatus.QUEUED)
        .group_by(conversation.c.channel)
    )
    return {str(name): int(count) for name, count in tx.execute(query).all()}
