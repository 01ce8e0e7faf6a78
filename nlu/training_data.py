"""What the model is trained on, as plain values: the domain, the rules, the examples and the terms of the topics.

Nothing of Rasa is imported here, so that a model's fingerprint can be computed without it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from contracts.enums import StrEnum
from knowledge import Knowledge, Topic, TopicKind

FORMAT_VERSION = "3.1"
FALLBACK_ACTION = "action_fallback"
# Found by the extractors or sent by the gateway, so they exist whatever the topics say.
FIXED_ENTITIES = ("code", "link", "number", "partner", "phone_number", "task_command")
# Named by buttons that the version before this one has sent.
FORMER_ENTITIES = ("task", "walk")
SESSION_MINUTES = 60
# The group of topics that are no problem of a client's.
SMALL_TALK = "conversation"
PRIORITY_METADATA = "topic_priority"
"""The key of an example's metadata that holds the priority of its topic."""


class TopicPriority(StrEnum):
    """How a topic ranks in a message that has two. Topics of small talk and navigation have no priority."""

    NORMAL = "normal"
    """A problem that can wait for a question."""
    URGENT = "urgent"
    """A problem that comes first, wherever it stands in the message."""


@dataclass(frozen=True)
class TopicExample:
    """A sentence by which a topic is recognised."""

    topic: str
    text: str
    metadata: dict[str, str]
    """The sentence's language, and the topic's priority if it has one."""


def intent_actions(knowledge: Knowledge) -> dict[str, str]:
    """Return the action that answers each intent, by intent, sorted."""
    return {
        name: topic.action
        for name, topic in sorted(knowledge.topics.items())
        if topic.kind is not TopicKind.TEXTS and topic.action
    }


def domain(knowledge: Knowledge) -> dict[str, Any]:
    """Return the domain as the mapping that a domain file would hold."""
    by_intent = intent_actions(knowledge)
    return {
        "version": FORMAT_VERSION,
        "session_config": {
            "session_expiration_time": SESSION_MINUTES,
            "carry_over_slots_to_new_session": True,
        },
        # What a message says beside its intent is the actions' business: rules look at the intent alone.
        "intents": [{intent: {"use_entities": []}} for intent in by_intent],
        "entities": sorted({*knowledge.entities(), *FIXED_ENTITIES, *FORMER_ENTITIES}),
        "slots": slots(knowledge),
        "actions": sorted({*by_intent.values(), FALLBACK_ACTION, "action_session_start"}),
    }


def slots(knowledge: Knowledge) -> dict[str, Any]:
    """Return the slots: set by the server and the actions only, and unseen by the rules."""
    hidden = {"influence_conversation": False, "mappings": [{"type": "custom"}]}
    return {
        "language": {
            "type": "categorical",
            "values": sorted(knowledge.languages),
            "initial_value": knowledge.default_language,
            **hidden,
        },
        "language_chosen": {"type": "any", **hidden},
        "misses": {"type": "any", "initial_value": 0, **hidden},
        "dialogue_stack": {"type": "any", **hidden},
        "failure_log": {"type": "any", **hidden},
        "other_language": {"type": "any", **hidden},
    }


def rules(knowledge: Knowledge) -> list[dict[str, Any]]:
    """Return for each intent the rule that runs its topic's action; a message that was not understood has one too."""
    by_intent = {**intent_actions(knowledge), "nlu_fallback": FALLBACK_ACTION}
    return [
        {"rule": intent, "steps": [{"intent": intent}, {"action": action}]}
        for intent, action in sorted(by_intent.items())
    ]


def topic_examples(knowledge: Knowledge) -> list[TopicExample]:
    """Return every example, the same text once per topic."""
    found: dict[tuple[str, str], TopicExample] = {}
    for intent in intent_actions(knowledge):
        topic = knowledge.topics[intent]
        for code, page in sorted(topic.languages.items()):
            for example in page.examples:
                # The gateway strips leading slashes, since Rasa would read "/restart" as an intent.
                text = example.lstrip("/")
                metadata = {"language": code, **_priority(topic)}
                found.setdefault((intent, text), TopicExample(intent, text, metadata))
    return list(found.values())


def lookup_tables(knowledge: Knowledge) -> list[dict[str, Any]]:
    """Return the words that name each value of each entity, in all languages, for TermExtractor."""
    return [
        {"name": entity, "value": value, "elements": sorted(set().union(*by_language.values()))}
        for entity in knowledge.entities()
        for value, by_language in sorted(knowledge.terms(entity).items())
    ]


def _priority(topic: Topic) -> dict[str, str]:
    """Return the metadata with the topic's priority; empty for small talk and navigation."""
    if topic.urgent:
        return {PRIORITY_METADATA: TopicPriority.URGENT.value}
    return {PRIORITY_METADATA: TopicPriority.NORMAL.value} if topic.group != SMALL_TALK else {}
