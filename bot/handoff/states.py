"""Who owns a conversation, and for how long at most."""

from __future__ import annotations

from dataclasses import dataclass

ASSISTANT = "ASSISTANT"
QUEUED = "QUEUED"
ASSIGNED = "ASSIGNED"
HUMAN = "HUMAN"
WRAPUP = "WRAPUP"
AFTER_HOURS = "AFTER_HOURS"
CLOSED = "CLOSED"
BLOCKED = "BLOCKED"
STATES = (ASSISTANT, QUEUED, ASSIGNED, HUMAN, WRAPUP, AFTER_HOURS, CLOSED, BLOCKED)

# Only these may be left as they are for ever.
AT_REST = frozenset({ASSISTANT, CLOSED})
# An agent owns the conversation by name.
BY_AGENT = frozenset({ASSIGNED, HUMAN, WRAPUP})
# Whoever is in one of these has an open hand-off, and no more than a day for it.
IN_CASE = frozenset({QUEUED, ASSIGNED, HUMAN})
LONGEST_CASE_SECONDS = 24 * 3600

# After a resolve, what the client writes within this time goes back to the same agent.
REOPEN_SECONDS = 120
# No sign of life for so long: two heartbeats of an open page have been missed.
OFFLINE_SECONDS = 120


@dataclass(frozen=True)
class Step:
    """Something that is due `after` seconds in a state."""

    after: float
    what: str


# Each state's deadlines, one after the other. The last one always leaves the state.
SCHEDULE: dict[tuple[str, str | None], tuple[Step, ...]] = {
    (QUEUED, None): (
        Step(60, "remind"),
        Step(300, "remind"),
        Step(600, "offer_ticket"),
        Step(1200, "take_ticket"),
    ),
    (ASSIGNED, None): (Step(120, "look_for_agent"), Step(300, "requeue")),
    (HUMAN, "agent"): (
        Step(120, "look_for_agent"),
        Step(300, "look_for_agent"),
        Step(600, "nudge_agent"),
        Step(1200, "look_for_agent"),
        Step(1800, "requeue"),
    ),
    (HUMAN, "client"): (Step(900, "ask_client"), Step(3600, "wrap_up")),
    (WRAPUP, None): (Step(600, "to_bot"),),
    (AFTER_HOURS, None): (Step(600, "to_bot"),),
    # The client has written what was to be taken down.
    (AFTER_HOURS, "client"): (Step(120, "to_bot"),),
    (BLOCKED, None): (Step(24 * 3600, "to_bot"),),
}


def steps(state: str, awaiting: str | None) -> tuple[Step, ...]:
    """The deadlines of a state, none for one at rest."""
    return SCHEDULE.get((state, awaiting)) or SCHEDULE.get((state, None), ())
