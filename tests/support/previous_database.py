"""A database of revision 0006, before the columns followed the glossary, with rows in every table."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from bot.storage.database import MIGRATIONS, Database

REVISION = "0006"
NOW = 1_700_000_000.0
# The notices by their number, as that version stored them in `seq`.
SECRET_REMOVED, MISSED, TELEGRAM_INSTEAD = 0, 13, 16


def _conversation(id: int, state: str, **values: Any) -> dict[str, Any]:
    return {
        "id": id,
        "name": f"name-{id}",
        "channel": "sms",
        "peer": f"+8190000000{id:02}",
        "language": "ja",
        "state": state,
        "epoch": 0,
        "created_at": NOW,
        "quiet_until": 0.0,
        "stage": 0,
        **values,
    }


def _inbound(id: int, conversation_id: int, **values: Any) -> dict[str, Any]:
    return {
        "id": id,
        "conversation_id": conversation_id,
        "external_id": f"sms:{id}",
        "kind": "text",
        "content": f"message {id}",
        "redacted": False,
        "state": "done",
        "consumer": "bot",
        "attempts": 1,
        "due_at": NOW,
        "received_at": NOW,
        **values,
    }


def _outbound(id: int, conversation_id: int, **values: Any) -> dict[str, Any]:
    return {
        "id": id,
        "conversation_id": conversation_id,
        "inbound_id": None,
        "seq": 0,
        "origin": "bot",
        "language": "ja",
        "text": f"reply {id}",
        "buttons": [],
        "epoch": 0,
        "state": "sent",
        "attempts": 1,
        "due_at": NOW,
        "created_at": NOW,
        "despite_stop": False,
        "doubts": 0,
        "parts_sent": 0,
        **values,
    }


def _handoff(id: int, conversation_id: int, reason: str, packet: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "id": id,
        "conversation_id": conversation_id,
        "reason": reason,
        "priority": "urgent" if reason == "phone_lost" else "normal",
        "rank": 0,
        "language": "ja",
        "topic": (packet or {}).get("topic"),
        "packet": packet,
        "created_at": NOW,
    }


ROWS: dict[str, list[dict[str, Any]]] = {
    "conversation": [
        _conversation(1, "BOT", expecting="code", expecting_until=NOW + 600, told_down_at=NOW),
        _conversation(2, "QUEUED", epoch=1, handoff_id=1, since=NOW, stage=1, deadline_at=NOW + 300),
        _conversation(
            3,
            "HUMAN",
            epoch=2,
            handoff_id=2,
            agent_id=1,
            awaiting="agent",
            since=NOW,
            deadline_at=NOW + 120,
        ),
        _conversation(4, "BOT", unreachable="stopped", unreachable_since=NOW, quiet_until=NOW + 5),
    ],
    "inbound": [
        _inbound(1, 1),
        _inbound(2, 1, state="queued"),
        _inbound(3, 3, state="queued", consumer="desk"),
        _inbound(4, 2),
        _inbound(5, 1, state="dead", kind="code", content="reference"),
    ],
    "vault": [{"reference": "reference", "conversation_id": 1, "sealed": "sealed", "expires_at": NOW + 60}],
    "outbound": [
        _outbound(1, 1, inbound_id=1),
        _outbound(2, 1, inbound_id=1, origin="system", seq=SECRET_REMOVED),
        _outbound(3, 1, inbound_id=1, origin="system", seq=TELEGRAM_INSTEAD),
        _outbound(4, 1, inbound_id=2, origin="system", seq=MISSED, state="failed", error="filtered"),
        _outbound(5, 1, state="queued", doubts=1, sending_since=NOW - 60),
        _outbound(6, 3, origin="agent", agent_id=1, epoch=2, state="queued"),
        _outbound(7, 3, origin="bot", epoch=0, state="queued"),
        _outbound(8, 4, origin="system", state="queued", despite_stop=True),
        _outbound(9, 2, origin="backend", state="delivered"),
    ],
    "delivery": [
        {
            "outbound_id": 1,
            "part": 0,
            "provider_id": "SM1",
            "segments": 1,
            "status": "sent",
            "updated_at": NOW,
        }
    ],
    "button": [
        {
            "token": "token",
            "conversation_id": 1,
            "outbound_id": 1,
            "position": 1,
            "title": "はい",
            "payload": '/inform{"answer": "yes"}',
        }
    ],
    "reminder": [
        {
            "conversation_id": 1,
            "inbound_id": 2,
            "epoch": 0,
            "topic": "codes",
            "text": "reminder",
            "choices": [{"text": "resend", "payload": '/inform{"task": "resend"}'}],
            "due_at": NOW,
        }
    ],
    "backend_notice": [{"id": "notice-1", "received_at": NOW}],
    "unclear": [
        {
            "id": 1,
            "conversation_id": 1,
            "inbound_id": 1,
            "kind": "asked",
            "candidates": ["pin_rules", "pin_tips"],
            "chosen": "pin_tips",
            "language": "ja",
            "created_at": NOW,
        },
        {
            "id": 7,
            "conversation_id": 1,
            "inbound_id": 2,
            "kind": "refused",
            "candidates": [],
            "language": "ja",
            "created_at": NOW,
        },
    ],
    "halt": [{"channel": "simulator.sms", "since": NOW}],
    "dead_letter": [
        {"id": 1, "channel": "sms", "digest": "d", "reason": "no sender", "content": "{}", "received_at": NOW}
    ],
    "agent": [
        {
            "id": 1,
            "name": "anna",
            "shown_as": "Anna",
            "role": "lead",
            "password_hash": "",
            "totp_sealed": "",
            "totp_step": 0,
            "active": True,
            "created_at": NOW,
        }
    ],
    "handoff": [
        _handoff(1, 2, "phone_lost", {"topic": "human", "linked": "no", "account": []}),
        _handoff(2, 3, "asked", {"topic": "pin_forgotten", "errors": [{"code": "locked", "request_id": ""}]}),
        _handoff(3, 4, "outage", None),
    ],
    "handoff_event": [
        {
            "id": 1,
            "conversation_id": 2,
            "handoff_id": 1,
            "epoch": 1,
            "event": "requested",
            "from_state": "BOT",
            "to_state": "QUEUED",
            "actor": "bot",
            "at": NOW,
        },
        {
            "id": 2,
            "conversation_id": 4,
            "handoff_id": 3,
            "epoch": 1,
            "event": "time_over",
            "from_state": "AFTER_HOURS",
            "to_state": "BOT",
            "actor": "timer",
            "at": NOW,
        },
    ],
    "note": [{"id": 1, "conversation_id": 3, "agent_id": 1, "text": "a note", "at": NOW}],
    "ticket": [
        {
            "id": 1,
            "conversation_id": 4,
            "handoff_id": 3,
            "why": "nobody_came",
            "state": "open",
            "created_at": NOW,
        }
    ],
    "desk_session": [{"digest": "digest", "agent_id": 1, "csrf": "csrf", "created_at": NOW, "seen_at": NOW}],
    "login_failure": [{"id": 1, "name": "anna", "address": "127.0.0.1", "at": NOW}],
    "presence": [{"conversation_id": 3, "agent_id": 1, "seen_at": NOW}],
    "audit": [
        {
            "id": 1,
            "at": NOW,
            "actor": "agent:1",
            "action": "take",
            "detail": {},
            "previous": "0",
            "digest": "1",
        }
    ],
    "desk_request": [{"key": "request", "at": NOW}],
    "desk_link": [
        {
            "handoff_id": 2,
            "conversation_id": 3,
            "external_id": "77",
            "inbound_id": 3,
            "delivered": 1,
            "cursor": "",
            "epoch": 2,
        }
    ],
    "webhook_delivery": [
        {"event_id": 1, "state": "sent", "attempts": 1, "due_at": NOW},
        {"event_id": 2, "state": "queued", "attempts": 3, "due_at": NOW},
    ],
}


def make_previous_database(url: str) -> set[str]:
    """Create the database of that revision at `url`; return the names of its tables."""
    database = Database(url)
    engine = database.connect().engine
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, REVISION)
    metadata = sa.MetaData()
    with engine.begin() as connection:
        metadata.reflect(connection)
        for table in metadata.sorted_tables:
            for row in ROWS.get(table.name, ()):
                connection.execute(sa.insert(table).values(**row))
        if connection.dialect.name == "postgresql":
            _advance_sequences(connection, metadata)
    engine.dispose()
    return set(metadata.tables) - {"alembic_version"}


def _advance_sequences(connection: sa.engine.Connection, metadata: sa.MetaData) -> None:
    """Move each id's sequence past the rows that were inserted with explicit ids."""
    for table in metadata.sorted_tables:
        if "id" in table.c and isinstance(table.c.id.type, sa.Integer):
            connection.execute(
                sa.text(
                    f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'),"
                    f" (SELECT coalesce(max(id), 0) + 1 FROM {table.name}), false)"
                )
            )
