"""How a user is protected, and opting back into the Secure Login System."""

from __future__ import annotations

from sqlalchemy import update
from sqlalchemy.engine import Connection, RowMapping

from sandbox import chat_links, users
from sandbox.adjustable_clock import AdjustableClock
from sandbox.challenges import ChallengeService
from sandbox.device_sharing import LEVELS
from sandbox.e164 import mask_number
from sandbox.problem_details import ApiResult, RefusalError
from sandbox.schema import users as users_table
from sandbox.statuses import CodePurpose

PURPOSE = CodePurpose.OPT_IN


def get_security_status(tx: Connection, clock: AdjustableClock, client: str) -> ApiResult:
    """Return how the linked user is protected, masked."""
    user = chat_links.require_user(tx, client, clock.now())
    kinds = users.list_active_devices(tx, user["username"])
    body = {
        "username_masked": users.mask_username(user["username"]),
        "primary": user["primary"],
        "numbers": [
            {"number_masked": mask_number(row["number"]), "verified": row["verified"]}
            for row in users.list_numbers(tx, user["username"])
        ],
        "secure_login": user["secure_login"],
        "devices": [{"kind": kind, "level": LEVELS.get(kind), "state": "active"} for kind in kinds],
        "ib_key": "active" if "ib_key" in kinds else "none",
    }
    return ApiResult(200, body)


def get_eligibility(tx: Connection, clock: AdjustableClock, client: str) -> ApiResult:
    """Return whether and where the linked user can opt back in."""
    user = chat_links.require_user(tx, client, clock.now())
    path, reasons = _find_path(tx, user)
    primary = users.find_primary_user(tx, user["account"])
    number = users.find_verified_number(tx, user["username"]) if path == "here" else None
    body = {
        "state": user["secure_login"],
        "next": path,
        "reasons": reasons,
        "primary_masked": users.mask_username(primary) if primary and not user["primary"] else None,
        "number_masked": mask_number(number) if number else None,
    }
    return ApiResult(200, body)


def start(tx: Connection, codes: ChallengeService, clock: AdjustableClock, client: str) -> ApiResult:
    """Send a code to the verified number on record. Nothing is changed yet."""
    user = chat_links.require_user(tx, client, clock.now())
    number = _require_eligible(tx, user)
    return ApiResult(201, codes.start(tx, PURPOSE, client, number, user["username"]))


def check(
    tx: Connection, codes: ChallengeService, clock: AdjustableClock, client: str, id: str, code: str
) -> ApiResult:
    """Opt the user back in if the code is right and they are still eligible."""
    user = chat_links.require_user(tx, client, clock.now())
    if codes.find(tx, PURPOSE, id, client)["username"] != user["username"]:
        raise RefusalError("not_found")
    challenge = codes.check(tx, PURPOSE, id, client, code)
    _require_eligible(tx, user)
    enrolled = update(users_table).where(users_table.c.username == user["username"])
    tx.execute(enrolled.values(secure_login="enrolled"))
    return ApiResult(200, {"status": "opted_in", "receipt": challenge["receipt"]})


def _require_eligible(tx: Connection, user: RowMapping) -> str:
    """Return the number for the code. Raises RefusalError if the user cannot opt in here."""
    number = users.find_verified_number(tx, user["username"])
    if _find_path(tx, user)[0] != "here" or number is None:
        raise RefusalError("not_eligible")
    return number


def _find_path(tx: Connection, user: RowMapping) -> tuple[str, list[str]]:
    """Return the contract's `next` (here, portal, nothing) and the reasons why not here."""
    if user["secure_login"] == "enrolled":
        return "nothing", ["already_enrolled"]
    if not user["primary"]:
        return "nothing", ["not_primary_user"]
    if not users.list_active_devices(tx, user["username"]):
        return "nothing", ["no_active_device"]
    portal_reasons = []
    if users.find_verified_number(tx, user["username"]) is None:
        portal_reasons.append("no_verified_number")
    if user["opt_in"] == "portal":
        portal_reasons.append("portal_only")
    return ("portal", portal_reasons) if portal_reasons else ("here", [])
