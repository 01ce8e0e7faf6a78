"""Phone verifications: a mobile number is proven by a code, which may enrol a linked user in log-in by SMS."""

from __future__ import annotations

from sqlalchemy import insert
from sqlalchemy.engine import Connection

from sandbox import chat_links, users
from sandbox.adjustable_clock import AdjustableClock
from sandbox.challenges import ChallengeService
from sandbox.e164 import can_receive_sms
from sandbox.problem_details import ApiResult, RefusalError
from sandbox.schema import devices
from sandbox.statuses import CodePurpose

PURPOSE = CodePurpose.PHONE_VERIFICATION


def start(
    tx: Connection, codes: ChallengeService, clock: AdjustableClock, client: str, number: str
) -> ApiResult:
    """Send a code to any number that can receive one."""
    if not can_receive_sms(number):
        raise RefusalError("number_invalid")
    username = chat_links.find_username(tx, client, clock.now())
    return ApiResult(201, codes.start(tx, PURPOSE, client, number, username))


def check(
    tx: Connection, codes: ChallengeService, clock: AdjustableClock, client: str, id: str, code: str
) -> ApiResult:
    """Verify the number if the code is right. It is in force only on the record of the linked user."""
    challenge = codes.check(tx, PURPOSE, id, client, code)
    username = chat_links.find_username(tx, client, clock.now())
    standing, two_factor = "portal", "undisclosed"
    if username is not None:
        two_factor = "unchanged"
        if users.mark_verified(tx, username, challenge["number"]):
            standing = "in_force"
            two_factor = _enrol_without_device(tx, username)
    body = {
        "status": "verified",
        "receipt": challenge["receipt"],
        "standing": standing,
        "sms_two_factor": two_factor,
    }
    return ApiResult(200, body)


def _enrol_without_device(tx: Connection, username: str) -> str:
    """Enrol a user without an active device in two-factor authentication by SMS (KB3196)."""
    if users.list_active_devices(tx, username):
        return "unchanged"
    tx.execute(insert(devices).values(username=username, kind="sms", state="active"))
    return "enrolling"
