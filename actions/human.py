"""A person is asked for. What can be promised, and what happens next, the gateway says."""

from __future__ import annotations

from typing import Any

from actions.backend import Backend, BackendError, ErrorKind, SecurityStatus
from actions.offers import offer_return
from actions.place import Place
from actions.turn import Turn

TOPIC = "human"
# Reasons that the client has not named, and so hears.
SAID = {"task_failed": "human__task_failed", "compliance": "human__compliance"}


def offer_urgently(turn: Turn) -> None:
    """Ask at once whether a person shall help with the urgent topic of this message."""
    turn.places.remember(TOPIC)
    if turn.places.raise_to_top(lambda place: place.topic == TOPIC) is not None:
        turn.places.update(data={"urgent": turn.intent})
    offer_return(turn)


def ask_for_person(turn: Turn, waiting: Place | None) -> None:
    """Hand over to a person; urgently when `waiting` says that an urgent topic led here."""
    urgent = waiting.data.get("urgent") if waiting else None
    about = {"topic": urgent} if urgent else {}
    turn.hand_over(urgent or "asked", "urgent" if urgent else "normal", **about)
    turn.say("human")


async def introduce(turn: Turn, backend: Backend) -> None:
    """Complete the hand-over of the turn, if there is one, by what the backend knows of the client just now."""
    if turn.handing_over is None:
        return
    errors = [{"code": e["code"], "request_id": e["request_id"]} for e in turn.trouble.errors]
    known: dict[str, Any] = {
        "linked": "unknown",
        "tried": turn.handing_over.get("tried")
        or list(dict.fromkeys(e["task"] for e in turn.trouble.errors)),
        "errors": [*errors, *turn.handing_over.get("errors", ())],
    }
    try:
        status = await backend.security_status(turn.client)
    except BackendError as error:
        if error.kind is ErrorKind.NOT_LINKED:
            known["linked"] = "no"
        else:
            known["errors"].append({"code": error.kind.value, "request_id": error.request_id})
    else:
        known |= {"linked": "yes", "account": _account(status)}
    turn.handing_over |= {name: value for name, value in known.items() if value}
    if turn.handing_over["reason"] in SAID:
        turn.say(SAID[turn.handing_over["reason"]])


def _account(status: SecurityStatus) -> list[dict[str, str]]:
    """The account's state as the backend gave it, for bot/desk to put into words."""
    return [
        {"what": "user", "name": status.username_masked, "state": "primary" if status.primary else "other"},
        {"what": "secure_login", "state": status.secure_login},
        {"what": "ib_key", "state": status.ib_key},
        *({"what": "device", "name": kind, "state": state} for kind, state in status.devices),
        *(
            {"what": "number", "name": masked, "state": "verified" if verified else "unverified"}
            for masked, verified in status.numbers
        ),
    ]
