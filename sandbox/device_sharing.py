"""Device sharing: which users may share which security device, and the requests to do so."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import NamedTuple

from sqlalchemy import insert, or_, select, update
from sqlalchemy.engine import Connection, RowMapping
from sqlalchemy.sql.elements import ColumnElement

from sandbox import chat_links, users
from sandbox.adjustable_clock import AdjustableClock, to_rfc3339
from sandbox.challenges import new_receipt
from sandbox.notice_queue import enqueue_notice
from sandbox.problem_details import ApiResult, RefusalError
from sandbox.schema import devices, sharing_requests
from sandbox.schema import users as users_table
from sandbox.statuses import OPEN_REQUESTS, SharingDecision, SharingStatus

# The strongest protection has the highest number (KB2481).
LEVELS = {"dsc_plus": 2, "security_code_card": 1}
TEMPORARY_DEVICES = frozenset({"temporary_code", "online_card"})
FINISH_WITHIN_SECONDS = 7 * 86_400
MAX_LISTED = 5
LISTED_FOR_SECONDS = 90 * 86_400

NOTICE_TYPES = {
    SharingStatus.PENDING_COMPLIANCE: "device_sharing.pending",
    SharingStatus.APPROVED: "device_sharing.approved",
    SharingStatus.REFUSED: "device_sharing.refused",
}

# Returns the address of a request's page in the portal.
PageAddress = Callable[[str], str]


class Eligibility(NamedTuple):
    """Whether two users may share a device (no `reasons` against it), which one, whose, and whether both have one."""

    reasons: list[str]
    device: str | None
    owner: str | None
    equal: bool


def list_partners(tx: Connection, clock: AdjustableClock, client: str) -> ApiResult:
    """Return the other users of the account, and with whom a device can be shared."""
    user = chat_links.require_user(tx, client, clock.now())
    partners = []
    for other in _list_others(tx, user):
        eligibility = _judge(tx, user, other)
        owner = eligibility.owner and ("self" if eligibility.owner == user["username"] else "partner")
        partners.append(
            {
                "id": other["reference"],
                "username_masked": users.mask_username(other["username"]),
                "eligible": not eligibility.reasons,
                "reasons": eligibility.reasons,
                "device": eligibility.device,
                "owner": owner,
                "equal": eligibility.equal,
            }
        )
    return ApiResult(200, {"partners": partners})


def start(
    tx: Connection, clock: AdjustableClock, client: str, partner: str, address: PageAddress
) -> ApiResult:
    """Open a request, which the user finishes in the portal."""
    now = clock.now()
    user = chat_links.require_user(tx, client, now)
    other = next((row for row in _list_others(tx, user) if row["reference"] == partner), None)
    if other is None:
        raise RefusalError("not_found")
    eligibility = _judge(tx, user, other)
    if eligibility.reasons:
        raise RefusalError("not_eligible")
    requests = _list_requests_of_pair(tx, user["username"], other["username"])
    if any(_status(row, now) in OPEN_REQUESTS for row in requests):
        raise RefusalError("request_open")
    id = f"ds_{secrets.token_urlsafe(16)}"
    tx.execute(
        insert(sharing_requests).values(
            id=id,
            client=client,
            username=user["username"],
            partner=other["username"],
            owner=eligibility.owner,
            device=eligibility.device,
            state=SharingStatus.AWAITING_PORTAL,
            created_at=now,
            updated_at=now,
        )
    )
    return ApiResult(201, _describe(_find(tx, id, user["username"]), user["username"], now, address))


def list_requests(tx: Connection, clock: AdjustableClock, client: str, address: PageAddress) -> ApiResult:
    """Return the linked user's last requests."""
    now = clock.now()
    name = chat_links.require_user(tx, client, now)["username"]
    found = (
        select(sharing_requests)
        .where(_concerns(name), sharing_requests.c.created_at > now - LISTED_FOR_SECONDS)
        .order_by(sharing_requests.c.sequence.desc())
        .limit(MAX_LISTED)
    )
    requests = [_describe(row, name, now, address) for row in tx.execute(found).mappings()]
    return ApiResult(200, {"requests": requests})


def get_request(
    tx: Connection, clock: AdjustableClock, client: str, id: str, address: PageAddress
) -> ApiResult:
    """Return one request of the linked user."""
    now = clock.now()
    name = chat_links.require_user(tx, client, now)["username"]
    return ApiResult(200, _describe(_find(tx, id, name), name, now, address))


def settle(tx: Connection, id: str, decision: SharingDecision, now: float) -> bool:
    """Apply a decision of the user or of Compliance, and queue a notice for the chat that asked.

    Returns False if the request is in no state for that.
    """
    row = tx.execute(select(sharing_requests).where(sharing_requests.c.id == id)).mappings().first()
    if row is None or _status(row, now) not in _states_before(decision):
        return False
    if decision is SharingDecision.FINISHED:
        user = users.find(tx, _requesting_user(row))
        needs_compliance = user is not None and user["compliance"]
        status = SharingStatus.PENDING_COMPLIANCE if needs_compliance else SharingStatus.APPROVED
        _transition(tx, row, status, None, now)
    elif decision is SharingDecision.APPROVED:
        _transition(tx, row, SharingStatus.APPROVED, None, now)
    else:
        _transition(tx, row, SharingStatus.REFUSED, decision.value, now)
    return True


def _states_before(decision: SharingDecision) -> tuple[SharingStatus, ...]:
    if decision is SharingDecision.FINISHED:
        return (SharingStatus.AWAITING_PORTAL,)
    if decision in {SharingDecision.LESS_SECURE_DEVICE, SharingDecision.DIFFERENT_IDENTIFICATION}:
        return OPEN_REQUESTS
    return (SharingStatus.PENDING_COMPLIANCE,)


def _requesting_user(row: RowMapping) -> str:
    """Return the user who gets the device."""
    return str(row["username"] if row["owner"] == row["partner"] else row["partner"])


def _transition(
    tx: Connection, row: RowMapping, status: SharingStatus, reason: str | None, now: float
) -> None:
    receipt = new_receipt("DS") if status is SharingStatus.APPROVED else None
    tx.execute(
        update(sharing_requests)
        .where(sharing_requests.c.id == row["id"])
        .values(state=status, reason=reason, receipt=receipt, updated_at=now)
    )
    if status is SharingStatus.APPROVED:
        tx.execute(
            insert(devices).values(
                username=_requesting_user(row), kind=row["device"], state="active", shared_by=row["owner"]
            )
        )
    data = {"username_masked": users.mask_username(row["partner"])}
    data |= {name: value for name, value in (("receipt", receipt), ("reason", reason)) if value}
    enqueue_notice(tx, NOTICE_TYPES[status], row["client"], data, now)


def _judge(tx: Connection, user: RowMapping, other: RowMapping) -> Eligibility:
    """Apply conditions a and b and the exclusion of IB Key; pick the device by condition c."""
    mine, theirs = (users.list_active_devices(tx, row["username"]) for row in (user, other))
    reasons = []
    if user["identity"] != other["identity"]:
        reasons.append("different_identification")
    if TEMPORARY_DEVICES & {*mine, *theirs}:
        reasons.append("temporary_device")
    if "ib_key" in {*mine, *theirs}:
        reasons.append("ib_key")
    my_level, their_level = (max((LEVELS.get(k, 0) for k in kinds), default=0) for kinds in (mine, theirs))
    if not my_level and not their_level:
        return Eligibility([*reasons, "no_device"], None, None, False)
    owner = other if their_level > my_level else user
    device = next(kind for kind, level in LEVELS.items() if level == max(my_level, their_level))
    if _is_shared(tx, user["username"], other["username"]):
        reasons.append("already_shared")
    return Eligibility(reasons, device, owner["username"], my_level == their_level)


def _list_others(tx: Connection, user: RowMapping) -> list[RowMapping]:
    others = select(users_table).where(
        users_table.c.account == user["account"], users_table.c.username != user["username"]
    )
    return list(tx.execute(others.order_by(users_table.c.username)).mappings())


def _is_shared(tx: Connection, one: str, other: str) -> bool:
    found = select(devices.c.id).where(
        devices.c.username.in_([one, other]),
        devices.c.shared_by.in_([one, other]),
        devices.c.state == "active",
    )
    return tx.execute(found).first() is not None


def _list_requests_of_pair(tx: Connection, one: str, other: str) -> list[RowMapping]:
    pair = [one, other]
    found = select(sharing_requests).where(
        sharing_requests.c.username.in_(pair), sharing_requests.c.partner.in_(pair)
    )
    return list(tx.execute(found).mappings())


def _concerns(username: str) -> ColumnElement[bool]:
    return or_(sharing_requests.c.username == username, sharing_requests.c.partner == username)


def _find(tx: Connection, id: str, username: str) -> RowMapping:
    found = select(sharing_requests).where(sharing_requests.c.id == id, _concerns(username))
    row = tx.execute(found).mappings().first()
    if row is None:
        raise RefusalError("not_found")
    return row


def _status(row: RowMapping, now: float) -> SharingStatus:
    status = SharingStatus(row["state"])
    late = status is SharingStatus.AWAITING_PORTAL and now >= row["created_at"] + FINISH_WITHIN_SECONDS
    return SharingStatus.EXPIRED if late else status


def _describe(row: RowMapping, username: str, now: float, address: PageAddress) -> dict[str, object]:
    other = row["partner"] if row["username"] == username else row["username"]
    status = _status(row, now)
    return {
        "id": row["id"],
        "state": status.value,
        "reason": row["reason"],
        "username_masked": users.mask_username(other),
        "device": row["device"],
        "owner": "self" if row["owner"] == username else "partner",
        "portal_url": address(row["id"]) if status is SharingStatus.AWAITING_PORTAL else None,
        "updated_at": to_rfc3339(row["updated_at"]),
        "receipt": row["receipt"],
    }
