"""What a button means: the payload that the dialogue engine reads. Made and parsed here and nowhere else."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

# A button that asks the client's device for its own number, instead of a choice between answers.
REQUEST_CONTACT = "request_contact"
# The intent of a bare answer: its entities say what was answered.
ANSWER_INTENT = "inform"

_PAYLOAD = re.compile(r"/([A-Za-z0-9_]+)(\{.*\})?", re.DOTALL)


@dataclass(frozen=True)
class Payload:
    """An intent, and the entities that come with it, in Rasa's notation `/intent{"entity": "value"}`."""

    intent: str
    entities: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def answer(cls, **entities: str) -> Payload:
        """Return the payload of an answer to a question, or of a command."""
        return cls(ANSWER_INTENT, entities)

    @classmethod
    def parse(cls, text: str) -> Payload:
        """Read Rasa's notation. Raises ValueError for anything else."""
        match = _PAYLOAD.fullmatch(text)
        if match is None:
            raise ValueError("not a payload")
        entities = json.loads(match[2]) if match[2] else {}
        return cls(match[1], {str(name): str(value) for name, value in entities.items()})

    @property
    def is_answer(self) -> bool:
        """Whether this answers a question, rather than opening a topic."""
        return self.intent == ANSWER_INTENT

    def encode(self) -> str:
        """Return the payload in Rasa's notation."""
        entities = json.dumps(dict(self.entities), ensure_ascii=False) if self.entities else ""
        return f"/{self.intent}{entities}"
