"""Codes under way: sent, sent again, checked. The same rules whatever a code is for."""

from __future__ import annotations

import hmac
import math
import secrets
from pathlib import Path
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.engine import Connection, RowMapping
from sqlalchemy.sql.elements import ColumnElement

from sandbox import outbox
from sandbox.clock import Clock, iso
from sandbox.keys import Keys
from sandbox.numbers import calling_code, mask
from sandbox.problems import RefusalError
from sandbox.storage import challenges, sms

# NIST SP 800-63B-4: at least six digits, ten minutes, one use, and a new code does not forgive the
# failures of the old. Five checks and five sends are what SMS verification services allow.
CODE_DIGITS = 6
CODE_LIFE = 600
MAX_CHECKS = 5
MAX_SENDS = 5
RESEND_AFTER = 120

# So many codes in so many seconds.
BURST = (3, 600)
DAILY = (10, 86_400)
# A block of 1,000 numbers, as they are rented for the pumping of text messages; and a whole country.
BLOCK_DIGITS = 3
BLOCK = (200, 3_600)
COUNTRY = (10_000, 86_400)
# Wrong codes of one chat in a day, over all that it asks for.
FAILURES = (20, 86_400)

CODE_TEXT = Path(__file__).with_name("confirm_code.txt").read_text(encoding="utf-8").strip()
# Without the letters and digits that are mixed up when read out.
RECEIPT_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
PREFIXES = {"phone_verification": "pv", "link": "lc", "opt_in": "oi"}


class Challenges:
    """Starts, resends and checks. Each method runs within the caller's transaction.

    All raise RefusalError where a rule says no; what they changed until then stands and is to be committed.
    """

    def __init__(self, keys: Keys, clock: Clock) -> None:
        self._keys = keys
        self._clock = clock

    def start(
        self,
        tx: Connection,
        purpose: str,
        client: str,
        number: str,
        username: str | None = None,
        decoy: bool = False,
    ) -> dict[str, object]:
        """Send the first code to the number; the challenge as the contract shows it."""
        now = self._clock.now()
        self._limit_failures(tx, client, now)
        self._limit(tx, number, now, BURST, DAILY)
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
        return self._state(self.find(tx, purpose, id, client))

    def resend(self, tx: Connection, purpose: str, id: str, client: str) -> dict[str, object]:
        """Send a new code, which takes the place of the old one."""
        now = self._clock.now()
        row = self._find_open(tx, purpose, id, client)
        if row["sends"] >= MAX_SENDS:
            raise RefusalError("too_many_sends")
        if now < row["sent_at"] + RESEND_AFTER:
            raise RefusalError(
                "resend_too_early", retry_after=_whole_seconds(row["sent_at"] + RESEND_AFTER - now)
            )
        # Resends keep their own pace, one in two minutes; only the day's limit holds for them as well.
        self._limit(tx, row["number"], now, DAILY)
        self._send(tx, row, now)
        return self._state(self.find(tx, purpose, id, client))

    def check(self, tx: Connection, purpose: str, id: str, client: str, code: str) -> RowMapping:
        """Compare the code that the client typed; the finished challenge, with its receipt, when it is right."""
        now = self._clock.now()
        row = self._find_open(tx, purpose, id, client)
        if now >= row["sent_at"] + CODE_LIFE:
            raise RefusalError("expired")
        right = hmac.compare_digest(self._keys.code_digest(id, code), row["code_digest"])
        if row["decoy"] or not right:
            failures = row["failures"] + 1
            _change(tx, id, failures=failures)
            if failures >= MAX_CHECKS:
                raise RefusalError("locked")
            raise RefusalError("wrong_code", checks_left=MAX_CHECKS - failures)
        _change(tx, id, done_at=now, receipt=receipt(PREFIXES[purpose].upper()))
        return self.find(tx, purpose, id, client)

    def find(self, tx: Connection, purpose: str, id: str, client: str) -> RowMapping:
        """The challenge of this purpose that this chat asked for; nobody else's is to be found."""
        found = select(challenges).where(
            challenges.c.id == id, challenges.c.purpose == purpose, challenges.c.client == client
        )
        row = tx.execute(found).mappings().first()
        if row is None:
            raise RefusalError("not_found")
        return row

    def _find_open(self, tx: Connection, purpose: str, id: str, client: str) -> RowMapping:
        row = self.find(tx, purpose, id, client)
        if row["done_at"] is not None:
            raise RefusalError("already_verified")
        if row["failures"] >= MAX_CHECKS:
            raise RefusalError("locked")
        return row

    def _send(self, tx: Connection, row: RowMapping, now: float) -> None:
        """Queue the message with a new code, and keep a digest of it."""
        code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
        outbox.put(
            tx,
            self._keys,
            challenge=row["id"],
            purpose=row["purpose"],
            username=row["username"],
            client=row["client"],
            number=row["number"],
            text=CODE_TEXT.format(code=code, minutes=CODE_LIFE // 60),
            now=now,
            withheld=row["decoy"],
        )
        digest = self._keys.code_digest(row["id"], code)
        _change(tx, row["id"], code_digest=digest, sends=row["sends"] + 1, sent_at=now)

    def _limit(self, tx: Connection, number: str, now: float, *limits: tuple[int, int]) -> None:
        """Refuse when a limit is used up for the number, for its block or for its country."""
        for limit in limits:
            _limit_where(tx, sms.c.number == number, limit, now)
        _limit_where(tx, sms.c.number.startswith(number[:-BLOCK_DIGITS]), BLOCK, now)
        _limit_where(tx, sms.c.number.startswith(f"+{calling_code(number)}"), COUNTRY, now)

    def _limit_failures(self, tx: Connection, client: str, now: float) -> None:
        most, seconds = FAILURES
        failed = select(func.coalesce(func.sum(challenges.c.failures), 0), func.min(challenges.c.created_at))
        since = challenges.c.created_at > now - seconds
        failures, oldest = tx.execute(failed.where(challenges.c.client == client, since)).one()
        if failures >= most:
            raise RefusalError("too_many_requests", retry_after=_whole_seconds(oldest + seconds - now))

    def _state(self, row: RowMapping) -> dict[str, object]:
        return {
            "id": row["id"],
            "number_masked": mask(row["number"]),
            "expires_at": iso(row["sent_at"] + CODE_LIFE),
            "resend_after": iso(row["sent_at"] + RESEND_AFTER),
            "checks_left": MAX_CHECKS - row["failures"],
            "sends_left": MAX_SENDS - row["sends"],
        }


def receipt(prefix: str) -> str:
    """A receipt that can be read out on the telephone: PV-7KM2..."""
    return f"{prefix}-" + "".join(secrets.choice(RECEIPT_LETTERS) for _ in range(10))


def _limit_where(tx: Connection, whose: ColumnElement[bool], limit: tuple[int, int], now: float) -> None:
    codes, seconds = limit
    sent = select(sms.c.created_at).where(whose).order_by(sms.c.created_at.desc())
    oldest = tx.execute(sent.offset(codes - 1).limit(1)).scalar_one_or_none()
    if oldest is not None and now < oldest + seconds:
        raise RefusalError("too_many_requests", retry_after=_whole_seconds(oldest + seconds - now))


def _change(tx: Connection, id: str, **values: Any) -> None:
    tx.execute(update(challenges).where(challenges.c.id == id).values(**values))


def _whole_seconds(seconds: float) -> int:
    return max(1, math.ceil(seconds))
