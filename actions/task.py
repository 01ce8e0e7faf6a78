"""Tasks: what the assistant does through the auth backend."""

from __future__ import annotations

from abc import ABC, abstractmethod

from actions import guide_flow
from actions.backend import BackendError
from actions.code_step import CodeStep
from actions.dialogue_commands import Command, Situation, resolve_command
from actions.dialogue_stack import Frame
from actions.turn import Turn


class Task(ABC):
    """A task: `begin` answers the intent `topic`, `proceed` carries out what is wanted while it is open.

    `frame_topic` names the topic of the task's frames and texts. It differs from `topic` where that topic is a guide
    as well, which it stays for clients for whom the assistant cannot act.
    """

    topic: str
    frame_topic: str
    code_step: CodeStep | None = None
    """The step at which it waits for a code, if it has one."""

    @abstractmethod
    async def begin(self, turn: Turn) -> None:
        """Open the task, or go on if it is open already."""

    @abstractmethod
    async def proceed(self, turn: Turn, frame: Frame, command: Command) -> None:
        """Carry out a command; the task's frame is on top."""

    @abstractmethod
    def show(self, turn: Turn, frame: Frame) -> None:
        """Say again what the task waits for."""

    def is_answer(self, turn: Turn, frame: Frame) -> bool:
        """Return whether the message answers what the task asks, in other words than yes or no."""
        return False

    async def handle(self, turn: Turn, frame: Frame) -> None:
        """Go on by what the client wants; the task's frame is on top."""
        situation = Situation(is_paused=frame.paused, is_answer=self.is_answer(turn, frame))
        command = resolve_command(turn.message.intent, turn.message.entities, situation)
        await self.proceed(turn, frame, command)

    def list_steps(self, turn: Turn, frame: Frame) -> None:
        """Say all steps by which the client can do it without the assistant; the task stays open."""
        if turn.topic(self.topic).guide:
            guide_flow.begin(turn, self.topic)
        else:
            self.show(turn, frame)

    def record_failure(self, turn: Turn, error: BackendError) -> None:
        """Note a refusal or failure of the backend; the third one calls a person."""
        turn.record_failure(self.topic, error, self.frame_topic)
