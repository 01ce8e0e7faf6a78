"""Links of chats to users: by a token from the portal or by a code to the number on record."""

from __future__ import annotations

import hashlib
import secrets

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Connection, RowMapping

from sandbox import users
from sandbox.adjustable_clock import AdjustableClock, to_rfc3339
from sandbox.challenges import ChallengeService
from sandbox.e164 import can_receive_sms
from sandbox.notice_queue import enqueue_notice
from sandbox.problem_details import ApiResult, RefusalError
from sandbox.schema import link_tokens, links
from sandbox.statuses import LIVE_LINKS, ChatLinkStatus, CodePurpose

TOKEN_BYTES = 32
TOKEN_LIFETIME_SECONDS = 600
CONFIRM_WITHIN_SECONDS = 600
# A link that nobody uses ends after this time.
IDLE_SECONDS = 180 * 86_400
PURPOSE = CodePurpose.LINK

NOTICE_TYPES = {
    ChatLinkStatus.LINKED: "link.confirmed",
    ChatLinkStatus.DECLINED: "link.declined",
    ChatLinkStatus.UNLINKED: "link.ended",
}


def create_token(tx: Connection, username: str, now: float) -> str:
    """Return a one-time token for a user who is logged in to the portal. Only its digest is stored."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    tx.execute(insert(link_tokens).values(digest=_digest(token), username=username, created_at=now))
    return token


def get_link(tx: Connection, client: str, now: float) -> ApiResult:
    """Return the chat's link."""
    row = _current(tx, client, now)
    if row is None:
        return ApiResult(200, _describe("none"))
    if row["state"] not in LIVE_LINKS:
        return ApiResult(200, _describe("none", ended=row["state"]))
    linked = row["state"] == ChatLinkStatus.LINKED
    name = users.mask_username(row["username"]) if linked else None
    return ApiResult(200, _describe(row["state"], name, row["ends_at"]))


def find_username(tx: Connection, client: str, now: float) -> str | None:
    """Return the user whom the chat is linked to. This counts as a use of the link."""
    row = _current(tx, client, now)
    if row is None or row["state"] != ChatLinkStatus.LINKED:
        return None
    _update(tx, row["id"], ends_at=now + IDLE_SECONDS)
    return str(row["username"])


def require_user(tx: Connection, client: str, now: float) -> RowMapping:
    """Return the user whom the chat is linked to. Raises RefusalError if it is not linked."""
    username = find_username(tx, client, now)
    user = users.find(tx, username) if username else None
    if user is None:
        raise RefusalError("not_linked")
    return user


def redeem(tx: Connection, clock: AdjustableClock, client: str, token: str) -> ApiResult:
    """Redeem a token. The link is pending until the user confirms it in the portal."""
    now = clock.now()
    row = tx.execute(select(link_tokens).where(link_tokens.c.digest == _digest(token))).mappings().first()
    if row is None or row["used_at"] is not None or now >= row["created_at"] + TOKEN_LIFETIME_SECONDS:
        raise RefusalError("link_token_invalid")
    # Used even if the rest is refused: nobody else may try it.
    tx.execute(update(link_tokens).where(link_tokens.c.digest == row["digest"]).values(used_at=now))
    _refuse_if_linked(tx, client, now)
    _end(tx, client, now)
    ends_at = now + CONFIRM_WITHIN_SECONDS
    _create(tx, client, row["username"], ChatLinkStatus.PENDING, ends_at)
    return ApiResult(201, _describe(ChatLinkStatus.PENDING, ends_at=ends_at))


def send_code(
    tx: Connection, codes: ChallengeService, clock: AdjustableClock, client: str, number: str
) -> ApiResult:
    """Send a code if the number is on record. For any other number the answer is the same, and nothing is sent."""
    if not can_receive_sms(number):
        raise RefusalError("number_invalid")
    _refuse_if_linked(tx, client, clock.now())
    username = users.find_by_verified_number(tx, number)
    return ApiResult(201, codes.start(tx, PURPOSE, client, number, username, decoy=username is None))


def check_code(
    tx: Connection, codes: ChallengeService, clock: AdjustableClock, client: str, id: str, code: str
) -> ApiResult:
    """Link the chat if the code is right."""
    now = clock.now()
    _refuse_if_linked(tx, client, now)
    challenge = codes.check(tx, PURPOSE, id, client, code)
    _end(tx, client, now)
    _create(tx, client, challenge["username"], ChatLinkStatus.LINKED, now + IDLE_SECONDS)
    return get_link(tx, client, now)


def end(tx: Connection, clock: AdjustableClock, client: str) -> ApiResult:
    """End the chat's link at the client's request."""
    now = clock.now()
    if not _end(tx, client, now):
        raise RefusalError("not_linked")
    return get_link(tx, client, now)


def settle(tx: Connection, id: str, status: ChatLinkStatus, now: float) -> bool:
    """Apply the user's decision in the portal, and queue a notice for the chat.

    A pending link becomes LINKED or DECLINED, one in force UNLINKED. Returns False if the link is in no state for that.
    """
    before = ChatLinkStatus.LINKED if status is ChatLinkStatus.UNLINKED else ChatLinkStatus.PENDING
    row = tx.execute(select(links).where(links.c.id == id, links.c.state == before)).mappings().first()
    if row is None or now >= row["ends_at"]:
        return False
    _update(tx, id, state=status, ends_at=now + IDLE_SECONDS)
    # A chat that was declined does not learn which user it asked for.
    linked = status is ChatLinkStatus.LINKED
    data = {"username_masked": users.mask_username(row["username"])} if linked else {}
    enqueue_notice(tx, NOTICE_TYPES[status], row["client"], data, now)
    return True


def _current(tx: Connection, client: str, now: float) -> RowMapping | None:
    """Return the chat's last link; mark it as expired first if its time is over."""
    last = select(links).where(links.c.client == client).order_by(links.c.sequence.desc()).limit(1)
    row = tx.execute(last).mappings().first()
    if row is not None and row["state"] in LIVE_LINKS and now >= row["ends_at"]:
        _update(tx, row["id"], state=ChatLinkStatus.EXPIRED)
        row = tx.execute(last).mappings().one()
    return row


def _refuse_if_linked(tx: Connection, client: str, now: float) -> None:
    if find_username(tx, client, now) is not None:
        raise RefusalError("already_linked")


def _create(tx: Connection, client: str, username: str, status: ChatLinkStatus, ends_at: float) -> None:
    id = f"ln_{secrets.token_urlsafe(16)}"
    tx.execute(insert(links).values(id=id, client=client, username=username, state=status, ends_at=ends_at))


def _end(tx: Connection, client: str, now: float) -> bool:
    row = _current(tx, client, now)
    if row is None or row["state"] not in LIVE_LINKS:
        return False
    _update(tx, row["id"], state=ChatLinkStatus.UNLINKED)
    return True


def _update(tx: Connection, id: str, **values: object) -> None:
    tx.execute(update(links).where(links.c.id == id).values(**values))


def _describe(
    state: str, username: str | None = None, ends_at: float | None = None, ended: str | None = None
) -> dict[str, object]:
    expires_at = None if ends_at is None else to_rfc3339(ends_at)
    return {"state": state, "username_masked": username, "expires_at": expires_at, "ended": ended}


def _digest(token: str) -> str:
    # Not keyed: a token of 32 random bytes cannot be guessed from its hash.
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()
