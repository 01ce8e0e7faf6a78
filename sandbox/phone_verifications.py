"""The rules of verifying a phone number by a code sent to it."""

from __future__ import annotations

import hmac
import math
import secrets
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Connection, RowMapping

from sandbox import outbox
from sandbox.clock import Clock, iso
from sandbox.keys import Keys
from sandbox.numbers import can_receive_sms, mask
from sandbox.problems import Answer, RefusalError
from sandbox.storage import sms, users, verifications

# NIST SP 800-63B-4: at least six digits, ten minutes, one use, and a new code does not forgive the
# failures of the old. Five checks and five sends are what SMS verification services allow.
CODE_DIGITS = 6
CODE_LIFE = 600
MAX_CHECKS = 5
MAX_SENDS = 5
RESEND_AFTER = 120
BURST = (3, 600)
DAILY = (10, 86_400)

CODE_TEXT = Path(__file__).with_name("confirm_code.txt").read_text(encoding="utf-8").strip()
# Without the letters and digits that are mixed up when read out.
RECEIPT_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


class PhoneVerifications:
    """Starts, resends and checks. Each method runs within the caller's transaction.

    All raise RefusalError where a rule says no; what they changed until then stands and is to be committed.
    """

    def __init__(self, keys: Keys, clock: Clock) -> None:
        self._keys = keys
        self._clock = clock

    def start(self, tx: Connection, client: str, number: str) -> Answer:
        """Send the first code to the number. 201 with the verification."""
        now = self._clock.now()
        if not can_receive_sms(number):
            raise RefusalError("number_invalid")
        self._limit(tx, number, now, BURST, DAILY)
        if tx.execute(select(users.c.client).where(users.c.client == client)).first() is None:
            tx.execute(insert(users).values(client=client, created_at=now))
        id = f"pv_{secrets.token_urlsafe(16)}"
        tx.execute(
            insert(verifications).values(
                id=id,
                client=client,
                number=number,
                code_digest=self._send_code(tx, id, client, number, now),
                failures=0,
                sends=1,
                created_at=now,
                sent_at=now,
            )
        )
        return Answer(201, self._state(_find(tx, id)))

    def resend(self, tx: Connection, id: str) -> Answer:
        """Send a new code, which takes the place of the old one. 200 with the verification."""
        now = self._clock.now()
        row = _find_open(tx, id)
        if row["sends"] >= MAX_SENDS:
            raise RefusalError("too_many_sends")
        if now < row["sent_at"] + RESEND_AFTER:
            raise RefusalError(
                "resend_too_early", retry_after=_whole_seconds(row["sent_at"] + RESEND_AFTER - now)
            )
        # Resends keep their own pace, one in two minutes; only the day's limit holds for them as well.
        self._limit(tx, row["number"], now, DAILY)
        digest = self._send_code(tx, id, row["client"], row["number"], now)
        _change(tx, id, code_digest=digest, sends=row["sends"] + 1, sent_at=now)
        return Answer(200, self._state(_find(tx, id)))

    def check(self, tx: Connection, id: str, code: str) -> Answer:
        """Compare the code that the client typed. 200 with the receipt when it is right."""
        now = self._clock.now()
        row = _find_open(tx, id)
        if now >= row["sent_at"] + CODE_LIFE:
            raise RefusalError("expired")
        if not hmac.compare_digest(self._keys.code_digest(id, code), row["code_digest"]):
            failures = row["failures"] + 1
            _change(tx, id, failures=failures)
            if failures >= MAX_CHECKS:
                raise RefusalError("locked")
            raise RefusalError("wrong_code", checks_left=MAX_CHECKS - failures)
        receipt = "PV-" + "".join(secrets.choice(RECEIPT_LETTERS) for _ in range(10))
        _change(tx, id, verified_at=now, receipt=receipt)
        two_factor = _enrol_if_without_device(tx, row["client"])
        return Answer(200, {"status": "verified", "receipt": receipt, "sms_two_factor": two_factor})

    def _send_code(self, tx: Connection, id: str, client: str, number: str, now: float) -> str:
        """Queue the message with a new code; returns the digest that is kept of it."""
        code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
        text = CODE_TEXT.format(code=code, minutes=CODE_LIFE // 60)
        outbox.put(tx, self._keys, client=client, number=number, text=text, now=now)
        return self._keys.code_digest(id, code)

    def _limit(self, tx: Connection, number: str, now: float, *limits: tuple[int, int]) -> None:
        """Refuse when a limit (so many codes in so many seconds) is used up for the number."""
        sent = select(sms.c.created_at).where(sms.c.number == number).order_by(sms.c.created_at.desc())
        for codes, seconds in limits:
            oldest = tx.execute(sent.offset(codes - 1).limit(1)).scalar_one_or_none()
            if oldest is not None and now < oldest + seconds:
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


def _find(tx: Connection, id: str) -> RowMapping:
    row = tx.execute(select(verifications).where(verifications.c.id == id)).mappings().first()
    if row is None:
        raise RefusalError("not_found")
    return row


def _find_open(tx: Connection, id: str) -> RowMapping:
    row = _find(tx, id)
    if row["verified_at"] is not None:
        raise RefusalError("already_verified")
    if row["failures"] >= MAX_CHECKS:
        raise RefusalError("locked")
    return row


def _change(tx: Connection, id: str, **values: Any) -> None:
    tx.execute(update(verifications).where(verifications.c.id == id).values(**values))


def _enrol_if_without_device(tx: Connection, client: str) -> str:
    """A user without an active device is enrolled in two-factor authentication by SMS (KB3196)."""
    device = tx.execute(select(users.c.active_device).where(users.c.client == client)).scalar_one()
    if device is not None:
        return "unchanged"
    tx.execute(update(users).where(users.c.client == client).values(active_device="sms"))
    return "enrolling"


def _whole_seconds(seconds: float) -> int:
    return max(1, math.ceil(seconds))
