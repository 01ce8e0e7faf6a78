"""Leads what the client wants to what lies open: a guide, a task or a pending topic."""

from __future__ import annotations

from collections.abc import Iterable

from actions import guide_flow
from actions.backend import Backend
from actions.delivery_texts import say_last_delivery
from actions.dialogue_commands import TASK_COMMAND, Command, Situation, named_command, resolve_command
from actions.dialogue_stack import Frame
from actions.flow_states import CodeEntry
from actions.handoff_request import TOPIC as PERSON
from actions.handoff_request import ask_for_person
from actions.patterns import drop_pending, offer_return
from actions.replies import next_topic_buttons
from actions.task import Task
from actions.turn import Turn
from knowledge import TopicKind
from knowledge.rendering import ANSWER

SMS_MISSING = "sms_missing"
LINKING = "linking"
# What is wanted of the chat itself is carried out whatever lies open.
_LINKING_COMMANDS = frozenset({Command.LINK, Command.UNLINK})


class FlowRouter:
    """Knows which flow a topic or a frame belongs to: one of the tasks, else a guide."""

    def __init__(self, tasks: Iterable[Task], backend: Backend) -> None:
        tasks = tuple(tasks)
        self._backend = backend
        self._by_topic = {task.topic: task for task in tasks}
        self._by_frame_topic = {task.frame_topic: task for task in tasks}

    async def begin(self, turn: Turn, topic_id: str) -> None:
        """Answer a topic from its beginning: a task, a guide, or a text with what may be asked next."""
        topic = turn.topic(topic_id)
        task = self._by_topic.get(topic_id) or self._by_frame_topic.get(topic_id)
        if task is not None:
            await task.begin(turn)
        elif topic.guide:
            guide_flow.begin(turn, topic_id)
        else:
            turn.say(topic_id, ANSWER, next_topic_buttons(topic))
            offer_return(turn)

    async def proceed(self, turn: Turn) -> bool:
        """Go on with what is on top, by what the client wants. False when nothing is open."""
        if "code" in turn.message.entities:
            await self._route_code(turn)
            return True
        frame = turn.stack.current
        if frame is None:
            return False
        if frame.is_pending:
            await self._proceed_pending(turn, frame)
        elif not self.list_steps_if_wanted(turn):
            await self._proceed_open(turn, frame)
        return True

    async def handle_command(self, turn: Turn) -> bool:
        """Carry out what is wanted of what is on top ("send me a new code"), whatever topic the words were taken for.

        False when the message wants nothing of it.
        """
        if self.list_steps_if_wanted(turn):
            return True
        command = named_command(turn.message.entities, TASK_COMMAND)
        if command in _LINKING_COMMANDS:
            await self._by_frame_topic[LINKING].begin(turn)
            return True
        frame = turn.stack.current
        task = self._task_of(frame)
        if turn.message.intent == SMS_MISSING and command is None:
            if task and task.code_step and frame and isinstance(frame.state, CodeEntry):
                await task.code_step.say_missing(turn, frame.state)
                return True
            if frame is None or frame.topic != SMS_MISSING:
                await say_last_delivery(turn, self._backend)
        if frame is None or task is None or command is None:
            return False
        await task.handle(turn, frame)
        return True

    def list_steps_if_wanted(self, turn: Turn) -> bool:
        """List all steps of what is on top if the message asks for them; the conversation stays where it is."""
        frame = turn.stack.current
        if frame is None or frame.is_pending:
            return False
        task = self._task_of(frame)
        if not _wants_steps_of(turn, task.topic if task else frame.topic):
            return False
        if task is not None:
            task.list_steps(turn, frame)
        else:
            guide_flow.list_steps(turn, frame)
        return True

    def show(self, turn: Turn) -> None:
        """Say again what is on top; nothing when nothing is open."""
        frame = turn.stack.current
        if frame is None:
            return
        task = self._task_of(frame)
        if frame.is_pending:
            offer_return(turn)
        elif task is not None:
            task.show(turn, frame)
        else:
            guide_flow.show(turn, frame)

    def _task_of(self, frame: Frame | None) -> Task | None:
        return None if frame is None or frame.is_pending else self._by_frame_topic.get(frame.topic)

    async def _proceed_open(self, turn: Turn, frame: Frame) -> None:
        task = self._task_of(frame)
        if task is not None:
            await task.handle(turn, frame)
        else:
            guide_flow.proceed(turn, frame)

    async def _proceed_pending(self, turn: Turn, frame: Frame) -> None:
        """Begin what was only spoken of, let it go, or ask about it again."""
        situation = Situation(is_paused=True)
        match resolve_command(turn.message.intent, turn.message.entities, situation):
            case Command.STOP:
                drop_pending(turn)
            case Command.RESUME if frame.topic == PERSON:
                turn.stack.pop()
                ask_for_person(turn, frame)
            case Command.RESUME:
                turn.stack.pop()
                await self.begin(turn, frame.topic)
            case _:
                offer_return(turn)

    async def _route_code(self, turn: Turn) -> None:
        """Lead a code to the task that waits for one, also from within a guide opened meanwhile."""
        turn.stack.bring_to_front(lambda frame: isinstance(frame.state, CodeEntry))
        frame = turn.stack.current
        task = self._task_of(frame)
        if frame is not None and task is not None:
            await task.handle(turn, frame)
        else:
            turn.say("codes", "unexpected_code")
            offer_return(turn)


def _wants_steps_of(turn: Turn, topic_id: str) -> bool:
    """Return whether the message asks for all steps of `topic_id`, which is open, whatever its words were taken for.

    Not when it names another procedure, or when it is about nothing that is served.
    """
    if not guide_flow.wants_all_steps(turn):
        return False
    intent = turn.message.intent
    named = turn.knowledge.topics.get(intent)
    is_other = (
        named is not None and (bool(named.guide) or named.kind is TopicKind.TASK) and named.id != topic_id
    )
    # "Show all my positions" is about something else.
    return not is_other and intent != "out_of_scope"
