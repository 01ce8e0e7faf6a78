"""Choices offered to a client, and the one that they made: a tap, a number, or the label typed out."""

from __future__ import annotations

import re
import unicodedata

from sqlalchemy import func, select, update
from sqlalchemy.sql.elements import ColumnElement

from bot.messages.outbox import REQUEST_CONTACT
from bot.storage import button
from bot.storage.transaction import Transaction

# A larger number is no answer to a menu.
MOST_CHOICES = 20
# As it is written to a menu: alone, after a number sign, or as the Japanese count ("1番").
_NUMBER = re.compile(r"#?\s?(\d{1,2}|[一二三四五六七八九])(?:番目?)?", re.ASCII)
_KANJI = {"一": 1, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}

# Payloads of the answers to a question. Other choices open topics, which words find better than letters do.
_ANSWER = "/inform{"
_ASCII_WORD = re.compile(r"[\x21-\x7e]+")


def tapped(tx: Transaction, conversation_id: int, token: str) -> str | None:
    """The payload behind a button's token; None when it is unknown, used, of an older message or of another client."""
    row = tx.execute(
        select(button.c.payload).where(button.c.token == token, *_open_menu(conversation_id))
    ).first()
    return str(row.payload) if row else None


def typed(tx: Transaction, conversation_id: int, text: str) -> str | None:
    """The payload of the choice that `text` names in the client's latest menu, by number or by label.

    The answer to a question may be the beginning of its label ("login" for "Log-in code"), if of one only.
    """
    wanted = _plain(text)
    if not wanted or len(wanted) > 64:
        return None
    number = _number(wanted)
    rows = tx.execute(
        select(button.c.position, button.c.title, button.c.payload)
        .where(*_open_menu(conversation_id))
        .order_by(button.c.position)
    ).all()
    for row in rows:
        if row.position == number or _plain(row.title) == wanted:
            return str(row.payload)
    begun = {row.payload for row in rows if row.payload.startswith(_ANSWER) and _begins(row.title, wanted)}
    return str(begun.pop()) if len(begun) == 1 else None


def misses(tx: Transaction, conversation_id: int, text: str) -> bool:
    """Whether `text` is a number alone, and a menu is open that has no such number."""
    number = _number(_plain(text))
    if number is None or number > MOST_CHOICES:
        return False
    positions = tx.execute(select(button.c.position).where(*_open_menu(conversation_id))).scalars().all()
    return bool(positions) and number not in positions


def is_open(tx: Transaction, conversation_id: int) -> bool:
    """Whether a choice of the client's latest menu is still to be made."""
    query = select(button.c.token).where(*_open_menu(conversation_id)).limit(1)
    return tx.execute(query).first() is not None


def close_menus(tx: Transaction, conversation_id: int) -> None:
    """Mark what was offered so far as used: one choice is made once."""
    tx.execute(
        update(button)
        .where(button.c.conversation_id == conversation_id, button.c.used_at.is_(None))
        .values(used_at=tx.now)
    )


def _open_menu(conversation_id: int) -> tuple[ColumnElement[bool], ...]:
    """What holds for the choices of the client's latest menu that are still to be made."""
    latest = (
        select(func.max(button.c.outbound_id))
        .where(button.c.conversation_id == conversation_id)
        .scalar_subquery()
    )
    return (
        button.c.conversation_id == conversation_id,
        button.c.used_at.is_(None),
        button.c.outbound_id == latest,
        # Not a choice between answers, but a question to the client's device.
        button.c.payload != REQUEST_CONTACT,
    )


def _number(plain: str) -> int | None:
    """The number that `plain` is: 1, 一, 1番, #1."""
    found = _NUMBER.fullmatch(plain)
    if not found:
        return None
    return _KANJI.get(found[1]) or int(found[1])


def _begins(label: str, plain: str) -> bool:
    """Whether `plain` is `label` or its first words, or of Japanese, which has no spaces, its first letters.

    Hyphens and spaces do not matter: "login", "log in" and "log-in" are one word.
    """
    words = re.split(r"[ -]", _plain(label))
    beginning = re.sub(r"[ -]", "", plain)
    if _ASCII_WORD.fullmatch(beginning):
        return len(beginning) > 2 and beginning in {
            "".join(words[:count]) for count in range(1, len(words) + 1)
        }
    return len(beginning) > 1 and "".join(words).startswith(beginning)


def _plain(text: str) -> str:
    """`text` as compared: width, case, spaces, enclosing marks and a closing point do not matter."""
    normal = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    return normal.strip(" .)(]['\"「」。、!?:")
