"""Short answers: the topic's text, what may be asked next, and the way back to what was open."""

from __future__ import annotations

from actions import guide
from actions.base import SupportAction
from actions.offers import offer_return, offers
from actions.tasks import OpenPlaces
from actions.turn import Turn
from data.knowledge import Knowledge


class ActionAnswer(SupportAction):
    """Answers with the text of the message's topic."""

    def __init__(self, knowledge: Knowledge, places: OpenPlaces) -> None:
        super().__init__(knowledge)
        self._places = places
        self._choosers = {language.chosen_by for language in knowledge.languages.values()}

    def name(self) -> str:
        return "action_answer"

    async def act(self, turn: Turn) -> None:
        topic = turn.knowledge.topics[turn.intent]
        if topic.id in self._choosers and turn.places.current is not None:
            # The language changes, the place does not.
            turn.say(topic.id)
            self._places.show(turn)
            return
        if topic.guide:
            guide.begin(turn, topic.id)
            return
        turn.say(topic.id, offers(turn, topic))
        if topic.hand_over:
            # Safety first: a person is called without being asked for, and the client can take that back.
            turn.hand_over(topic.hand_over, "urgent", topic=topic.id)
            return
        offer_return(turn)


class ActionGuide(SupportAction):
    """Begins the guide of the message's topic."""

    def __init__(self, knowledge: Knowledge, places: OpenPlaces) -> None:
        super().__init__(knowledge)
        self._places = places

    def name(self) -> str:
        return "action_guide"

    async def act(self, turn: Turn) -> None:
        if not await self._places.wish(turn):
            guide.begin(turn, turn.intent)


class ActionRestartConversation(SupportAction):
    """Closes all that is open; the language stays."""

    def name(self) -> str:
        return "action_restart_conversation"

    async def act(self, turn: Turn) -> None:
        turn.places.clear()
        turn.direct("expect", what="nothing")
        turn.say("restart", offers(turn, turn.knowledge.topics["restart"]))


class ActionHuman(SupportAction):
    """A person is asked for. What can be promised, and what happens next, the gateway says."""

    def name(self) -> str:
        return "action_human"

    async def act(self, turn: Turn) -> None:
        turn.hand_over("asked")
        turn.say("human")
