"""Routes for tests, there only where SANDBOX_CONTROLS is on. None of them knows a code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, Field
from sqlalchemy import func, select

from sandbox.challenges import MAX_CHECKS
from sandbox.clock import Clock, iso
from sandbox.faults import Fault, Kind, Switchboard, When
from sandbox.numbers import mask
from sandbox.storage import Storage, answers, challenges, links, notices, sharing_requests, sms, users
from sandbox.users import seed

LONGEST_JUMP = 10 * 365 * 86_400


class ClockRequest(BaseModel, extra="forbid"):
    advance_seconds: Annotated[float, Field(ge=0, le=LONGEST_JUMP)]


class FaultRequest(BaseModel, extra="forbid"):
    """See sandbox.faults.Fault; an empty `method` stands for all."""

    path: str = "/v1/"
    method: str = ""
    kind: Kind
    when: When = "before"
    times: Annotated[int, Field(ge=1)] = 1
    seconds: Annotated[float, Field(ge=0, le=60)] = 10


class FaultsRequest(BaseModel, extra="forbid"):
    faults: list[FaultRequest]


def controls(
    storage: Storage, clock: Clock, switchboard: Switchboard, clock_moved: Callable[[], None]
) -> APIRouter:
    """The routes under /sandbox. `clock_moved` is called, from any thread, after a jump."""
    router = APIRouter(prefix="/sandbox")

    @router.post("/clock")
    def advance(body: ClockRequest) -> dict[str, Any]:
        """Move the sandbox's clock into the future, for good."""
        offset = clock.offset_seconds + body.advance_seconds
        storage.keep_clock_offset(offset)
        clock.move_to_offset(offset)
        clock_moved()
        return {"now": iso(clock.now())}

    @router.post("/reset")
    def reset() -> dict[str, Any]:
        """Begin anew: only the made-up users, as they were, and no faults."""
        switchboard.set([])
        with storage.transaction() as tx:
            storage.empty(tx)
            clock.move_to_offset(0.0)
            seed(tx, clock.now())
        return {}

    @router.post("/faults")
    def faults(body: FaultsRequest) -> dict[str, Any]:
        """Switch these faults on, and all others off."""
        switchboard.set([Fault(**vars(fault)) for fault in body.faults])
        return {}

    @router.get("/ledger")
    def read_ledger() -> dict[str, Any]:
        """See `ledger`."""
        return ledger(storage)

    return router


def ledger(storage: Storage) -> dict[str, Any]:
    """What has been done so far. `writes` counts the writes carried out, repetitions left out."""
    with storage.transaction() as tx:
        codes = tx.execute(select(challenges).order_by(challenges.c.sequence)).mappings().all()
        # What was there from the beginning was asked for by nobody.
        asked = select(sms).where(sms.c.client != "").order_by(sms.c.sequence)
        sent = tx.execute(asked).mappings().all()
        linked = tx.execute(select(links).order_by(links.c.sequence)).mappings().all()
        shared = tx.execute(select(sharing_requests)).mappings().all()
        people = tx.execute(select(users).order_by(users.c.username)).mappings().all()
        told = tx.execute(select(notices).order_by(notices.c.sequence)).mappings().all()
        writes = tx.execute(select(func.count()).select_from(answers)).scalar_one()
    by_purpose = {
        name: [_challenge(row) for row in codes if row["purpose"] == purpose]
        for name, purpose in (
            ("verifications", "phone_verification"),
            ("link_codes", "link"),
            ("opt_ins", "opt_in"),
        )
    }
    return {
        **by_purpose,
        "sms": [_sms(row) for row in sent],
        "links": [_picked(row, "id", "client", "username", "state") for row in linked],
        "sharing": [_picked(row, "id", "client", "username", "state", "receipt") for row in shared],
        "secure_login": {row["username"]: row["secure_login"] for row in people},
        "notices": [_picked(row, "id", "client", "state", "tries") for row in told],
        "writes": writes,
    }


def _challenge(row: Any) -> dict[str, Any]:
    if row["done_at"] is not None:
        state = "verified"
    else:
        state = "locked" if row["failures"] >= MAX_CHECKS else "open"
    shown = _picked(row, "id", "client", "username", "failures", "sends", "receipt")
    return {**shown, "number_masked": mask(row["number"]), "state": state}


def _sms(row: Any) -> dict[str, Any]:
    return {
        **_picked(row, "id", "client", "purpose", "state", "reason", "tries"),
        "number_masked": mask(row["number"]),
    }


def _picked(row: Any, *names: str) -> dict[str, Any]:
    return {name: row[name] for name in names}
