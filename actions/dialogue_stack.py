"""Where a conversation stands: the guides and tasks that are open, the current one on top."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from actions.flow_states import FrameState, TaskState
from contracts.codec import ContractError, convert, to_builtins
from knowledge import Topic

logger = logging.getLogger(__name__)

MAX_FRAMES = 3
"""How many guides and tasks may be open; the oldest is dropped."""
PENDING = "pending"
"""The step of a topic that the client only spoke of: the second of two problems in one message."""


class Frame(Struct, frozen=True):
    """One open guide or task, or a pending topic."""

    topic: str
    step_id: str
    """The guide's item, the task's step, or PENDING."""
    answers: dict[str, str] = {}
    """The client's answers to a guide's questions."""
    state: FrameState | None = None
    paused: bool = False
    """Whether something else was answered in between."""

    @classmethod
    def of_task(cls, topic: str, state: TaskState) -> Frame:
        """Return the frame of a task in the state `state`."""
        return cls(topic, state.step.value, state=state)

    @property
    def is_pending(self) -> bool:
        """Whether the topic was only spoken of, and is still to be offered."""
        return self.step_id == PENDING


class DialogueStack:
    """The open guides and tasks of one conversation."""

    def __init__(self, frames: Iterable[Frame] = ()) -> None:
        self._frames = list(frames)

    @classmethod
    def from_slot(cls, value: object, topics: Mapping[str, Topic]) -> DialogueStack:
        """Read the tracker's slot. Frames that cannot be read, or whose topic or step is gone, are dropped."""
        frames = [_readable_frame(item) for item in value] if isinstance(value, list) else []
        return cls(frame for frame in frames if frame is not None and _exists(frame, topics))

    def to_slot(self) -> list[object]:
        """Return the stack as the tracker's slot keeps it, the current frame last."""
        return [to_builtins(frame) for frame in self._frames]

    @property
    def frames(self) -> tuple[Frame, ...]:
        """The frames, the current one last."""
        return tuple(self._frames)

    @property
    def current(self) -> Frame | None:
        """The frame on top, None when nothing is open."""
        return self._frames[-1] if self._frames else None

    def find_answer(self, question: str) -> str | None:
        """Return what the client has answered to `question` in any open frame, the topmost first."""
        return next((f.answers[question] for f in reversed(self._frames) if question in f.answers), None)

    def push(self, frame: Frame) -> None:
        """Put `frame` on top; the same topic further down is removed."""
        self._frames = [*[f for f in self._frames if f.topic != frame.topic][-(MAX_FRAMES - 1) :], frame]

    def push_pending(self, topic: str) -> None:
        """Note on top that the client also spoke of `topic`, unless it is open already."""
        if not any(frame.topic == topic for frame in self._frames):
            self.push(Frame(topic, PENDING, paused=True))

    def pop_pending(self, topic: str) -> Frame | None:
        """Remove and return the pending frame of `topic`; None when there is none."""
        pending = next((f for f in self._frames if f.topic == topic and f.is_pending), None)
        self.remove(lambda frame: frame is pending)
        return pending

    def bring_to_front(self, wanted: Callable[[Frame], bool]) -> Frame | None:
        """Put the topmost frame that is `wanted` on top and return it; None when there is none."""
        frame = next((f for f in reversed(self._frames) if wanted(f)), None)
        if frame is not None:
            self.push(frame)
        return frame

    def replace_top(self, frame: Frame) -> Frame:
        """Replace the frame on top by `frame` and return it."""
        self._frames[-1] = frame
        return frame

    def update(self, **changes: Any) -> Frame:
        """Change fields of the frame on top and return it."""
        return self.replace_top(replace(self._frames[-1], **changes))

    def enter(self, state: TaskState) -> Frame:
        """Move the task on top to another state; it is not paused any more."""
        return self.update(step_id=state.step.value, state=state, paused=False)

    def pop(self) -> None:
        """Close the frame on top; the one below goes on as paused."""
        if self._frames:
            self._frames.pop()
        if self._frames:
            self.update(paused=True)

    def remove(self, unwanted: Callable[[Frame], bool]) -> None:
        """Remove every frame that is `unwanted`."""
        self._frames = [frame for frame in self._frames if not unwanted(frame)]

    def clear(self) -> None:
        """Close everything."""
        self._frames = []


def _readable_frame(item: object) -> Frame | None:
    try:
        frame: Frame = convert(item, Frame)
    except ContractError as error:
        logger.warning("unreadable frame dropped: %s", error)
        return None
    return frame


def _exists(frame: Frame, topics: Mapping[str, Topic]) -> bool:
    topic = topics.get(frame.topic)
    if topic is None or frame.is_pending:
        return topic is not None
    if topic.guide:
        return any(item.name == frame.step_id for item in topic.guide)
    # A task without a state cannot go on.
    return isinstance(frame.state, TaskState) and frame.state.step == frame.step_id
