"""Routes for tests, present only with SANDBOX_CONTROLS=on. None of them reveals a code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, Field
from sqlalchemy import func, select
from sqlalchemy.engine import RowMapping

from sandbox.adjustable_clock import AdjustableClock, to_rfc3339
from sandbox.challenges import MAX_CHECKS
from sandbox.e164 import mask_number
from sandbox.faults import Fault, FaultKind, FaultPhase, FaultRegistry
from sandbox.schema import answers, challenges, links, notices, sharing_requests, sms, users
from sandbox.sqlite_storage import SqliteStorage
from sandbox.statuses import CodePurpose
from sandbox.users import seed

MAX_ADVANCE_SECONDS = 10 * 365 * 86_400
LEDGER_PURPOSES = {
    "verifications": CodePurpose.PHONE_VERIFICATION,
    "link_codes": CodePurpose.LINK,
    "opt_ins": CodePurpose.OPT_IN,
}


class AdvanceRequest(BaseModel, extra="forbid"):
    """How far to move the clock."""

    advance_seconds: Annotated[float, Field(ge=0, le=MAX_ADVANCE_SECONDS)]


class FaultRequest(BaseModel, extra="forbid"):
    """One fault, as `sandbox.faults.Fault` describes it."""

    path: str = "/v1/"
    method: str = ""
    kind: FaultKind
    when: FaultPhase = FaultPhase.BEFORE
    times: Annotated[int, Field(ge=1)] = 1
    seconds: Annotated[float, Field(ge=0, le=60)] = 10


class FaultsRequest(BaseModel, extra="forbid"):
    """The faults to switch on."""

    faults: list[FaultRequest]


def create_debug_routes(
    storage: SqliteStorage,
    clock: AdjustableClock,
    faults: FaultRegistry,
    on_clock_moved: Callable[[], None],
) -> APIRouter:
    """Return the routes under /sandbox. `on_clock_moved` is called from any thread."""
    router = APIRouter(prefix="/sandbox")

    @router.post("/clock")
    def advance(body: AdvanceRequest) -> dict[str, Any]:
        offset = clock.offset_seconds + body.advance_seconds
        storage.store_clock_offset(offset)
        clock.set_offset(offset)
        on_clock_moved()
        return {"now": to_rfc3339(clock.now())}

    @router.post("/reset")
    def reset() -> dict[str, Any]:
        faults.replace([])
        with storage.transaction() as tx:
            storage.clear(tx)
            clock.set_offset(0.0)
            seed(tx, clock.now())
        return {}

    @router.post("/faults")
    def replace_faults(body: FaultsRequest) -> dict[str, Any]:
        faults.replace([Fault(**vars(fault)) for fault in body.faults])
        return {}

    @router.get("/ledger")
    def get_ledger() -> dict[str, Any]:
        return read_ledger(storage)

    return router


def read_ledger(storage: SqliteStorage) -> dict[str, Any]:
    """Return all that was done so far. `writes` counts the writes that were carried out, without replays."""
    with storage.transaction() as tx:
        codes = tx.execute(select(challenges).order_by(challenges.c.sequence)).mappings().all()
        # Messages without a client came with the made-up users.
        requested = select(sms).where(sms.c.client != "").order_by(sms.c.sequence)
        messages = tx.execute(requested).mappings().all()
        linked = tx.execute(select(links).order_by(links.c.sequence)).mappings().all()
        shared = tx.execute(select(sharing_requests)).mappings().all()
        people = tx.execute(select(users).order_by(users.c.username)).mappings().all()
        noticed = tx.execute(select(notices).order_by(notices.c.sequence)).mappings().all()
        writes = tx.execute(select(func.count()).select_from(answers)).scalar_one()
    by_purpose = {
        name: [_describe_challenge(row) for row in codes if row["purpose"] == purpose]
        for name, purpose in LEDGER_PURPOSES.items()
    }
    return {
        **by_purpose,
        "sms": [_describe_sms(row) for row in messages],
        "links": [_pick(row, "id", "client", "username", "state") for row in linked],
        "sharing": [_pick(row, "id", "client", "username", "state", "receipt") for row in shared],
        "secure_login": {row["username"]: row["secure_login"] for row in people},
        "notices": [_pick(row, "id", "client", "state", "tries") for row in noticed],
        "writes": writes,
    }


def _describe_challenge(row: RowMapping) -> dict[str, Any]:
    if row["done_at"] is not None:
        state = "verified"
    else:
        state = "locked" if row["failures"] >= MAX_CHECKS else "open"
    picked = _pick(row, "id", "client", "username", "failures", "sends", "receipt")
    return {**picked, "number_masked": mask_number(row["number"]), "state": state}


def _describe_sms(row: RowMapping) -> dict[str, Any]:
    picked = _pick(row, "id", "client", "purpose", "state", "reason", "tries")
    return {**picked, "number_masked": mask_number(row["number"])}


def _pick(row: RowMapping, *names: str) -> dict[str, Any]:
    return {name: row[name] for name in names}
