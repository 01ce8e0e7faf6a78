"""Which user a chat speaks for: tokens from the portal, codes to the number on record, and how a link ends."""

from __future__ import annotations

import hashlib
import secrets

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Connection, RowMapping

from sandbox import notices, users
from sandbox.challenges import Challenges
from sandbox.clock import Clock, iso
from sandbox.numbers import can_receive_sms
from sandbox.problems import Answer, RefusalError
from sandbox.storage import link_tokens, links

TOKEN_BYTES = 32
TOKEN_LIFE = 600
# How long the portal takes the user's word, and how long a link lasts that nobody uses.
CONFIRM_WITHIN = 600
IDLE = 180 * 86_400
PURPOSE = "link"
LIVE = ("pending", "linked")


def new_token(tx: Connection, username: str, now: float) -> str:
    """A one-time token for a user, who is logged in to the portal. Only its digest is kept."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    tx.execute(insert(link_tokens).values(digest=_digest(token), username=username, created_at=now))
    return token


def status(tx: Connection, client: str, now: float) -> Answer:
    """The link of the chat as the contract shows it."""
    row = _current(tx, client, now)
    if row is None:
        return Answer(200, _shown("none"))
    if row["state"] not in LIVE:
        return Answer(200, _shown("none", ended=row["state"]))
    name = users.mask_name(row["username"]) if row["state"] == "linked" else None
    return Answer(200, _shown(row["state"], name, row["ends_at"]))


def user_of(tx: Connection, client: str, now: float) -> str | None:
    """The user whom the chat is linked to; looking keeps the link alive."""
    row = _current(tx, client, now)
    if row is None or row["state"] != "linked":
        return None
    _change(tx, row["id"], ends_at=now + IDLE)
    return str(row["username"])


def linked_user(tx: Connection, client: str, now: float) -> RowMapping:
    """The user whom the chat is linked to. Raises RefusalError when it is not."""
    username = user_of(tx, client, now)
    user = users.find(tx, username) if username else None
    if user is None:
        raise RefusalError("not_linked")
    return user


def redeem(tx: Connection, clock: Clock, client: str, token: str) -> Answer:
    """Redeem a token: the link waits for the user's word in the portal."""
    now = clock.now()
    row = tx.execute(select(link_tokens).where(link_tokens.c.digest == _digest(token))).mappings().first()
    if row is None or row["used_at"] is not None or now >= row["created_at"] + TOKEN_LIFE:
        raise RefusalError("link_token_invalid")
    # Used up also where the rest is refused: nobody else may try it after this.
    tx.execute(update(link_tokens).where(link_tokens.c.digest == row["digest"]).values(used_at=now))
    _refuse_linked(tx, client, now)
    _end(tx, client, "unlinked", now)
    _open(tx, client, row["username"], "pending", now + CONFIRM_WITHIN)
    return Answer(201, _shown("pending", ends_at=now + CONFIRM_WITHIN))


def send_code(tx: Connection, codes: Challenges, clock: Clock, client: str, number: str) -> Answer:
    """Send a code to a number on record. For another number all looks the same, and nothing is sent."""
    if not can_receive_sms(number):
        raise RefusalError("number_invalid")
    _refuse_linked(tx, client, clock.now())
    username = users.with_verified_number(tx, number)
    return Answer(201, codes.start(tx, PURPOSE, client, number, username, decoy=username is None))


def check_code(tx: Connection, codes: Challenges, clock: Clock, client: str, id: str, code: str) -> Answer:
    """The right code links the chat."""
    now = clock.now()
    _refuse_linked(tx, client, now)
    done = codes.check(tx, PURPOSE, id, client, code)
    _end(tx, client, "unlinked", now)
    _open(tx, client, done["username"], "linked", now + IDLE)
    return status(tx, client, now)


def end(tx: Connection, clock: Clock, client: str) -> Answer:
    """End the chat's link, at the client's wish."""
    now = clock.now()
    if not _end(tx, client, "unlinked", now):
        raise RefusalError("not_linked")
    return status(tx, client, now)


def settle(tx: Connection, id: str, state: str, now: float) -> bool:
    """The user's word in the portal: a pending link is confirmed (linked) or declined, a link in force ended.

    The chat is told by a notice. False when the link is not in a state for that any more.
    """
    before = "linked" if state == "unlinked" else "pending"
    row = tx.execute(select(links).where(links.c.id == id, links.c.state == before)).mappings().first()
    if row is None or now >= row["ends_at"]:
        return False
    _change(tx, id, state=state, ends_at=now + IDLE)
    kind = {"linked": "confirmed", "declined": "declined", "unlinked": "ended"}[state]
    # Whoever was refused does not learn whose chat it would have been.
    data = {"username_masked": users.mask_name(row["username"])} if state == "linked" else {}
    notices.put(tx, f"link.{kind}", row["client"], data, now)
    return True


def _current(tx: Connection, client: str, now: float) -> RowMapping | None:
    """The chat's last link; one whose time is over is marked so first."""
    last = select(links).where(links.c.client == client).order_by(links.c.sequence.desc()).limit(1)
    row = tx.execute(last).mappings().first()
    if row is not None and row["state"] in LIVE and now >= row["ends_at"]:
        _change(tx, row["id"], state="expired")
        row = tx.execute(last).mappings().one()
    return row


def _refuse_linked(tx: Connection, client: str, now: float) -> None:
    if user_of(tx, client, now) is not None:
        raise RefusalError("already_linked")


def _open(tx: Connection, client: str, username: str, state: str, ends_at: float) -> None:
    id = f"ln_{secrets.token_urlsafe(16)}"
    tx.execute(insert(links).values(id=id, client=client, username=username, state=state, ends_at=ends_at))


def _end(tx: Connection, client: str, state: str, now: float) -> bool:
    row = _current(tx, client, now)
    if row is None or row["state"] not in LIVE:
        return False
    _change(tx, row["id"], state=state)
    return True


def _change(tx: Connection, id: str, **values: object) -> None:
    tx.execute(update(links).where(links.c.id == id).values(**values))


def _shown(
    state: str, username: str | None = None, ends_at: float | None = None, ended: str | None = None
) -> dict[str, object]:
    expires_at = None if ends_at is None else iso(ends_at)
    return {"state": state, "username_masked": username, "expires_at": expires_at, "ended": ended}


def _digest(token: str) -> str:
    # Without a key: a token of 32 random bytes cannot be guessed from its hash.
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()
