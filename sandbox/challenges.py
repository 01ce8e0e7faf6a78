"""Challenges: codes that are sent, resent and checked, by the same rules whatever they are for."""

from __future__ import annotations

import hmac
import math
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.engine import Connection, RowMapping
from sqlalchemy.sql.elements import ColumnElement

from sandbox.adjustable_clock import AdjustableClock, to_rfc3339
from sandbox.e164 import calling_code, mask_number
from sandbox.problem_details import RefusalError
from sandbox.schema import challenges, sms
from sandbox.server_key import ServerKey
from sandbox.sms_queue import CodeMessage, enqueue_sms
from sandbox.statuses import CodePurpose

# NIST SP 800-63B-4: at least six digits, ten minutes, one use, and a new code does not reset the failures of the old
# one. Five checks and five sends are what SMS verification services allow.
CODE_DIGITS = 6
CODE_LIFETIME_SECONDS = 600
MAX_CHECKS = 5
MAX_SENDS = 5
RESEND_AFTER_SECONDS = 120


@dataclass(frozen=True)
class RateLimit:
    """At most `count` events in `seconds`."""

    count: int
    seconds: int


NUMBER_BURST_LIMIT = RateLimit(3, 600)
NUMBER_DAILY_LIMIT = RateLimit(10, 86_400)
# Of a block of 1,000 numbers, as they are rented for SMS pumping, and of a whole country.
BLOCK_DIGITS = 3
BLOCK_LIMIT = RateLimit(200, 3_600)
COUNTRY_LIMIT = RateLimit(10_000, 86_400)
# Wrong codes of one chat, over all its challenges.
FAILURE_LIMIT = RateLimit(20, 86_400)

CODE_TEXT = Path(__file__).with_name("confirm_code.txt").read_text(encoding="utf-8").strip()
RECEIPT_LENGTH = 10
# Without letters and digits that are confused when read out.
RECEIPT_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
PREFIXES = {CodePurpose.PHONE_VERIFICATION: "pv", CodePurpose.LINK: "lc", CodePurpose.OPT_IN: "oi"}


class ChallengeService:
    """Starts, resends and checks challenges. Each method runs within the caller's transaction.

    All raise RefusalError if a rule refuses the call. The caller commits even then: what was changed, such as a counted
    failure, must stay.
    """

    def __init__(self, key: ServerKey, clock: AdjustableClock) -> None:
        self._key = key
        self._clock = clock

    def start(
        self,
        tx: Connection,
        purpose: CodePurpose,
        client: str,
        number: str,
        username: str | None = None,
        decoy: bool = False,
    ) -> dict[str, object]:
        """Send the first code to the number. Return the contract's Challenge."""
        now = self._clock.now()
        _check_failure_limit(tx, client, now)
        _check_send_limits(tx, number, now, NUMBER_BURST_LIMIT, NUMBER_DAILY_LIMIT)
        id = f"{PREFIXES[purpose]}_{secrets.token_urlsafe(16)}"
        tx.execute(
            insert(challenges).values(
                id=id,
                purpose=purpose,
                client=client,
                username=username,
                number=number,
                decoy=decoy,
                code_digest="",
                failures=0,
                sends=0,
                created_at=now,
                sent_at=now,
            )
        )
        self._send(tx, self.find(tx, purpose, id, client), now)
        return _describe(self.find(tx, purpose, id, client))

    def resend(self, tx: Connection, purpose: CodePurpose, id: str, client: str) -> dict[str, object]:
        """Send a new code, which replaces the old one. Return the contract's Challenge."""
        now = self._clock.now()
        row = self._find_open(tx, purpose, id, client)
        if row["sends"] >= MAX_SENDS:
            raise RefusalError("too_many_sends")
        resend_after = row["sent_at"] + RESEND_AFTER_SECONDS
        if now < resend_after:
            raise RefusalError("resend_too_early", retry_after=_whole_seconds(resend_after - now))
        # Resends have a pace of their own, one in two minutes; of the number's limits only the daily one applies.
        _check_send_limits(tx, row["number"], now, NUMBER_DAILY_LIMIT)
        self._send(tx, row, now)
        return _describe(self.find(tx, purpose, id, client))

    def check(self, tx: Connection, purpose: CodePurpose, id: str, client: str, code: str) -> RowMapping:
        """Compare the code that the client typed. Return the finished challenge, with its receipt, if it is right."""
        now = self._clock.now()
        row = self._find_open(tx, purpose, id, client)
        if now >= row["sent_at"] + CODE_LIFETIME_SECONDS:
            raise RefusalError("expired")
        right = hmac.compare_digest(self._key.code_digest(id, code), row["code_digest"])
        if row["decoy"] or not right:
            failures = row["failures"] + 1
            _update(tx, id, failures=failures)
            if failures >= MAX_CHECKS:
                raise RefusalError("locked")
            raise RefusalError("wrong_code", checks_left=MAX_CHECKS - failures)
        _update(tx, id, done_at=now, receipt=new_receipt(PREFIXES[purpose].upper()))
        return self.find(tx, purpose, id, client)

    def find(self, tx: Connection, purpose: CodePurpose, id: str, client: str) -> RowMapping:
        """Return the challenge, which must be of this purpose and this chat."""
        found = select(challenges).where(
            challenges.c.id == id, challenges.c.purpose == purpose, challenges.c.client == client
        )
        row = tx.execute(found).mappings().first()
        if row is None:
            raise RefusalError("not_found")
        return row

    def _find_open(self, tx: Connection, purpose: CodePurpose, id: str, client: str) -> RowMapping:
        row = self.find(tx, purpose, id, client)
        if row["done_at"] is not None:
            raise RefusalError("already_verified")
        if row["failures"] >= MAX_CHECKS:
            raise RefusalError("locked")
        return row

    def _send(self, tx: Connection, row: RowMapping, now: float) -> None:
        """Queue a text message with a new code, and store the code's digest."""
        code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
        message = CodeMessage(
            challenge=row["id"],
            purpose=row["purpose"],
            username=row["username"],
            client=row["client"],
            number=row["number"],
            text=CODE_TEXT.format(code=code, minutes=CODE_LIFETIME_SECONDS // 60),
            withheld=row["decoy"],
        )
        enqueue_sms(tx, self._key, message, now)
        digest = self._key.code_digest(row["id"], code)
        _update(tx, row["id"], code_digest=digest, sends=row["sends"] + 1, sent_at=now)


def new_receipt(prefix: str) -> str:
    """Return a receipt that can be read out on the telephone: PV-7KM2..."""
    return f"{prefix}-" + "".join(secrets.choice(RECEIPT_LETTERS) for _ in range(RECEIPT_LENGTH))


def _check_send_limits(tx: Connection, number: str, now: float, *number_limits: RateLimit) -> None:
    for limit in number_limits:
        _check_limit(tx, sms.c.number == number, limit, now)
    _check_limit(tx, sms.c.number.startswith(number[:-BLOCK_DIGITS]), BLOCK_LIMIT, now)
    _check_limit(tx, sms.c.number.startswith(f"+{calling_code(number)}"), COUNTRY_LIMIT, now)


def _check_limit(tx: Connection, condition: ColumnElement[bool], limit: RateLimit, now: float) -> None:
    sent = select(sms.c.created_at).where(condition).order_by(sms.c.created_at.desc())
    oldest = tx.execute(sent.offset(limit.count - 1).limit(1)).scalar_one_or_none()
    if oldest is not None and now < oldest + limit.seconds:
        raise RefusalError("too_many_requests", retry_after=_whole_seconds(oldest + limit.seconds - now))


def _check_failure_limit(tx: Connection, client: str, now: float) -> None:
    counted = select(func.coalesce(func.sum(challenges.c.failures), 0), func.min(challenges.c.created_at))
    recent = challenges.c.created_at > now - FAILURE_LIMIT.seconds
    failures, oldest = tx.execute(counted.where(challenges.c.client == client, recent)).one()
    if failures >= FAILURE_LIMIT.count:
        retry_after = _whole_seconds(oldest + FAILURE_LIMIT.seconds - now)
        raise RefusalError("too_many_requests", retry_after=retry_after)


def _describe(row: RowMapping) -> dict[str, object]:
    return {
        "id": row["id"],
        "number_masked": mask_number(row["number"]),
        "expires_at": to_rfc3339(row["sent_at"] + CODE_LIFETIME_SECONDS),
        "resend_after": to_rfc3339(row["sent_at"] + RESEND_AFTER_SECONDS),
        "checks_left": MAX_CHECKS - row["failures"],
        "sends_left": MAX_SENDS - row["sends"],
    }


def _update(tx: Connection, id: str, **values: Any) -> None:
    tx.execute(update(challenges).where(challenges.c.id == id).values(**values))


def _whole_seconds(seconds: float) -> int:
    return max(1, math.ceil(seconds))
