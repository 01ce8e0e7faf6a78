"""The choices of a menu, and the one that a client makes: a tap, a number, or the label typed out."""

from __future__ import annotations

import re
import unicodedata

from sqlalchemy import func, select, update
from sqlalchemy.sql.elements import ColumnElement

from bot.domain import ConversationId
from bot.storage import button
from bot.storage.transaction import Transaction
from contracts.payloads import REQUEST_CONTACT, Payload

# Larger numbers do not answer a menu.
MAX_CHOICES = 20
MAX_LABEL_CHARACTERS = 64
# How clients write it: alone, after a number sign, or with a Japanese counter ("1番").
_NUMBER = re.compile(r"#?\s?(\d{1,2}|[一二三四五六七八九])(?:番目?)?", re.ASCII)
_KANJI = {"一": 1, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}

_ASCII_WORD = re.compile(r"[\x21-\x7e]+")


def find_by_token(tx: Transaction, conversation_id: ConversationId, token: str) -> str | None:
    """Return the payload of a button; None when it is unknown, used, of an older message or of another client."""
    row = tx.execute(
        select(button.c.payload).where(button.c.token == token, *_open_menu(conversation_id))
    ).first()
    return str(row.payload) if row else None


def find_by_text(tx: Transaction, conversation_id: ConversationId, text: str) -> str | None:
    """Return the payload of the choice that `text` names in the client's latest menu, by number or by label.

    The answer to a question may be the beginning of its label ("login" for "Log-in code"), if of one only.
    """
    wanted = _plain(text)
    if not wanted or len(wanted) > MAX_LABEL_CHARACTERS:
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
    # Other choices open topics, which the dialogue engine finds better by words.
    begun = {row.payload for row in rows if _is_answer(row.payload) and _begins(row.title, wanted)}
    return str(begun.pop()) if len(begun) == 1 else None


def is_unknown_number(tx: Transaction, conversation_id: ConversationId, text: str) -> bool:
    """Return whether `text` is a number alone, and a menu is open that has no such number."""
    number = _number(_plain(text))
    if number is None or number > MAX_CHOICES:
        return False
    positions = tx.execute(select(button.c.position).where(*_open_menu(conversation_id))).scalars().all()
    return bool(positions) and number not in positions


def is_open(tx: Transaction, conversation_id: ConversationId) -> bool:
    """Return whether the client's latest menu is still open."""
    query = select(button.c.token).where(*_open_menu(conversation_id)).limit(1)
    return tx.execute(query).first() is not None


def close_menus(tx: Transaction, conversation_id: ConversationId) -> None:
    """Mark all choices so far as used: each menu is answered once."""
    tx.execute(
        update(button)
        .where(button.c.conversation_id == conversation_id, button.c.used_at.is_(None))
        .values(used_at=tx.now)
    )


def _open_menu(conversation_id: ConversationId) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions for the open choices of the client's latest menu."""
    latest = (
        select(func.max(button.c.outbound_id))
        .where(button.c.conversation_id == conversation_id)
        .scalar_subquery()
    )
    return (
        button.c.conversation_id == conversation_id,
        button.c.used_at.is_(None),
        button.c.outbound_id == latest,
        # No choice between answers: it asks the client's device.
        button.c.payload != REQUEST_CONTACT,
    )


def _is_answer(payload: str) -> bool:
    try:
        return Payload.parse(payload).is_answer
    except ValueError:
        # A choice that the gateway carries out itself.
        return False


def _number(plain: str) -> int | None:
    """Return the number that `plain` is: 1, 一, 1番, #1."""
    found = _NUMBER.fullmatch(plain)
    if not found:
        return None
    return _KANJI.get(found[1]) or int(found[1])


def _begins(label: str, plain: str) -> bool:
    """Return whether `plain` is `label` or its first words; of Japanese, which has no spaces, its first letters.

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
    """Return `text` as compared: width, case, spaces, enclosing marks and a closing point do not matter."""
    normal = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    return normal.strip(" .)(]['\"「」。、!?:")
