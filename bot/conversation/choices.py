"""Choices offered to a client, and the one that they made: a tap, a number, or the label typed out."""

from __future__ import annotations

import unicodedata

from sqlalchemy import func, select, update
from sqlalchemy.engine import Connection

from bot.storage import button

_KANJI = {"一": 1, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}


def tapped(connection: Connection, conversation_id: int, token: str) -> str | None:
    """The payload behind a button's token; None when it is unknown, used, of an older message or of another client."""
    row = connection.execute(
        select(button.c.payload).where(
            button.c.token == token,
            button.c.conversation_id == conversation_id,
            button.c.used_at.is_(None),
            button.c.outbound_id == _latest_menu(conversation_id),
        )
    ).first()
    return str(row.payload) if row else None


def typed(connection: Connection, conversation_id: int, text: str) -> str | None:
    """The payload of the choice that `text` names in the client's latest menu, by number or by label."""
    wanted = _plain(text)
    if not wanted or len(wanted) > 64:
        return None
    rows = connection.execute(
        select(button.c.position, button.c.title, button.c.payload)
        .where(
            button.c.conversation_id == conversation_id,
            button.c.used_at.is_(None),
            button.c.outbound_id == _latest_menu(conversation_id),
        )
        .order_by(button.c.position)
    ).all()
    for row in rows:
        if wanted in {str(row.position), _plain(row.title)} or _KANJI.get(wanted) == row.position:
            return str(row.payload)
    return None


def close_menus(connection: Connection, conversation_id: int, now: float) -> None:
    """Mark what was offered so far as used: one choice is made once."""
    connection.execute(
        update(button)
        .where(button.c.conversation_id == conversation_id, button.c.used_at.is_(None))
        .values(used_at=now)
    )


def _latest_menu(conversation_id: int) -> object:
    return (
        select(func.max(button.c.outbound_id))
        .where(button.c.conversation_id == conversation_id)
        .scalar_subquery()
    )


def _plain(text: str) -> str:
    """`text` as compared: width, case, spaces, enclosing marks and a closing point do not matter."""
    normal = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    return normal.strip(" .)(]['\"「」。、!?:")
