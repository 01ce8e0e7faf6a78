from __future__ import annotations

import json

from actions.place import DEPTH, Place, Places
from knowledge import Knowledge


def topics_of(places: Places) -> list[str]:
    return [place["topic"] for place in places.as_json()]


def stack(*topics: str) -> Places:
    places = Places()
    for topic in topics:
        places.open(Place(topic, "somewhere"))
    return places


def test_nothing_is_open_at_first() -> None:
    assert Places().current is None
    assert Places().as_json() == []


def test_what_is_opened_last_is_on_top() -> None:
    places = stack("setup", "pair")
    assert places.current == Place("pair", "somewhere")


def test_opening_what_lies_below_moves_it_to_the_top_and_starts_it_anew() -> None:
    places = stack("setup", "pair")
    places.open(Place("setup", "elsewhere"))
    assert topics_of(places) == ["pair", "setup"]
    assert places.current == Place("setup", "elsewhere")


def test_the_oldest_is_let_go_when_too_much_is_open() -> None:
    places = stack("a", "b", "c", "d")
    assert topics_of(places) == ["b", "c", "d"]
    assert len(topics_of(places)) == DEPTH


def test_moving_to_the_top_lets_nothing_go() -> None:
    places = stack("a", "b", "c")
    assert places.raise_to_top(lambda place: place.topic == "a") == Place("a", "somewhere")
    assert topics_of(places) == ["b", "c", "a"]


def test_nothing_moves_when_nothing_is_wanted() -> None:
    places = stack("a", "b")
    assert places.raise_to_top(lambda place: place.topic == "c") is None
    assert topics_of(places) == ["a", "b"]


def test_what_lies_below_is_paused_once_the_top_is_closed() -> None:
    places = stack("a", "b")
    places.close()
    assert places.current == Place("a", "somewhere", paused=True)


def test_closing_when_nothing_is_open_changes_nothing() -> None:
    places = Places()
    places.close()
    assert places.current is None


def test_clearing_closes_everything() -> None:
    places = stack("a", "b", "c")
    places.clear()
    assert places.current is None


def test_an_update_touches_only_the_top() -> None:
    places = stack("a", "b")
    assert places.update(at="there", answers={"platform": "iphone"}).at == "there"
    assert places.as_json()[0]["at"] == "somewhere"


def test_the_newest_answer_to_a_question_counts() -> None:
    places = Places(
        [
            Place("a", "x", answers={"platform": "iphone", "colour": "red"}),
            Place("b", "x", answers={"platform": "android"}),
        ]
    )
    assert places.answer("platform") == "android"
    assert places.answer("colour") == "red"
    assert places.answer("size") is None


def test_places_survive_the_way_through_the_tracker(knowledge: Knowledge) -> None:
    places = Places(
        [
            Place("setup", "open", answers={"platform": "iphone"}),
            Place("verify_phone", "code", data={"id": "pv_1"}, paused=True),
        ]
    )
    kept = json.loads(json.dumps(places.as_json()))
    assert Places.from_slot(kept, knowledge.topics).as_json() == places.as_json()


def test_an_empty_slot_is_no_place(knowledge: Knowledge) -> None:
    assert Places.from_slot(None, knowledge.topics).current is None
    assert Places.from_slot([], knowledge.topics).current is None


def test_a_place_in_a_topic_that_is_gone_is_left_out(knowledge: Knowledge) -> None:
    kept = stack("gone").as_json() + Places([Place("setup", "open")]).as_json()
    assert topics_of(Places.from_slot(kept, knowledge.topics)) == ["setup"]


def test_a_place_at_a_step_that_is_gone_is_left_out(knowledge: Knowledge) -> None:
    kept = Places([Place("setup", "open"), Place("pair", "a step of last year")]).as_json()
    assert topics_of(Places.from_slot(kept, knowledge.topics)) == ["setup"]


def test_a_task_may_stand_at_any_of_its_states(knowledge: Knowledge) -> None:
    kept = Places([Place("verify_phone", "code")]).as_json()
    assert topics_of(Places.from_slot(kept, knowledge.topics)) == ["verify_phone"]
