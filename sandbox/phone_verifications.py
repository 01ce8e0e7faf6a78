"""A mobile number, proven by a code; and what follows from it for a linked user."""

from __future__ import annotations

from sqlalchemy import insert
from sqlalchemy.engine import Connection

from sandbox import links, users
from sandbox.challenges import Challenges
from sandbox.clock import Clock
from sandbox.numbers import can_receive_sms
from sandbox.problems import Answer, RefusalError
from sandbox.storage import devices

PURPOSE = "phone_verification"


def start(tx: Connection, codes: Challenges, clock: Clock, client: str, number: str) -> Answer:
    """Send a code to any number that can receive one."""
    if not can_receive_sms(number):
        raise RefusalError("number_invalid")
    username = links.user_of(tx, client, clock.now())
    return Answer(201, codes.start(tx, PURPOSE, client, number, username))


def check(tx: Connection, codes: Challenges, clock: Clock, client: str, id: str, code: str) -> Answer:
    """The receipt. The number is in force only where it is on the record of the user whom the chat is linked to."""
    done = codes.check(tx, PURPOSE, id, client, code)
    username = links.user_of(tx, client, clock.now())
    standing, two_factor = "portal", "undisclosed"
    if username is not None:
        two_factor = "unchanged"
        if users.mark_verified(tx, username, done["number"]):
            standing = "in_force"
            two_factor = _enrol_if_without_device(tx, username)
    body = {
        "status": "verified",
        "receipt": done["receipt"],
        "standing": standing,
        "sms_two_factor": two_factor,
    }
    return Answer(200, body)


def _enrol_if_without_device(tx: Connection, username: str) -> str:
    """A user without an active device is enrolled in two-factor authentication by SMS (KB3196)."""
    if users.active_devices(tx, username):
        return "unchanged"
    tx.execute(insert(devices).values(username=username, kind="sms", state="active"))
    return "enrolling"
