"""Tasks: what the assistant does through the auth backend, and how words reach the guide or task that is open."""

from __future__ import annotations

from collections.abc import Iterable

from actions import deliveries, guide
from actions.backend import Backend
from actions.base import SupportAction
from actions.human import TOPIC as HUMAN
from actions.human import ask_for_person
from actions.offers import offer_return, offers
from actions.place import WAITING, Place
from actions.turn import Turn
from knowledge import Knowledge

# The state in which a task waits for a code: a code finds its task wherever that lies.
WAITS_FOR_CODE = "code"
SMS_MISSING = "sms_missing"
# Wishes about the chat itself are heard whatever lies open.
LINKING = "linking"
LINKING_WISHES = frozenset({"link", "unlink"})


class Task:
    """A task: `begin` answers the intent `topic`, `proceed` what is said while it is open.

    `place` names the topic that the task's places and texts belong to. It is another one than `topic` where that
    topic is a guide as well, which it stays for clients for whom the assistant cannot act.
    """

    topic: str
    place: str

    async def begin(self, turn: Turn) -> None:
        """Open the task, or go on if it is open already."""
        raise NotImplementedError

    async def proceed(self, turn: Turn) -> None:
        """Go on by what the client said; the task's place is on top."""
        raise NotImplementedError

    def show(self, turn: Turn) -> None:
        """Say again what the task waits for."""
        raise NotImplementedError

    async def missing(self, turn: Turn) -> None:
        """The code that the task waits for has not come."""
        raise NotImplementedError

    async def list_steps(self, turn: Turn) -> None:
        """Say all steps at once by which the client can do it without the assistant; the task stays open."""
        if turn.knowledge.topics[self.topic].guide:
            guide.begin(turn, self.topic)
        else:
            self.show(turn)


class OpenPlaces:
    """Leads what is said to whatever lies open: a guide or one of the tasks."""

    def __init__(self, tasks: Iterable[Task], backend: Backend) -> None:
        self.tasks = tuple(tasks)
        self._backend = backend
        self._by_topic = {task.topic: task for task in self.tasks}
        self._tasks = {task.place: task for task in self.tasks}

    async def begin(self, turn: Turn, topic_id: str) -> None:
        """Answer a topic from its beginning: a task, a guide, or a text with what it offers."""
        topic = turn.knowledge.topics[topic_id]
        task = self._by_topic.get(topic_id) or self._tasks.get(topic_id)
        if task is not None:
            await task.begin(turn)
        elif topic.guide:
            guide.begin(turn, topic_id)
        else:
            turn.say(topic_id, offers(turn, topic))
            offer_return(turn)

    async def proceed(self, turn: Turn) -> bool:
        """Go on in the place on top. False when nothing is open."""
        if "code" in turn.entities:
            return await self._code(turn)
        place = turn.places.current
        if place is None:
            return False
        if place.at == WAITING:
            await self._waiting(turn, place)
            return True
        task = self._task_on_top(turn)
        if await self.list_wished(turn):
            return True
        if task is not None:
            await task.proceed(turn)
        else:
            guide.proceed(turn)
        return True

    async def _waiting(self, turn: Turn, place: Place) -> None:
        """What was only spoken of is begun, let go, or asked about again."""
        wish = turn.entities.get("walk")
        if wish == "stop" or turn.intent == "deny":
            turn.places.close()
            turn.say("guide__another_time")
            offer_return(turn)
        elif wish == "resume" or turn.intent in {"affirm", "step_done"}:
            turn.places.close()
            if place.topic == HUMAN:
                ask_for_person(turn, place)
            else:
                await self.begin(turn, place.topic)
        else:
            offer_return(turn)

    async def wish(self, turn: Turn) -> bool:
        """Carry out a wish that is about what is on top ("send me a new code", "show all steps"), whatever topic the
        words were taken for."""
        if await self.list_wished(turn):
            return True
        if turn.entities.get("task") in LINKING_WISHES:
            await self._tasks[LINKING].begin(turn)
            return True
        task = self._task_on_top(turn)
        place = turn.places.current
        if turn.intent == SMS_MISSING and "task" not in turn.entities:
            if task is not None and place is not None and place.at == WAITS_FOR_CODE:
                await task.missing(turn)
                return True
            if place is None or place.topic != SMS_MISSING:
                await deliveries.say_last(turn, self._backend)
        if task is None or "task" not in turn.entities:
            return False
        await task.proceed(turn)
        return True

    async def list_wished(self, turn: Turn) -> bool:
        """List all steps of what is on top if the message asks for them; the place in it is kept."""
        place, task = turn.places.current, self._task_on_top(turn)
        if place is None or place.at == WAITING:
            return False
        if not guide.list_wished(turn, task.topic if task else place.topic):
            return False
        if task is not None:
            await task.list_steps(turn)
        else:
            guide.list_steps(turn)
        return True

    def show(self, turn: Turn) -> None:
        """Say again where the place on top stands; nothing when none is open."""
        place = turn.places.current
        if place is None:
            return
        task = self._task_on_top(turn)
        if place.at == WAITING:
            offer_return(turn)
        elif task is not None:
            task.show(turn)
        else:
            guide.show(turn)

    def _task_on_top(self, turn: Turn) -> Task | None:
        place = turn.places.current
        return None if place is None or place.at == WAITING else self._tasks.get(place.topic)

    async def _code(self, turn: Turn) -> bool:
        """A code goes to the task that waits for one, also from within a guide opened meanwhile."""
        turn.places.raise_to_top(lambda place: place.topic in self._tasks and place.at == WAITS_FOR_CODE)
        task = self._task_on_top(turn)
        if task is not None:
            await task.proceed(turn)
        else:
            turn.say("codes__unexpected_code")
            offer_return(turn)
        return True


class ActionTask(SupportAction):
    """Rasa's name for a task: action_<topic>."""

    def __init__(self, knowledge: Knowledge, backend: Backend, task: Task) -> None:
        super().__init__(knowledge, backend)
        self._task = task

    def name(self) -> str:
        return f"action_{self._task.topic}"

    async def act(self, turn: Turn) -> None:
        await self._task.begin(turn)


class ActionContinue(SupportAction):
    """Yes, no, next, back, a bare answer: they mean what the conversation's place makes of them."""

    def __init__(self, knowledge: Knowledge, backend: Backend, places: OpenPlaces) -> None:
        super().__init__(knowledge, backend)
        self._places = places

    def name(self) -> str:
        return "action_continue"

    async def act(self, turn: Turn) -> None:
        if not await self._places.proceed(turn):
            menu = turn.knowledge.topics["capabilities"].next_topics
            lost = turn.intent == "inform" and "walk" in turn.entities
            turn.say(
                "guide__nothing_open" if lost else turn.intent, [turn.topic_button(topic) for topic in menu]
            )
