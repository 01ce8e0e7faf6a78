"""Guides: one step at a time, with next, back, repeat, stuck, where, stop, and the way back to what was open."""

from __future__ import annotations

from actions import walk
from actions.offers import offer_return, offers
from actions.place import Place
from actions.turn import Button, Turn
from data.knowledge import GuideItem, Topic


def begin(turn: Turn, topic_id: str, answers: dict[str, str] | None = None) -> None:
    """Open the guide `topic_id`. What the client has said already, now or in what is open, is not asked again."""
    topic = turn.knowledge.topics[topic_id]
    given = {
        item.name: known
        for item in topic.guide
        if item.kind == "ask" and (known := turn.places.answer(item.name)) in item.choices
    }
    given |= walk.known_answers(topic, turn.entities) | (answers or {})
    item = walk.first_item(topic, given)
    if item is None:
        raise ValueError(f"the guide {topic_id} has nothing for {given}")
    if "answer" in topic.languages[turn.language].texts and topic.kind == "guide":
        turn.say(topic_id)
    turn.places.open(Place(topic_id, item.name, given))
    show(turn)


def proceed(turn: Turn) -> None:
    """Go on in the guide on top, by what the client said."""
    place = turn.places.current
    assert place is not None
    topic = turn.knowledge.topics[place.topic]
    item = topic.item(place.at)
    command = turn.entities.get("walk")
    answers = place.answers | walk.known_answers(topic, turn.entities)
    if command == "stop" or (turn.intent == "deny" and place.paused):
        leave(turn)
    elif command == "where":
        turn.say("guide__where", title=turn.label(topic.id))
        show(turn)
    elif turn.intent == "step_stuck" and item.kind == "step":
        _help(turn, topic, item)
    elif command in {"repeat", "resume"}:
        show(turn)
    elif answers != place.answers:
        _answered(turn, place, item, answers)
    elif item.kind == "ask":
        _ask_again(turn)
    elif turn.intent == "step_back":
        _back(turn, topic, item)
    elif turn.intent == "affirm" and place.paused:
        show(turn)
    elif turn.intent in {"step_done", "affirm"}:
        _go_to(turn, topic, walk.item_after(topic, item.name, place.answers))
    elif turn.intent == "deny":
        offer_return(turn)
    else:
        show(turn)


def show(turn: Turn) -> None:
    """Say the question or step at which the guide on top stands."""
    place = turn.places.update(paused=False)
    topic = turn.knowledge.topics[place.topic]
    item = topic.item(place.at)
    if item.kind == "ask":
        turn.say(f"{topic.id}__{item.name}", _choices(turn, topic, item))
        return
    if topic.kind == "answer":
        # An answer that depends on something ends with its one step.
        turn.places.close()
        turn.say(f"{topic.id}__{item.name}", offers(turn, topic))
        offer_return(turn)
        return
    names = walk.steps(topic, place.answers)
    number = names.index(item.name) + 1
    last = walk.item_after(topic, item.name, place.answers) is None
    buttons = [Button(turn.guide_label("finish") if last else turn.label("step_done"), "/step_done")]
    if number > 1:
        buttons.append(turn.topic_button("step_back"))
    buttons.append(turn.topic_button("step_stuck"))
    turn.say(f"{topic.id}__{item.name}", buttons, step=number, steps=len(names))


def leave(turn: Turn) -> None:
    """Close the guide or task on top, and offer what lies below."""
    turn.places.close()
    turn.say("guide__left")
    offer_return(turn)


def _answered(turn: Turn, place: Place, item: GuideItem, answers: dict[str, str]) -> None:
    """The client answered a question, or corrected an earlier answer in the middle of the walk."""
    topic = turn.knowledge.topics[place.topic]
    turn.places.update(answers=answers)
    if item.kind == "ask" and item.name in answers:
        _go_to(turn, topic, walk.item_after(topic, item.name, answers))
    else:
        _go_to(turn, topic, walk.after_correction(topic, item.name, place.answers, answers))


def _ask_again(turn: Turn) -> None:
    turn.say("guide__choose")
    show(turn)


def _back(turn: Turn, topic: Topic, item: GuideItem) -> None:
    place = turn.places.current
    before = walk.step_before(topic, item.name, place.answers if place else {})
    if before is None:
        turn.say("guide__first_step")
    else:
        turn.places.update(at=before.name)
    show(turn)


def _go_to(turn: Turn, topic: Topic, item: GuideItem | None) -> None:
    if item is not None:
        turn.places.update(at=item.name)
        show(turn)
        return
    turn.places.close()
    turn.say(f"{topic.id}__finished", offers(turn, topic))
    offer_return(turn)


def _help(turn: Turn, topic: Topic, item: GuideItem) -> None:
    """Help for a step that does not work; the walk stays where it is."""
    stuck = topic.languages[turn.language].guide[item.name].stuck
    place = turn.places.current
    last = walk.item_after(topic, item.name, place.answers if place else {}) is None
    turn.say(
        f"{topic.id}__{item.name}__stuck" if stuck else "guide__no_stuck",
        [
            Button(turn.guide_label("again"), '/inform{"walk": "repeat"}'),
            Button(turn.guide_label("finish") if last else turn.label("step_done"), "/step_done"),
            turn.topic_button("human"),
        ],
    )


def _choices(turn: Turn, topic: Topic, item: GuideItem) -> list[Button]:
    return [
        Button(
            turn.knowledge.choice_label(topic.id, item.name, choice, turn.language),
            f'/inform{{"{item.name}": "{choice}"}}',
        )
        for choice in item.choices
    ]
