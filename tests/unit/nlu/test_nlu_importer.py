"""From topics to Rasa's domain, rules and training data."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from rasa.shared.importers.importer import CombinedDataImporter, E2EImporter, ResponsesSyncImporter

from nlu.importer import DataError, TopicImporter
from nlu.training_data import FIXED_ENTITIES, FORMER_ENTITIES, domain
from tests.support.small_repository import FILES, Repository

pytestmark = pytest.mark.rasa


def importer(repository: Repository) -> TopicImporter:
    return TopicImporter(data=str(repository.data))


def test_no_text_is_part_of_the_domain(repository: Repository) -> None:
    assert importer(repository).get_domain().responses == {}


def test_slots_are_unseen_by_the_rules_and_the_language_is_never_unset(repository: Repository) -> None:
    slots = {slot.name: slot for slot in importer(repository).get_domain().slots}
    assert {"language", "language_chosen", "misses", "dialogue_stack"} <= set(slots)
    assert not any(
        slots[name].influence_conversation
        for name in ("language", "language_chosen", "misses", "dialogue_stack")
    )
    assert (slots["language"].initial_value, slots["misses"].initial_value) == ("en", 0)


def test_the_domain_names_what_the_topics_name(repository: Repository) -> None:
    made = domain(importer(repository).knowledge)
    assert [next(iter(intent)) for intent in made["intents"]] == ["cache", "hello", "pin", "restart"]
    assert made["entities"] == sorted([*FIXED_ENTITIES, *FORMER_ENTITIES, "platform"])
    assert made["actions"] == [
        "action_answer",
        "action_begin_again",
        "action_fallback",
        "action_guide",
        "action_language",
        "action_session_start",
    ]


def test_each_intent_has_one_rule_that_runs_its_action(repository: Repository) -> None:
    steps = importer(repository).get_stories().story_steps
    rules = {
        step.block_name: [str(getattr(event, "action_name", "")) for event in step.events] for step in steps
    }
    assert {name: next(filter(None, reversed(actions))) for name, actions in rules.items()} == {
        "cache": "action_guide",
        "hello": "action_language",
        "nlu_fallback": "action_fallback",
        "pin": "action_answer",
        "restart": "action_begin_again",
    }


def test_examples_of_all_languages_are_there_once_and_without_slashes(repository: Repository) -> None:
    examples = importer(repository).get_nlu_data().intent_examples
    found = [(message.get("intent"), message.get("text")) for message in examples]
    assert len(found) == len(set(found))
    assert ("hello", "hello") in found
    assert found.count(("restart", "OK")) == 1
    languages = {message.get("text"): message.get("metadata")["example"]["language"] for message in examples}
    assert (languages["lost pin code"], languages["PINを忘れました"]) == ("en", "ja")


def test_terms_of_all_languages_name_the_same_value(repository: Repository) -> None:
    tables = importer(repository).get_nlu_data().lookup_tables
    assert tables == [
        {
            "name": "platform",
            "value": "android",
            "elements": ["Android", "Samsung Galaxy", "アンドロイド", "ギャラクシー"],
        },
        {"name": "platform", "value": "iphone", "elements": ["iOS", "iPhone", "アイフォン"]},
    ]


def test_the_order_of_the_files_changes_nothing(tmp_path: Path) -> None:
    paths = list(FILES)
    random.Random(7).shuffle(paths)
    first = TopicImporter(data=str(Repository(tmp_path / "a").data))
    second = TopicImporter(data=str(Repository(tmp_path / "b", paths).data))
    assert first.get_domain().as_dict() == second.get_domain().as_dict()
    assert first.get_nlu_data().fingerprint() == second.get_nlu_data().fingerprint()
    texts = [
        [message.get("text") for message in one.get_nlu_data().training_examples] for one in (first, second)
    ]
    assert texts[0] == texts[1]


def test_the_wrappers_that_rasa_puts_around_it_lose_no_language(repository: Repository) -> None:
    wrapped = E2EImporter(ResponsesSyncImporter(CombinedDataImporter([importer(repository)])))
    assert wrapped.get_domain().intents == importer(repository).get_domain().intents
    assert len(wrapped.get_nlu_data().intent_examples) == len(
        importer(repository).get_nlu_data().intent_examples
    )


def test_data_beside_the_configuration_is_read_by_default(repository: Repository) -> None:
    (repository.root / "config.yml").write_text("recipe: default.v1\n", encoding="utf-8")
    made = TopicImporter(str(repository.root / "config.yml"))
    assert set(made.knowledge.topics) == {"cache", "guide", "hello", "pin", "restart"}
    assert made.get_config()["recipe"] == "default.v1"


def test_everything_that_is_wrong_is_told_at_once(repository: Repository) -> None:
    repository.change("topics/trouble/pin/en.yml", "title: Forgotten PIN", "titel: Forgotten PIN")
    repository.change("topics/trouble/cache/ja.yml", "  again:", "  agian:")
    with pytest.raises(DataError) as caught:
        importer(repository)
    told = str(caught.value)
    assert "data/topics/trouble/pin/en.yml:1: " in told
    assert "data/topics/trouble/cache/ja.yml:" in told
