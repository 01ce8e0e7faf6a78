"""Each message by SMS takes no more parts than its budget, counted as the client gets it: with the progress line,
the source line, the quotes around labels and the numbered menu."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from knowledge.draft import Draft, Registry
from knowledge.framing import FRAME, as_plain, framed
from knowledge.model import GuideItem, Knowledge, Text, Topic
from knowledge.problems import Problem
from knowledge.segments import segments, strangers, surplus
from knowledge.wording import fill

ANSWER_SEGMENTS = 4
STEP_SEGMENTS = 2
# What stands for a value that is not known yet: a masked number, a receipt, a title.
_SOME_VALUE = "x" * 12
# In a text of the GSM alphabet one stranger in so many characters is a slip, such as a curly quote.
_SLIP = 20

Location = tuple[str, ...]


def check(registry: Registry, drafts: Sequence[Draft]) -> Iterator[Problem]:
    """What is over its budget. Topics whose files have gaps are told by other checks and left out here."""
    whole = {draft.id: draft.topic for draft in drafts if draft.topic and _complete(draft, registry)}
    knowledge = Knowledge(registry.languages, registry.default, whole)
    for draft in drafts:
        topic = whole.get(draft.id)
        if topic is None:
            continue
        for code, page in draft.pages.items():
            said = dict(framed(knowledge, topic, code))
            for name, where, budget, menu in _messages(knowledge, topic, code):
                over = _over(knowledge, said[name], menu, code, budget, len(topic.guide))
                if over:
                    short = "sms" if said[name].sms is not None and _has_own(topic, code, where) else "text"
                    yield page.document.problem(over, *where, short)


def _complete(draft: Draft, registry: Registry) -> bool:
    names = {item.name for item in draft.topic.guide} if draft.topic else set()
    return set(draft.pages) == set(registry.languages) and all(
        names == set(page.texts.guide) for page in draft.pages.values()
    )


def _messages(
    knowledge: Knowledge, topic: Topic, code: str
) -> Iterator[tuple[str, Location, int, list[str]]]:
    """Each message of the topic: the name it is said by, where it is written, its budget, the menu below it."""
    page = topic.languages[code]
    offers = _titles(knowledge, topic.offers, code)
    for name in page.texts:
        is_answer = name == "answer"
        menu = offers if is_answer and not topic.guide else []
        yield topic.id if is_answer else f"{topic.id}__{name}", ("texts", name), ANSWER_SEGMENTS, menu
    for item in topic.guide:
        where = ("guide", item.name)
        if item.kind == "ask":
            choices = list(page.guide[item.name].choices.values())
            yield f"{topic.id}__{item.name}", where, STEP_SEGMENTS, choices
        elif topic.kind == "answer":
            yield f"{topic.id}__{item.name}", where, ANSWER_SEGMENTS, offers
        else:
            yield from _step(knowledge, topic, item, code)


def _step(
    knowledge: Knowledge, topic: Topic, item: GuideItem, code: str
) -> Iterator[tuple[str, Location, int, list[str]]]:
    moves = _titles(knowledge, ("step_done", "step_back", "step_stuck"), code)
    where = ("guide", item.name)
    yield f"{topic.id}__{item.name}", where, STEP_SEGMENTS, moves
    if topic.languages[code].guide[item.name].stuck is not None:
        frame = knowledge.topics.get(FRAME)
        texts = frame.languages[code].texts if frame else {}
        again = [texts["again"].text] if "again" in texts else []
        menu = again + _titles(knowledge, ("step_done", "human"), code)
        yield f"{topic.id}__{item.name}__stuck", (*where, "stuck"), STEP_SEGMENTS, menu


def _titles(knowledge: Knowledge, topics: Sequence[str], code: str) -> list[str]:
    return [knowledge.label(topic, code) for topic in topics if topic in knowledge.topics]


def _over(
    knowledge: Knowledge, text: Text, menu: list[str], code: str, budget: int, steps: int
) -> str | None:
    values = {"step": str(steps), "steps": str(steps)}
    said = as_plain(fill(text.on("sms"), values, _SOME_VALUE), menu, knowledge.languages[code])
    if segments(said) <= budget:
        return None
    odd = strangers(said)
    slip = odd and sum(character in odd for character in said) * _SLIP < len(said)
    because = f" because of {' '.join(sorted(odd))}" if slip else ""
    return (
        f"by SMS this takes {segments(said)} segments{because}, {budget} fit: "
        f"{surplus(said, budget)} characters too many, counted with all that is sent along"
    )


def _has_own(topic: Topic, code: str, where: Location) -> bool:
    """Whether the text has an SMS variant of its own, not only the frame around it."""
    page = topic.languages[code]
    if where[0] == "texts":
        return page.texts[where[1]].sms is not None
    item = page.guide[where[1]]
    text = item.stuck if where[-1] == "stuck" else item.text
    return text is not None and text.sms is not None
