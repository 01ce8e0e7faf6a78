"""What was not understood: first a question back, then a person. Never a guess."""

from __future__ import annotations

from actions import guide
from actions.backend import Backend
from actions.base import SupportAction
from actions.offers import offer_return, offers
from actions.tasks import OpenPlaces
from actions.turn import REDACTED_MARK, Button, Turn
from knowledge import Knowledge

# A topic below this confidence is not worth asking about; above config.yml's threshold it is answered at once.
WORTH_ASKING = 0.05
ASK_BETWEEN = 2
# The group whose topics are never what an unclear message is taken for.
SMALL_TALK = "conversation"


class ActionFallback(SupportAction):
    """Two stages: "did you mean", or what the assistant is for; the second time in a row, a person."""

    def __init__(self, knowledge: Knowledge, backend: Backend, places: OpenPlaces) -> None:
        super().__init__(knowledge, backend)
        self._places = places

    def name(self) -> str:
        return "action_fallback"

    async def act(self, turn: Turn) -> None:
        if await self._places.wish(turn):
            turn.misses = 0
            return
        if REDACTED_MARK in turn.text:
            # The gateway has already said that a secret was taken out; more would bury that.
            return
        turn.misses += 1
        if turn.misses > 1:
            turn.direct("unclear", why="refused", candidates=self._guesses(turn))
        if turn.misses > 1 and turn.intent == "nlu_fallback":
            # Not understood twice in a row. What is plainly no business of ours is no reason to call a person.
            turn.hand_over("not_understood", tried=[guess["name"] for guess in turn.ranking[:ASK_BETWEEN]])
            turn.say("human__not_understood")
            return
        if turn.misses > 1:
            turn.say("out_of_scope__again", [turn.topic_button("human"), turn.topic_button("capabilities")])
            offer_return(turn)
            return
        if guide.asks(turn):
            guide.proceed(turn)
            return
        guesses = self._guesses(turn)
        if turn.intent == "nlu_fallback" and guesses:
            none = turn.knowledge.text("out_of_scope", "none", turn.language)
            buttons = [turn.topic_button(guess) for guess in guesses]
            turn.direct("unclear", why="asked", candidates=guesses)
            turn.say("out_of_scope__which", [*buttons, Button(none, "/out_of_scope")])
            return
        turn.direct("unclear", why="refused", candidates=guesses)
        turn.say("out_of_scope", offers(turn, turn.knowledge.topics["out_of_scope"]))
        offer_return(turn)

    def _guesses(self, turn: Turn) -> list[str]:
        """The topics that the message most likely meant."""
        topics = turn.knowledge.topics
        return [
            guess["name"]
            for guess in turn.ranking
            if guess["name"] in topics
            and topics[guess["name"]].group != SMALL_TALK
            and guess["confidence"] >= WORTH_ASKING
        ][:ASK_BETWEEN]
