"""The actions that answer a message's topic: with a text, a guide or a task, or by going on with what is open."""

from __future__ import annotations

from typing_extensions import override

from actions import guide_flow
from actions.backend import Backend
from actions.code_step import EXPECT_NOTHING
from actions.dialogue_commands import GUIDE_COMMAND, named_command
from actions.flow_router import FlowRouter
from actions.handoff_request import ask_for_person, offer_urgently
from actions.replies import next_topic_buttons, topic_button
from actions.support_action import SupportAction
from actions.task import Task
from actions.turn import Turn
from contracts.payloads import ANSWER_INTENT
from knowledge import Knowledge
from knowledge.rendering import ANSWER


class RoutedAction(SupportAction):
    """An action that may lead to what is open."""

    class Meta:
        """rasa_sdk's mark of a class that must not be registered."""

        abstract = True

    def __init__(self, knowledge: Knowledge, backend: Backend, router: FlowRouter) -> None:
        super().__init__(knowledge, backend)
        self._router = router


class ActionAnswer(RoutedAction):
    """Answers with the text of the message's topic, and the way back to what was open."""

    def __init__(self, knowledge: Knowledge, backend: Backend, router: FlowRouter) -> None:
        super().__init__(knowledge, backend, router)
        self._language_topics = {language.chosen_by for language in knowledge.languages.values()}

    @override
    def name(self) -> str:
        return "action_answer"

    @override
    async def act(self, turn: Turn) -> None:
        topic = turn.topic(turn.message.intent)
        if topic.id in self._language_topics and turn.stack.current is not None:
            # The language changes; what is open does not.
            turn.say(topic.id)
            self._router.show(turn)
        elif topic.urgent and not topic.guide:
            # A person is asked about first, in words of their own; once in a menu is enough.
            person = topic_button("human")
            turn.say(topic.id, ANSWER, [b for b in next_topic_buttons(topic) if b != person])
            offer_urgently(turn)
        elif not self._router.list_steps_if_wanted(turn):
            await self._router.begin(turn, topic.id)


class ActionGuide(RoutedAction):
    """Begins the guide of the message's topic, or shows where the client stands in it."""

    @override
    def name(self) -> str:
        return "action_guide"

    @override
    async def act(self, turn: Turn) -> None:
        if not await self._router.handle_command(turn):
            guide_flow.begin(turn, turn.message.intent)


class ActionContinue(RoutedAction):
    """Yes, no, next, back, a bare answer: what they mean depends on what is open."""

    @override
    def name(self) -> str:
        return "action_continue"

    @override
    async def act(self, turn: Turn) -> None:
        if await self._router.proceed(turn):
            return
        intent = turn.message.intent
        buttons = next_topic_buttons(turn.topic("capabilities"))
        if intent == ANSWER_INTENT and named_command(turn.message.entities, GUIDE_COMMAND):
            turn.say("guide", "nothing_open", buttons)
        else:
            turn.say(intent, ANSWER, buttons)


class ActionTask(SupportAction):
    """Begins a task: action_<topic>."""

    def __init__(self, knowledge: Knowledge, backend: Backend, task: Task) -> None:
        super().__init__(knowledge, backend)
        self._task = task

    @override
    def name(self) -> str:
        return f"action_{self._task.topic}"

    @override
    async def act(self, turn: Turn) -> None:
        await self._task.begin(turn)


class ActionRestartConversation(SupportAction):
    """Closes all that is open; the language stays."""

    @override
    def name(self) -> str:
        return "action_restart_conversation"

    @override
    async def act(self, turn: Turn) -> None:
        turn.stack.clear()
        turn.failures.clear()
        turn.direct(EXPECT_NOTHING)
        turn.say("restart", ANSWER, next_topic_buttons(turn.topic("restart")))


class ActionHuman(SupportAction):
    """Hands over to a person."""

    @override
    def name(self) -> str:
        return "action_human"

    @override
    async def act(self, turn: Turn) -> None:
        ask_for_person(turn, turn.popped_pending)
