"""How far text messages with codes have come."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.engine import Connection, RowMapping

from sandbox import chat_links
from sandbox.adjustable_clock import AdjustableClock, to_rfc3339
from sandbox.challenges import ChallengeService
from sandbox.e164 import mask_number
from sandbox.problem_details import ApiResult, RefusalError
from sandbox.schema import sms
from sandbox.statuses import CodePurpose, QueueStatus


def list_deliveries(tx: Connection, codes: ChallengeService, client: str, id: str) -> ApiResult:
    """Return each text message of a verification, the newest first."""
    codes.find(tx, CodePurpose.PHONE_VERIFICATION, id, client)
    found = select(sms).where(sms.c.challenge == id).order_by(sms.c.sequence.desc())
    return ApiResult(200, {"deliveries": [_describe(row) for row in tx.execute(found).mappings()]})


def get_last(tx: Connection, clock: AdjustableClock, client: str) -> ApiResult:
    """Return the last message to the linked user; without a link the last one that this chat asked for."""
    username = chat_links.find_username(tx, client, clock.now())
    if username is not None:
        # Codes for linking belong to the chat, not to the user.
        found = select(sms).where(sms.c.username == username, sms.c.purpose != CodePurpose.LINK)
    else:
        found = select(sms).where(sms.c.client == client, sms.c.purpose == CodePurpose.PHONE_VERIFICATION)
    newest = found.order_by(sms.c.created_at.desc(), sms.c.sequence.desc()).limit(1)
    row = tx.execute(newest).mappings().first()
    if row is None:
        raise RefusalError("not_found")
    body = {**_describe(row), "purpose": row["purpose"], "number_masked": mask_number(row["number"])}
    return ApiResult(200, body)


def _describe(row: RowMapping) -> dict[str, object]:
    # Nobody accepted the message in time, so the reason is not known.
    given_up = row["state"] == QueueStatus.GIVEN_UP
    return {
        "state": QueueStatus.UNDELIVERED.value if given_up else row["state"],
        "reason": "unknown" if given_up else row["reason"],
        "sent_at": to_rfc3339(row["created_at"]),
    }
