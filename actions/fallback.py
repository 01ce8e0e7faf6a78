"""Messages that were not understood: first ask back, then offer a person. Never guess."""

from __future__ import annotations

from typing_extensions import override

from actions import guide_flow
from actions.message import REDACTED_MARK
from actions.patterns import offer_return
from actions.replies import ButtonDraft, TextLabel, next_topic_buttons, topic_button
from actions.topic_actions import RoutedAction
from actions.turn import Turn
from contracts.directives import RecordClarification
from contracts.enums import ClarificationKind, HandoffReason
from contracts.payloads import Payload
from knowledge.rendering import ANSWER

TOPIC = "out_of_scope"
# A topic below this confidence is not worth asking about; above config.yml's threshold it is answered at once.
MIN_CONFIDENCE = 0.05
MAX_CANDIDATES = 2
# The group whose topics are never what an unclear message is taken for.
SMALL_TALK = "conversation"


class ActionFallback(RoutedAction):
    """Asks back ("did you mean"), or says what the assistant is for; the second time in a row, offers a person."""

    @override
    def name(self) -> str:
        return "action_fallback"

    @override
    async def act(self, turn: Turn) -> None:
        if await self._router.handle_command(turn):
            turn.misses = 0
        elif REDACTED_MARK in turn.message.text:
            # The gateway has already said that a secret was taken out; more would bury that.
            return
        elif turn.misses > 0:
            turn.misses += 1
            self._give_up(turn)
        else:
            turn.misses += 1
            await self._ask_back(turn)

    def _give_up(self, turn: Turn) -> None:
        candidates = _candidates(turn)
        turn.direct(RecordClarification(ClarificationKind.REFUSED, candidates))
        if turn.message.intent == "nlu_fallback":
            # Not understood twice in a row. What is plainly no business of ours is no reason to call a person.
            ranked = [ranked.topic for ranked in turn.message.ranking[:MAX_CANDIDATES]]
            turn.hand_over(HandoffReason.NOT_UNDERSTOOD, tried=ranked)
            turn.say("human", "not_understood")
            return
        turn.say(TOPIC, "again", [topic_button("human"), topic_button("capabilities")])
        offer_return(turn)

    async def _ask_back(self, turn: Turn) -> None:
        if guide_flow.asks_question(turn):
            await self._router.proceed(turn)
            return
        candidates = _candidates(turn)
        if turn.message.intent == "nlu_fallback" and candidates:
            none_of_them = ButtonDraft(TextLabel(TOPIC, "none"), Payload(TOPIC).encode())
            buttons = [*(topic_button(candidate) for candidate in candidates), none_of_them]
            turn.direct(RecordClarification(ClarificationKind.ASKED, candidates))
            turn.say(TOPIC, "which", buttons)
            return
        turn.direct(RecordClarification(ClarificationKind.REFUSED, candidates))
        turn.say(TOPIC, ANSWER, next_topic_buttons(turn.topic(TOPIC)))
        offer_return(turn)


def _candidates(turn: Turn) -> tuple[str, ...]:
    """Return the topics that the message most likely meant."""
    topics = turn.knowledge.topics
    likely = (
        ranked.topic
        for ranked in turn.message.ranking
        if ranked.topic in topics
        and topics[ranked.topic].group != SMALL_TALK
        and ranked.confidence >= MIN_CONFIDENCE
    )
    return tuple(likely)[:MAX_CANDIDATES]
