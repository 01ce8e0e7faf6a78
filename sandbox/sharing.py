"""One security device for two users: who may, which device, and what becomes of a request."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from sqlalchemy import insert, or_, select, update
from sqlalchemy.engine import Connection, RowMapping

from sandbox import links, notices, users
from sandbox.challenges import receipt
from sandbox.clock import Clock, iso
from sandbox.problems import Answer, RefusalError
from sandbox.storage import devices, sharing_requests
from sandbox.storage import users as users_table

# The highest protection has the highest number (KB2481).
LEVELS = {"dsc_plus": 2, "security_code_card": 1}
TEMPORARY = frozenset({"temporary_code", "online_card"})
FINISH_WITHIN = 7 * 86_400
LISTED = 5
LISTED_FOR = 90 * 86_400
OPEN = ("awaiting_portal", "pending_compliance")


def eligibility(tx: Connection, clock: Clock, client: str) -> Answer:
    """The other users of the account, and with whom a device can be shared."""
    user = links.linked_user(tx, client, clock.now())
    partners = []
    for other in _others(tx, user):
        reasons, device, owner, equal = _judge(tx, user, other)
        partners.append(
            {
                "id": other["reference"],
                "username_masked": users.mask_name(other["username"]),
                "eligible": not reasons,
                "reasons": reasons,
                "device": device,
                "owner": owner and ("self" if owner == user["username"] else "partner"),
                "equal": equal,
            }
        )
    return Answer(200, {"partners": partners})


def start(tx: Connection, clock: Clock, client: str, partner: str, address: Callable[[str], str]) -> Answer:
    """Prepare a sharing; the portal is where it is finished. `address` gives a request's page there."""
    now = clock.now()
    user = links.linked_user(tx, client, now)
    other = next((row for row in _others(tx, user) if row["reference"] == partner), None)
    if other is None:
        raise RefusalError("not_found")
    reasons, device, owner, _ = _judge(tx, user, other)
    if reasons:
        raise RefusalError("not_eligible")
    if any(_state(row, now) in OPEN for row in _of_pair(tx, user["username"], other["username"])):
        raise RefusalError("request_open")
    id = f"ds_{secrets.token_urlsafe(16)}"
    tx.execute(
        insert(sharing_requests).values(
            id=id,
            client=client,
            username=user["username"],
            partner=other["username"],
            owner=owner,
            device=device,
            state="awaiting_portal",
            created_at=now,
            updated_at=now,
        )
    )
    return Answer(201, _shown(_find(tx, id, user["username"]), user["username"], now, address))


def listed(tx: Connection, clock: Clock, client: str, address: Callable[[str], str]) -> Answer:
    """The linked user's last requests."""
    now = clock.now()
    name = links.linked_user(tx, client, now)["username"]
    found = (
        select(sharing_requests)
        .where(_concerns(name), sharing_requests.c.created_at > now - LISTED_FOR)
        .order_by(sharing_requests.c.sequence.desc())
        .limit(LISTED)
    )
    return Answer(200, {"requests": [_shown(r, name, now, address) for r in tx.execute(found).mappings()]})


def one(tx: Connection, clock: Clock, client: str, id: str, address: Callable[[str], str]) -> Answer:
    """One request of the linked user."""
    name = links.linked_user(tx, client, clock.now())["username"]
    return Answer(200, _shown(_find(tx, id, name), name, clock.now(), address))


def settle(tx: Connection, id: str, outcome: str, now: float) -> bool:
    """What happened in the portal or at Compliance: finished, approved, or refused with a reason.

    The chat that asked is told by a notice. False when the request is not in a state for that any more.
    """
    row = tx.execute(select(sharing_requests).where(sharing_requests.c.id == id)).mappings().first()
    if row is None:
        return False
    state = _state(row, now)
    wanted = "awaiting_portal" if outcome == "finished" else "pending_compliance"
    if state != wanted and not (
        outcome in {"less_secure_device", "different_identification"} and state in OPEN
    ):
        return False
    if outcome == "finished":
        requesting = row["username"] if row["owner"] == row["partner"] else row["partner"]
        user = users.find(tx, requesting)
        pending = user is not None and user["compliance"]
        _become(tx, row, "pending_compliance" if pending else "approved", None, now)
    elif outcome == "approved":
        _become(tx, row, "approved", None, now)
    else:
        _become(tx, row, "refused", outcome, now)
    return True


def _become(tx: Connection, row: RowMapping, state: str, reason: str | None, now: float) -> None:
    given = receipt("DS") if state == "approved" else None
    tx.execute(
        update(sharing_requests)
        .where(sharing_requests.c.id == row["id"])
        .values(state=state, reason=reason, receipt=given, updated_at=now)
    )
    if state == "approved":
        requesting = row["username"] if row["owner"] == row["partner"] else row["partner"]
        tx.execute(
            insert(devices).values(
                username=requesting, kind=row["device"], state="active", shared_by=row["owner"]
            )
        )
    shown = {"receipt": given, "reason": reason}
    data = {"username_masked": users.mask_name(row["partner"])} | {k: v for k, v in shown.items() if v}
    notices.put(tx, f"device_sharing.{state.removesuffix('_compliance')}", row["client"], data, now)


def _judge(
    tx: Connection, user: RowMapping, other: RowMapping
) -> tuple[list[str], str | None, str | None, bool]:
    """Why not (conditions a and b, IB Key), the device to share (condition c), whose, and whether both have one."""
    mine, theirs = (_kinds(tx, row["username"]) for row in (user, other))
    reasons = []
    if user["identity"] != other["identity"]:
        reasons.append("different_identification")
    if TEMPORARY & {*mine, *theirs}:
        reasons.append("temporary_device")
    if "ib_key" in {*mine, *theirs}:
        reasons.append("ib_key")
    best_mine, best_theirs = (max((LEVELS.get(k, 0) for k in kinds), default=0) for kinds in (mine, theirs))
    if not best_mine and not best_theirs:
        return [*reasons, "no_device"], None, None, False
    owner = other if best_theirs > best_mine else user
    level = max(best_mine, best_theirs)
    device = next(kind for kind, of in LEVELS.items() if of == level)
    if _shared(tx, user["username"], other["username"]):
        reasons.append("already_shared")
    return reasons, device, owner["username"], best_mine == best_theirs


def _others(tx: Connection, user: RowMapping) -> list[RowMapping]:
    others = select(users_table).where(
        users_table.c.account == user["account"], users_table.c.username != user["username"]
    )
    return list(tx.execute(others.order_by(users_table.c.username)).mappings())


def _kinds(tx: Connection, username: str) -> list[str]:
    return users.active_devices(tx, username)


def _shared(tx: Connection, one: str, other: str) -> bool:
    found = select(devices.c.id).where(
        devices.c.username.in_([one, other]),
        devices.c.shared_by.in_([one, other]),
        devices.c.state == "active",
    )
    return tx.execute(found).first() is not None


def _of_pair(tx: Connection, one: str, other: str) -> list[RowMapping]:
    pair = [one, other]
    found = select(sharing_requests).where(
        sharing_requests.c.username.in_(pair), sharing_requests.c.partner.in_(pair)
    )
    return list(tx.execute(found).mappings())


def _concerns(username: str) -> object:
    return or_(sharing_requests.c.username == username, sharing_requests.c.partner == username)


def _find(tx: Connection, id: str, username: str) -> RowMapping:
    found = select(sharing_requests).where(sharing_requests.c.id == id, _concerns(username))
    row = tx.execute(found).mappings().first()
    if row is None:
        raise RefusalError("not_found")
    return row


def _state(row: RowMapping, now: float) -> str:
    late = row["state"] == "awaiting_portal" and now >= row["created_at"] + FINISH_WITHIN
    return "expired" if late else str(row["state"])


def _shown(row: RowMapping, username: str, now: float, address: Callable[[str], str]) -> dict[str, object]:
    other = row["partner"] if row["username"] == username else row["username"]
    state = _state(row, now)
    return {
        "id": row["id"],
        "state": state,
        "reason": row["reason"],
        "username_masked": users.mask_name(other),
        "device": row["device"],
        "owner": "self" if row["owner"] == username else "partner",
        "portal_url": address(row["id"]) if state == "awaiting_portal" else None,
        "updated_at": iso(row["updated_at"]),
        "receipt": row["receipt"],
    }
