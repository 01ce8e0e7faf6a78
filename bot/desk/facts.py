"""What the bot has kept of a conversation by name, as agents read it: steps, answers, what the backend said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.desk.masking import shortened
from bot.desk.texts import Texts
from data.knowledge import Knowledge, Topic

# A step is told by how it begins.
BEGINNING = 90


class Facts:
    """Puts a context packet into words. What has none is shown by its name, so that nothing is hidden."""

    def __init__(self, knowledge: Knowledge, texts: Texts) -> None:
        self._knowledge = knowledge
        self._texts = texts

    def in_words(self, packet: Mapping[str, Any], language: str) -> dict[str, Any]:
        """The packet's step, answers and errors, the latter each as (words, code, request id)."""
        topic = self._knowledge.topics.get(str(packet.get("topic")))
        return {
            "step": self._step(topic, packet.get("step") or "", language),
            "answers": [self._answer(topic, answer, language) for answer in packet.get("answers") or ()],
            "errors": [
                (
                    self._texts.find(language, f"backend_{one['code']}", one["code"]),
                    one["code"],
                    one["request_id"],
                )
                for one in packet.get("errors") or ()
            ],
        }

    def _step(self, topic: Topic | None, step: str, language: str) -> str:
        known = topic.languages.get(language) if topic else None
        if known is None or step not in known.guide:
            return self._texts.find(language, f"step_{step}", step)
        said = known.guide[step].text.text.partition("\n")[0].replace("**", "")
        return shortened(said, BEGINNING)

    def _answer(self, topic: Topic | None, answer: str, language: str) -> str:
        """The label of the choice that "question: choice" stands for; what was typed freely stays as it is."""
        question, _, choice = answer.partition(": ")
        # The answers may be those of another topic than the one that the case is about.
        for one in (*([topic] if topic else []), *self._knowledge.topics.values()):
            page = one.languages.get(language)
            labels = page.guide[question].choices if page and question in page.guide else {}
            if choice in labels:
                return labels[choice]
        return answer
