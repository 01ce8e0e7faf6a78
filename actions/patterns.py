"""Patterns off a flow's path: interruption, cancellation, a backend that does not answer, a pending topic."""

from __future__ import annotations

from actions.dialogue_commands import Command
from actions.flow_states import UrgentOffer
from actions.replies import ButtonDraft, TopicTitle, guide_button, next_topic_buttons, topic_button
from actions.turn import Turn


def offer_return(turn: Turn) -> None:
    """Ask whether to go on with what is on top, if there is anything: a guide, a task or a pending topic."""
    if turn.stack.current is None or turn.handoff is not None:
        return
    frame = turn.stack.update(paused=True)
    if not frame.is_pending:
        turn.say("guide", "resume", _yes_or_no("resume_yes", "resume_no"), title=TopicTitle(frame.topic))
    elif isinstance(frame.state, UrgentOffer):
        turn.say("guide", "person_now", _yes_or_no("person_now_yes", "not_now"))
    else:
        turn.say("guide", "also", _yes_or_no("also_yes", "not_now"), title=TopicTitle(frame.topic))


def drop_pending(turn: Turn) -> None:
    """Drop the pending topic on top, as the client asks."""
    turn.stack.pop()
    turn.say("guide", "another_time")
    offer_return(turn)


def say_cancelled(turn: Turn) -> None:
    """Say that the task was left and nothing was changed, and offer the menu."""
    turn.say("codes", "cancelled", next_topic_buttons(turn.topic("capabilities")))
    offer_return(turn)


def say_unavailable(turn: Turn) -> None:
    """Say that the backend gave no usable answer: nothing is claimed, and what is open stays."""
    turn.say("guide", "backend_down", [topic_button("human")])
    offer_return(turn)


def _yes_or_no(yes: str, no: str) -> tuple[ButtonDraft, ButtonDraft]:
    return guide_button(yes, Command.RESUME), guide_button(no, Command.STOP)
