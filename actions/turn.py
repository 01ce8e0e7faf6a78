"""One turn as an action sees it: what the client wrote, where the conversation stands, what is answered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from dataclasses import replace as replace_fields

from msgspec.structs import replace
from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.backend import BackendError
from actions.dialogue_stack import DialogueStack, Frame
from actions.failure_log import FailureLog
from actions.message import UnderstoodMessage
from actions.replies import ButtonDraft, ButtonLabel, ChoiceLabel, ReplyDraft, TextLabel, TopicTitle
from contracts.codec import to_builtins
from contracts.directives import Directive, RequestHandoff
from contracts.enums import HandoffReason, Priority
from contracts.handoff import BackendFailure, HandoffContext
from contracts.turns import Button
from knowledge import Knowledge, Topic
from knowledge.rendering import ANSWER, TextId, render


class TurnDeferredError(Exception):
    """Nothing could be done just now. The action fails as a whole, and the gateway brings the message again."""


@dataclass(frozen=True)
class _RenderedReply:
    text_id: TextId
    text: str
    buttons: tuple[Button, ...]


class Turn:
    """Collects what is answered; `flush` hands it over once the action has finished."""

    def __init__(self, tracker: Tracker, knowledge: Knowledge) -> None:
        """Read the tracker. Raises ContractError when the message's metadata is not the gateway's."""
        self.knowledge = knowledge
        self.message = UnderstoodMessage.from_tracker(tracker, knowledge)
        self.language = str(tracker.get_slot("language") or knowledge.default_language)
        self.stack = DialogueStack.from_slot(tracker.get_slot("dialogue_stack"), knowledge.topics)
        self.failures = FailureLog.from_slot(tracker.get_slot("failure_log"))
        self.misses = int(tracker.get_slot("misses") or 0)
        """How many messages in a row were not understood."""
        self.other_language: str | None = tracker.get_slot("other_language")
        """The language that is not served and of which the client was told so."""
        self.popped_pending: Frame | None = None
        """The pending frame of the topic that the client asks for by this message."""
        self.handoff: RequestHandoff | None = None
        """The request for a person that the gateway gets, if there is one."""
        self._output: list[_RenderedReply | Directive] = []

    def say(
        self, topic: str, text: str = ANSWER, buttons: Sequence[ButtonDraft] = (), /, **values: object
    ) -> None:
        """Answer with the text `text` of a topic; `values` fill its {placeholders}.

        Raises KeyError when there is no such text, and MissingValueError.
        """
        self.say_draft(ReplyDraft(TextId(topic, text), tuple(buttons), values))

    def say_draft(self, draft: ReplyDraft) -> None:
        """Render a reply in the client's language, for the client's channel. Raises as `say` does."""
        values = {name: self._value(value) for name, value in draft.values.items()}
        text = render(self.knowledge, draft.text, self.language, self.message.channel, values)
        buttons = tuple(Button(self.label(button.label), button.payload) for button in draft.buttons)
        self._output.append(_RenderedReply(draft.text, text, buttons))

    def direct(self, directive: Directive) -> None:
        """Ask the gateway to do something."""
        self._output.append(directive)

    def hand_over(
        self,
        reason: HandoffReason,
        priority: Priority = Priority.NORMAL,
        *,
        topic: str | None = None,
        step: str | None = None,
        tried: Iterable[str] = (),
        errors: Iterable[BackendFailure] = (),
    ) -> None:
        """Ask the gateway for a person, once the action has finished. Only the first request of a turn counts.

        The context says where the conversation stands, unless `topic` and `step` say it.
        """
        if self.handoff is not None:
            return
        frame = self.stack.current
        if topic is None and frame is not None:
            topic, step = frame.topic, None if frame.is_pending else frame.step_id
        answers = (f"{question}: {answer}" for question, answer in (frame.answers if frame else {}).items())
        context = HandoffContext(
            topic=topic, step=step, tried=tuple(tried), answers=tuple(answers), errors=tuple(errors)
        )
        self.handoff = RequestHandoff(reason, priority, context)

    def record_failure(self, task: str, error: BackendError, frame_topic: str) -> None:
        """Note that the backend has refused a task or not answered; the third failure calls a person.

        `task` is the topic that the task answers, `frame_topic` that of its frames.
        """
        self.failures.record(task, error)
        if self.failures.should_escalate(task):
            frame = self.stack.current
            step = frame.step_id if frame and frame.topic == frame_topic else None
            self.hand_over(HandoffReason.TASK_FAILED, topic=task, step=step, tried=[task])

    def label(self, label: ButtonLabel) -> str:
        """Render a label in the client's language."""
        match label:
            case TopicTitle(topic):
                return self.knowledge.label(topic, self.language)
            case TextLabel(topic, name):
                return self.knowledge.text(topic, name, self.language)
            case ChoiceLabel(topic, question, choice):
                return self.knowledge.choice_label(topic, question, choice, self.language)
            case str():
                return label

    def topic(self, topic_id: str) -> Topic:
        """Return the topic. Raises KeyError when there is none."""
        return self.knowledge.topics[topic_id]

    def flush(self, dispatcher: CollectingDispatcher) -> list[EventType]:
        """Hand the answers to Rasa and return the events that keep the conversation's state."""
        if self.handoff is None:
            self._output = _with_one_menu(self._output)
        else:
            # Nothing is left to choose, and the person is asked for last: other directives are void by then.
            self._output = [_without_buttons(said) for said in self._output] + [self.handoff]
            self.failures.clear()
        for item in self._output:
            if isinstance(item, _RenderedReply):
                dispatcher.utter_message(
                    text=item.text,
                    buttons=[to_builtins(button) for button in item.buttons],
                    # Into the event's metadata: the tracker knows which text was said.
                    text_id=str(item.text_id),
                )
            else:
                dispatcher.utter_message(json_message={"directive": to_builtins(item)})
        return [
            SlotSet("dialogue_stack", self.stack.to_slot()),
            SlotSet("misses", self.misses),
            SlotSet("failure_log", self.failures.to_slot()),
            SlotSet("other_language", self.other_language),
        ]

    def replace_handoff_context(self, context: HandoffContext) -> None:
        """Replace the context of the hand-off, if there is one in this turn."""
        if self.handoff is not None:
            self.handoff = replace(self.handoff, context=context)

    def _value(self, value: object) -> object:
        return self.label(value) if isinstance(value, TopicTitle | TextLabel | ChoiceLabel) else value


def _without_buttons(item: _RenderedReply | Directive) -> _RenderedReply | Directive:
    return replace_fields(item, buttons=()) if isinstance(item, _RenderedReply) else item


def _with_one_menu(output: Sequence[_RenderedReply | Directive]) -> list[_RenderedReply | Directive]:
    """Put all buttons of the turn under its last text that has any.

    Only the newest menu of a conversation can be used: taps on an older one are refused, and by SMS each menu is
    numbered from 1.
    """
    menus = [i for i, item in enumerate(output) if isinstance(item, _RenderedReply) and item.buttons]
    gathered = list(output)
    if len(menus) < 2:
        return gathered
    last = gathered[menus[-1]]
    assert isinstance(last, _RenderedReply)
    buttons = list(last.buttons)
    for index in menus[:-1]:
        earlier = gathered[index]
        assert isinstance(earlier, _RenderedReply)
        buttons.extend(button for button in earlier.buttons if button not in buttons)
        gathered[index] = replace_fields(earlier, buttons=())
    gathered[menus[-1]] = replace_fields(last, buttons=tuple(buttons))
    return gathered
