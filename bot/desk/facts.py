"""What the bot has kept of a conversation by name, as agents read it: steps, answers, what the backend said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.desk.masking import shortened
from bot.desk.texts import Texts
from knowledge import Knowledge, Topic

# A step is told by how it begins.
BEGINNING = 90


class Facts:
    """Puts a context context into words. What has none is shown by its name, so that nothing is hidden."""

    def __init__(self, knowledge: Knowledge, texts: Texts) -> None:
        self._knowledge = knowledge
        self._texts = texts

    def in_words(self, context: Mapping[str, Any], language: str) -> dict[str, Any]:
        """The context's step, answers and errors, the latter each as (words, code, request id)."""
        topic = self._knowledge.topics.get(str(context.get("topic")))
        return {
            "step": self._step(topic, context.get("step") or "", language),
            "answers": [self._answer(topic, answer, language) for answer in context.get("answers") or ()],
            "errors": [
                (
                    self._texts.find(language, f"backend_{one['code']}", one["code"]),
                    one["code"],
                    one["request_id"],
                )
                for one in context.get("errors") or ()
            ],
        }

    def say(self, name: str, **values: object) -> str:
        """A text for agents of a desk elsewhere, whose language nobody knows: in the default one."""
        return self._texts.say(self._texts.default, name, **values)

    def lines(self, context: Mapping[str, Any]) -> list[str]:
        """All of a context for a desk elsewhere, a line for each fact."""
        language = self._texts.default
        words = self.in_words(context, language)
        topics = [
            self._knowledge.topics.get(str(one)) for one in (context.get("topic"), *context.get("tried", ()))
        ]
        titles = [one.languages[language].title if one else "" for one in topics]
        reason = str(context["reason"])
        facts = {
            "reason": [self._texts.find(language, f"reason_{reason}", reason)],
            "topic": [one for one in (titles[0], words["step"]) if one],
            "linked": [self.say(f"linked_{context.get('linked') or 'no'}")],
            "account": [self._account(one, language) for one in context.get("account") or ()],
            "answers": words["answers"],
            "tried": [one for one in titles[1:] if one],
            "errors": [" ".join(dict.fromkeys(one)) for one in words["errors"]],
            "sources": context.get("sources") or (),
        }
        return [f"{self.say(f'fact_{name}')}: {'; '.join(said)}" for name, said in facts.items() if said]

    def _account(self, one: Mapping[str, str], language: str) -> str:
        find = self._texts.find
        what = find(language, f"account_{one['what']}", one["what"])
        name = find(language, f"device_{one['name']}", one["name"])
        state = find(language, f"account_state_{one['state']}", one["state"])
        return f"{what} {name}: {state}" if name else f"{what}: {state}"

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
