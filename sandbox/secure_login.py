"""How a user is protected, and the way back into the Secure Login System."""

from __future__ import annotations

from sqlalchemy import update
from sqlalchemy.engine import Connection, RowMapping

from sandbox import links, users
from sandbox.challenges import Challenges
from sandbox.clock import Clock
from sandbox.numbers import mask
from sandbox.problems import Answer, RefusalError
from sandbox.sharing import LEVELS
from sandbox.storage import users as users_table

PURPOSE = "opt_in"


def security_status(tx: Connection, clock: Clock, client: str) -> Answer:
    """Everything about the protection of the linked user, masked."""
    user = links.linked_user(tx, client, clock.now())
    kinds = users.active_devices(tx, user["username"])
    body = {
        "username_masked": users.mask_name(user["username"]),
        "primary": user["primary"],
        "numbers": [
            {"number_masked": mask(row["number"]), "verified": row["verified"]}
            for row in users.on_record(tx, user["username"])
        ],
        "secure_login": user["secure_login"],
        "devices": [{"kind": kind, "level": LEVELS.get(kind), "state": "active"} for kind in kinds],
        "ib_key": "active" if "ib_key" in kinds else "none",
    }
    return Answer(200, body)


def eligibility(tx: Connection, clock: Clock, client: str) -> Answer:
    """Whether and where the linked user can opt back in."""
    user = links.linked_user(tx, client, clock.now())
    where, reasons = _reasons(tx, user)
    primary = users.primary_of(tx, user["account"])
    number = users.verified_number(tx, user["username"]) if where == "here" else None
    body = {
        "state": user["secure_login"],
        "next": where,
        "reasons": reasons,
        "primary_masked": users.mask_name(primary) if primary and not user["primary"] else None,
        "number_masked": mask(number) if number else None,
    }
    return Answer(200, body)


def start(tx: Connection, codes: Challenges, clock: Clock, client: str) -> Answer:
    """Send a code to the verified number on record; nothing is changed yet."""
    user = links.linked_user(tx, client, clock.now())
    number = _may_opt_in(tx, user)
    return Answer(201, codes.start(tx, PURPOSE, client, number, user["username"]))


def check(tx: Connection, codes: Challenges, clock: Clock, client: str, id: str, code: str) -> Answer:
    """The right code opts the user back in, if that is still to be done."""
    user = links.linked_user(tx, client, clock.now())
    if codes.find(tx, PURPOSE, id, client)["username"] != user["username"]:
        raise RefusalError("not_found")
    done = codes.check(tx, PURPOSE, id, client, code)
    _may_opt_in(tx, user)
    changed = update(users_table).where(users_table.c.username == user["username"])
    tx.execute(changed.values(secure_login="enrolled"))
    return Answer(200, {"status": "opted_in", "receipt": done["receipt"]})


def _may_opt_in(tx: Connection, user: RowMapping) -> str:
    """The number for the code. Raises RefusalError when the user may not opt in by this way."""
    number = users.verified_number(tx, user["username"])
    if _reasons(tx, user)[0] != "here" or number is None:
        raise RefusalError("not_eligible")
    return number


def _reasons(tx: Connection, user: RowMapping) -> tuple[str, list[str]]:
    """Where it is done (here, portal, nothing), and why not here."""
    if user["secure_login"] == "enrolled":
        return "nothing", ["already_enrolled"]
    if not user["primary"]:
        return "nothing", ["not_primary_user"]
    if not users.active_devices(tx, user["username"]):
        return "nothing", ["no_active_device"]
    portal = []
    if users.verified_number(tx, user["username"]) is None:
        portal.append("no_verified_number")
    if user["opt_in"] == "portal":
        portal.append("portal_only")
    return ("portal", portal) if portal else ("here", [])
