"""Tasks: what the assistant does through the auth backend, and how words reach the one that is open."""

from __future__ import annotations

from collections.abc import Mapping

from actions import guide
from actions.base import SupportAction
from actions.offers import offer_return
from actions.turn import Turn
from data.knowledge import Knowledge


class Task:
    """A task: `topic` names it; `begin` answers its intent, `proceed` what is said while it is open."""

    topic: str

    async def begin(self, turn: Turn) -> None:
        """Open the task, or go on if it is open already."""
        raise NotImplementedError

    async def proceed(self, turn: Turn) -> None:
        """Go on by what the client said; the task's place is on top."""
        raise NotImplementedError


class ActionTask(SupportAction):
    """Rasa's name for a task: action_<topic>."""

    def __init__(self, knowledge: Knowledge, task: Task) -> None:
        super().__init__(knowledge)
        self._task = task

    def name(self) -> str:
        return f"action_{self._task.topic}"

    async def act(self, turn: Turn) -> None:
        await self._task.begin(turn)


class ActionContinue(SupportAction):
    """Yes, no, next, back, a bare answer: they mean what the conversation's place makes of them."""

    def __init__(self, knowledge: Knowledge, tasks: Mapping[str, Task]) -> None:
        super().__init__(knowledge)
        self._tasks = tasks

    def name(self) -> str:
        return "action_continue"

    async def act(self, turn: Turn) -> None:
        place = turn.places.current
        if place is None:
            self._nothing_open(turn)
        elif place.topic in self._tasks:
            await self._tasks[place.topic].proceed(turn)
        else:
            self._in_guide(turn)

    def _nothing_open(self, turn: Turn) -> None:
        if "code" in turn.entities:
            turn.say("verify_phone__unexpected_code")
        else:
            turn.say(turn.intent, [turn.topic_button(t) for t in turn.knowledge.topics["capabilities"].offers])

    def _in_guide(self, turn: Turn) -> None:
        if "code" in turn.entities:
            turn.say("verify_phone__unexpected_code")
            offer_return(turn)
        else:
            guide.proceed(turn)
