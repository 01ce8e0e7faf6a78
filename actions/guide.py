"""Guides: one step at a time, with next, back, repeat, stuck, where, stop, and the way back to what was open."""

from __future__ import annotations

from actions import step_list, walk
from actions.offers import offer_return, offers
from actions.place import WAITING, Place
from actions.turn import Button, Turn
from knowledge import GuideItem, ItemKind, Topic


def begin(turn: Turn, topic_id: str, answers: dict[str, str] | None = None) -> None:
    """Open the guide `topic_id`. What the client has said already, now or in what is open, is not asked again.

    A guide that is open already goes on where it stands.
    """
    topic = turn.knowledge.topics[topic_id]
    opened = turn.places.raise_to_top(lambda place: place.topic == topic_id and place.at != WAITING)
    if opened is not None:
        _go_on(turn, opened, answers or {})
        return
    given = {
        item.name: known
        for item in topic.guide
        if item.kind == ItemKind.QUESTION and (known := turn.places.answer(item.name)) in item.choices
    }
    given |= walk.known_answers(topic, turn.entities) | (answers or {})
    item = walk.first_item(topic, given)
    if item is None:
        raise ValueError(f"the guide {topic_id} has nothing for {given}")
    if "answer" in topic.languages[turn.language].texts and topic.kind != "answer":
        turn.say(topic_id)
    turn.places.open(Place(topic_id, item.name, given))
    if turn.entities.get("walk") == "all":
        list_steps(turn)
    else:
        show(turn)


def proceed(turn: Turn) -> None:
    """Go on in the guide on top, by what the client said."""
    place = turn.places.current
    assert place is not None
    topic = turn.knowledge.topics[place.topic]
    item = topic.item(place.at)
    command = turn.entities.get("walk", "")
    answers = place.answers | walk.known_answers(topic, turn.entities)
    if turn.intent == "step_stuck" and item.kind == "step" and command not in _COMMANDS:
        _help(turn, topic, item)
    elif command in _COMMANDS or command in _SHOW:
        _COMMANDS.get(command, show)(turn)
    elif answers != place.answers:
        _answered(turn, place, item, answers)
    elif turn.intent == "deny" and place.paused:
        leave(turn)
    elif item.kind == ItemKind.QUESTION:
        _ask_again(turn)
    elif turn.intent == "deny" and item.on_no:
        _help(turn, topic, item)
    elif turn.intent == "deny":
        offer_return(turn)
    elif turn.intent == "step_back":
        _back(turn, topic, item)
    elif turn.intent == "step_done" or (turn.intent == "affirm" and not place.paused):
        _go_to(turn, walk.item_after(topic, item.name, place.answers))
    else:
        show(turn)


def show(turn: Turn) -> None:
    """Say the question or step at which the guide on top stands."""
    place = turn.places.update(paused=False)
    topic = turn.knowledge.topics[place.topic]
    item = topic.item(place.at)
    if item.kind == ItemKind.QUESTION:
        turn.say(f"{topic.id}__{item.name}", _choices(turn, topic, item))
        return
    if step_list.WISHED in place.data:
        list_steps(turn)
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
    elif not last:
        buttons.append(Button(turn.guide_label("all"), '/inform{"walk": "all"}'))
    buttons.append(turn.topic_button("step_stuck"))
    turn.say(f"{topic.id}__{item.name}", buttons, step=number, steps=len(names))


def list_steps(turn: Turn) -> None:
    """Show all steps of the guide on top at once; the walk stays where it is.

    A question that decides which steps there are, and is still open, is asked first.
    """
    place = turn.places.current
    assert place is not None
    topic = turn.knowledge.topics[place.topic]
    if topic.kind == "answer":
        show(turn)
        return
    at = place.data.get(step_list.WISHED) or place.at
    question = walk.open_question(topic, place.answers)
    if question is not None:
        turn.places.update(at=question.name, data={**place.data, step_list.WISHED: at})
        show(turn)
        return
    names = walk.steps(topic, place.answers)
    at = at if at in names else place.at
    data = {name: value for name, value in place.data.items() if name != step_list.WISHED}
    turn.places.update(at=at, data=data, paused=True)
    step_list.say(turn, topic, names)
    turn.say(
        f"{topic.id}__listed",
        [
            Button(turn.guide_label("one_by_one"), '/inform{"walk": "resume"}'),
            Button(turn.guide_label("finish"), '/inform{"walk": "finish"}'),
        ],
        step=names.index(at) + 1,
        steps=len(names),
    )


def list_wished(turn: Turn, topic_id: str) -> bool:
    """Whether the message asks for all steps of `topic_id`, which is open, whatever topic its words were taken for.

    Not when it names another procedure, or when it is about nothing that is served.
    """
    if turn.entities.get("walk") != "all":
        return False
    named = turn.knowledge.topics.get(turn.intent)
    another = named is not None and (bool(named.guide) or named.kind == "task") and named.id != topic_id
    # "Show all my positions" is about something else.
    return not another and turn.intent != "out_of_scope"


def asks(turn: Turn) -> bool:
    """Whether the guide on top waits for the answer to a question."""
    place = turn.places.current
    if place is None or place.at == WAITING or not turn.knowledge.topics[place.topic].guide:
        return False
    return turn.knowledge.topics[place.topic].item(place.at).kind == ItemKind.QUESTION


def leave(turn: Turn) -> None:
    """Close the guide or task on top, and offer what lies below."""
    turn.places.close()
    turn.say("guide__left")
    offer_return(turn)


def _answered(turn: Turn, place: Place, item: GuideItem, answers: dict[str, str]) -> None:
    """The client answered a question, or corrected an earlier answer in the middle of the walk."""
    topic = turn.knowledge.topics[place.topic]
    turn.places.update(answers=answers)
    if item.kind == ItemKind.QUESTION and item.name in answers:
        _go_to(turn, walk.item_after(topic, item.name, answers))
    else:
        _go_to(turn, walk.after_correction(topic, item.name, place.answers, answers))


def _go_on(turn: Turn, place: Place, more: dict[str, str]) -> None:
    """The client asks for the guide that is on top: it stays where it is, or follows what was said anew."""
    topic = turn.knowledge.topics[place.topic]
    item = topic.item(place.at)
    answers = place.answers | walk.known_answers(topic, turn.entities) | more
    if answers != place.answers:
        _answered(turn, place, item, answers)
    elif turn.entities.get("walk") == "all":
        list_steps(turn)
    elif item.kind == ItemKind.QUESTION:
        show(turn)
    else:
        _where(turn)


def _where(turn: Turn) -> None:
    place = turn.places.current
    assert place is not None
    turn.say("guide__where", title=turn.label(place.topic))
    show(turn)


def _finish(turn: Turn) -> None:
    """Close the guide on top as walked to its end."""
    place = turn.places.current
    assert place is not None
    topic = turn.knowledge.topics[place.topic]
    turn.places.close()
    turn.say(f"{topic.id}__finished", offers(turn, topic))
    offer_return(turn)


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


def _go_to(turn: Turn, item: GuideItem | None) -> None:
    if item is None:
        _finish(turn)
        return
    turn.places.update(at=item.name)
    show(turn)


def _help(turn: Turn, topic: Topic, item: GuideItem) -> None:
    """Help for a step that does not work; the walk stays where it is."""
    help_text = topic.languages[turn.language].guide[item.name].help
    place = turn.places.current
    last = walk.item_after(topic, item.name, place.answers if place else {}) is None
    turn.say(
        f"{topic.id}__{item.name}__help" if help_text else "guide__no_help",
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


# What the client may say about the walk itself, in words or by a button (see the terms of `walk`).
_COMMANDS = {"stop": leave, "where": _where, "all": list_steps, "finish": _finish}
_SHOW = {"repeat", "resume"}
