"""Answers: the topic's text or guide, what may be asked next, and the way back to what was open."""

from __future__ import annotations

from actions import guide
from actions.backend import Backend
from actions.base import SupportAction
from actions.human import ask_for_person, offer_urgently
from actions.offers import offers
from actions.tasks import OpenPlaces
from actions.turn import Turn
from knowledge import Knowledge


class ActionAnswer(SupportAction):
    """Answers with the text of the message's topic."""

    def __init__(self, knowledge: Knowledge, backend: Backend, places: OpenPlaces) -> None:
        super().__init__(knowledge, backend)
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
        elif topic.urgent and not topic.guide:
            # A person is asked about first, in words of their own; once in a menu is enough.
            turn.say(topic.id, [button for button in offers(turn, topic) if button.payload != "/human"])
            offer_urgently(turn)
        elif not await self._places.list_wished(turn):
            await self._places.begin(turn, topic.id)


class ActionGuide(SupportAction):
    """Begins the guide of the message's topic, or shows where the client stands in it."""

    def __init__(self, knowledge: Knowledge, backend: Backend, places: OpenPlaces) -> None:
        super().__init__(knowledge, backend)
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
        turn.trouble.clear()
        turn.direct("expect", what="nothing")
        turn.say("restart", offers(turn, turn.knowledge.topics["restart"]))


class ActionHuman(SupportAction):
    """Hands over to a person."""

    def name(self) -> str:
        return "action_human"

    async def act(self, turn: Turn) -> None:
        ask_for_person(turn, turn.was_waiting)
