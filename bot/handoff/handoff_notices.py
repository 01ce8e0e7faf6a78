"""The notices about a hand-off: texts of the topic `handoff`, with choices that the gateway answers itself."""

from __future__ import annotations

from sqlalchemy import update

from bot.domain import ConversationId, HandoffId, Origin
from bot.messages import outbox
from bot.messages.conversations import Conversation
from bot.messages.outbox import Choice
from bot.storage import button
from bot.storage.transaction import Transaction
from knowledge import Knowledge

TOPIC = "handoff"
# The prefix of such a choice's payload. Rasa never sees it.
PREFIX = "desk:"
STOP_WAITING, KEEP_WAITING, LEAVE_MESSAGE, TO_ASSISTANT = (
    f"{PREFIX}{name}" for name in ("stop_waiting", "keep_waiting", "leave_message", "to_assistant")
)
SCORE = f"{PREFIX}score:"
SCORES = (1, 2, 3, 4, 5)


def say(
    tx: Transaction,
    knowledge: Knowledge,
    to: Conversation,
    name: str,
    *choices: str,
    **values: object,
) -> None:
    """Store a notice with its `choices`; `values` fill the text's {placeholders}."""
    outbox.add(
        tx,
        to,
        origin=Origin.SYSTEM,
        text=knowledge.text(TOPIC, name, to.language, to.address.kind).format(**values),
        choices=[Choice(_label(knowledge, to, choice), choice) for choice in choices],
    )


def ask_for_score(tx: Transaction, knowledge: Knowledge, to: Conversation, handoff_id: HandoffId) -> None:
    """Ask the client for a score from 1 to 5."""
    choices = [
        Choice(knowledge.text(TOPIC, f"score_{score}", to.language), f"{SCORE}{handoff_id}:{score}")
        for score in SCORES
    ]
    text = knowledge.text(TOPIC, "resolved", to.language, to.address.kind)
    outbox.add(tx, to, origin=Origin.SYSTEM, text=text, choices=choices)


def close_choices(tx: Transaction, conversation_id: ConversationId) -> None:
    """Close the choices of earlier states. A score can still be given."""
    tx.execute(
        update(button)
        .where(
            button.c.conversation_id == conversation_id,
            button.c.used_at.is_(None),
            button.c.payload.startswith(PREFIX),
            ~button.c.payload.startswith(SCORE),
        )
        .values(used_at=tx.now)
    )


def given_score(payload: str) -> tuple[HandoffId, int] | None:
    """Return the case and the score of a choice; None when it is another choice."""
    if not payload.startswith(SCORE):
        return None
    handoff_id, _, score = payload.removeprefix(SCORE).partition(":")
    return HandoffId(int(handoff_id)), int(score)


def means_stop_waiting(knowledge: Knowledge, conversation: Conversation, text: str) -> bool:
    """Whether a typed message is one of the words that cancel the request for a person."""
    words = knowledge.text(TOPIC, "words_for_stop_waiting", conversation.language).split("/")
    plain = text.strip().rstrip(".!。！").casefold()
    return any(plain == word.strip().casefold() for word in words)


def _label(knowledge: Knowledge, to: Conversation, choice: str) -> str:
    return knowledge.text(TOPIC, f"choice_{choice.removeprefix(PREFIX)}", to.language)
