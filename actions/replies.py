"""Replies before they are rendered: which text, which buttons, which values. Free of language and channel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from actions.dialogue_commands import Command, guide_payload, task_payload
from contracts.payloads import Payload
from knowledge import Topic
from knowledge.rendering import TextId


@dataclass(frozen=True)
class TopicTitle:
    """The title of a topic."""

    topic: str


@dataclass(frozen=True)
class TextLabel:
    """A text of a topic, used as a label."""

    topic: str
    name: str


@dataclass(frozen=True)
class ChoiceLabel:
    """The label of an answer to a guide's question."""

    topic: str
    question: str
    choice: str


ButtonLabel: TypeAlias = TopicTitle | TextLabel | ChoiceLabel | str
"""What a button says; a string stands for itself, such as a masked name."""


@dataclass(frozen=True)
class ButtonDraft:
    """A choice offered with a reply, before its label is rendered."""

    label: ButtonLabel
    payload: str


@dataclass(frozen=True)
class ReplyDraft:
    """A text to be said, with its buttons and the values of its placeholders."""

    text: TextId
    buttons: tuple[ButtonDraft, ...] = ()
    values: Mapping[str, object] = field(default_factory=dict)


def topic_button(topic: str) -> ButtonDraft:
    """Return a button that opens a topic."""
    return ButtonDraft(TopicTitle(topic), Payload(topic).encode())


def next_topic_buttons(topic: Topic) -> tuple[ButtonDraft, ...]:
    """Return buttons for the topics that a topic offers."""
    return tuple(topic_button(other) for other in topic.next_topics)


def guide_button(label: str, command: Command) -> ButtonDraft:
    """Return a button for a command about the open guide; `label` is a text of the topic `guide`."""
    return ButtonDraft(TextLabel("guide", label), guide_payload(command))


def task_button(topic: str, label: str, command: Command) -> ButtonDraft:
    """Return a button for a command about the open task; `label` is a text of `topic`."""
    return ButtonDraft(TextLabel(topic, label), task_payload(command))


LEAVE_BUTTON = task_button("codes", "leave", Command.LEAVE)
"""The button that leaves a task."""
