"""Put a hand-off's context into words for agents: steps, answers, the backend's codes."""

from __future__ import annotations

from dataclasses import dataclass

from bot.desk.desk_texts import Texts
from bot.desk.masking import shortened
from contracts.enums import HandoffReason, LinkStatus
from contracts.handoff import AccountFact, HandoffContext
from knowledge import Knowledge, Topic

# A step is shown by its first words.
MAX_STEP_CHARACTERS = 90


@dataclass(frozen=True)
class WordedContext:
    """A context's step, answers and errors in words; each error as (words, code, request id)."""

    step: str
    answers: list[str]
    errors: list[tuple[str, str, str]]


def reason_name(reason: HandoffReason, topic: str | None) -> str:
    """Return the name of a reason's text: that of the urgent topic, where one led to the hand-off."""
    return topic if reason is HandoffReason.URGENT and topic else reason.value


class ContextWords:
    """Puts a context into words. A value without words is shown as it is stored, so that nothing is hidden."""

    def __init__(self, knowledge: Knowledge, texts: Texts) -> None:
        self._knowledge = knowledge
        self._texts = texts

    def in_words(self, context: HandoffContext, language: str) -> WordedContext:
        """Return the context's step, answers and errors in an agent's language."""
        topic = self._knowledge.topics.get(context.topic or "")
        find = self._texts.find
        return WordedContext(
            step=self._step(topic, context.step or "", language),
            answers=[self._answer(topic, answer, language) for answer in context.answers],
            errors=[
                (find(language, f"backend_{error.code}", error.code), error.code, error.request_id)
                for error in context.errors
            ],
        )

    def say(self, name: str, **values: object) -> str:
        """Return a text for agents of an external desk, in the default language, since theirs is unknown."""
        return self._texts.say(self._texts.default, name, **values)

    def lines(self, reason: HandoffReason, context: HandoffContext) -> list[str]:
        """Return the whole context for an external desk, one line per fact."""
        language = self._texts.default
        words = self.in_words(context, language)
        name = reason_name(reason, context.topic)
        facts = {
            "reason": [self._texts.find(language, f"reason_{name}", name)],
            "topic": [text for text in (self._title(context.topic, language), words.step) if text],
            "linked": [self.say(f"linked_{context.linked or LinkStatus.NOT_LINKED}")],
            "account": [self._account(fact, language) for fact in context.account],
            "answers": words.answers,
            "tried": [title for tried in context.tried if (title := self._title(tried, language))],
            "errors": [" ".join(dict.fromkeys(error)) for error in words.errors],
            "sources": list(context.sources),
        }
        return [f"{self.say(f'fact_{name}')}: {'; '.join(texts)}" for name, texts in facts.items() if texts]

    def _title(self, topic_id: str | None, language: str) -> str:
        topic = self._knowledge.topics.get(topic_id or "")
        return topic.languages[language].title if topic else ""

    def _account(self, fact: AccountFact, language: str) -> str:
        find = self._texts.find
        what = find(language, f"account_{fact.what}", fact.what)
        name = find(language, f"device_{fact.name}", fact.name)
        state = find(language, f"account_state_{fact.state}", fact.state)
        return f"{what} {name}: {state}" if name else f"{what}: {state}"

    def _step(self, topic: Topic | None, step: str, language: str) -> str:
        page = topic.languages.get(language) if topic else None
        if page is None or step not in page.guide:
            return self._texts.find(language, f"step_{step}", step)
        first_line = page.guide[step].text.text.partition("\n")[0].replace("**", "")
        return shortened(first_line, MAX_STEP_CHARACTERS)

    def _answer(self, topic: Topic | None, answer: str, language: str) -> str:
        """Return the label of the choice in "question: choice"; free text stays as it is."""
        question, _, choice = answer.partition(": ")
        # The answers may belong to another topic than the case.
        for candidate in (*([topic] if topic else []), *self._knowledge.topics.values()):
            page = candidate.languages.get(language)
            labels = page.guide[question].choices if page and question in page.guide else {}
            if choice in labels:
                return labels[choice]
        return answer
