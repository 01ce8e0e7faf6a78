"""A person is asked for. What can be promised, and what happens next, the gateway says."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from actions.backend import Backend, BackendError, ErrorKind, SecurityStatus
from actions.dialogue_stack import Frame
from actions.flow_states import UrgentOffer
from actions.patterns import offer_return
from actions.turn import Turn
from contracts.enums import HandoffReason, LinkStatus, Priority
from contracts.handoff import AccountFact, BackendFailure

TOPIC = "human"
# Reasons that the client has not named, with the text of the topic that tells them.
_REASON_TEXTS = {HandoffReason.TASK_FAILED: "task_failed", HandoffReason.COMPLIANCE: "compliance"}


def offer_urgently(turn: Turn) -> None:
    """Ask at once whether a person shall help with the urgent topic of this message."""
    turn.stack.push_pending(TOPIC)
    if turn.stack.bring_to_front(lambda frame: frame.topic == TOPIC) is not None:
        turn.stack.update(state=UrgentOffer(turn.message.intent))
    offer_return(turn)


def ask_for_person(turn: Turn, offer: Frame | None) -> None:
    """Hand over to a person; urgently when `offer`, the pending frame, says that an urgent topic led here."""
    if offer is not None and isinstance(offer.state, UrgentOffer):
        turn.hand_over(HandoffReason.URGENT, Priority.URGENT, topic=offer.state.topic)
    else:
        turn.hand_over(HandoffReason.ASKED)
    turn.say(TOPIC)


async def attach_client_context(turn: Turn, backend: Backend) -> None:
    """Complete the turn's hand-off, if there is one, by what the backend knows of the client just now."""
    if turn.handoff is None:
        return
    context = turn.handoff.context
    failures = turn.failures.errors
    errors = [*(BackendFailure(f.code, f.request_id) for f in failures), *context.errors]
    linked = LinkStatus.UNKNOWN
    account: tuple[AccountFact, ...] = ()
    try:
        status = await backend.security_status(turn.message.client)
    except BackendError as error:
        if error.kind is ErrorKind.NOT_LINKED:
            linked = LinkStatus.NOT_LINKED
        else:
            errors.append(BackendFailure(error.kind.value, error.request_id))
    else:
        linked, account = LinkStatus.LINKED, tuple(_account_facts(status))
    tried = context.tried or tuple(dict.fromkeys(failure.task for failure in failures))
    turn.replace_handoff_context(
        replace(context, linked=linked, account=account, tried=tried, errors=tuple(errors))
    )
    if turn.handoff.reason in _REASON_TEXTS:
        turn.say(TOPIC, _REASON_TEXTS[turn.handoff.reason])


def _account_facts(status: SecurityStatus) -> Iterator[AccountFact]:
    """List the account's state as the backend gave it; the desk puts it into words."""
    yield AccountFact("user", status.username_masked, "primary" if status.primary else "other")
    yield AccountFact("secure_login", state=status.secure_login)
    yield AccountFact("ib_key", state=status.ib_key)
    for kind, state in status.devices:
        yield AccountFact("device", kind, state)
    for masked, is_verified in status.numbers:
        yield AccountFact("number", masked, "verified" if is_verified else "unverified")
