"""The intent model: what it learns and stores, and that no message breaks it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.ambiguity import AmbiguityClassifier
from nlu.arrays import Float32Array
from nlu.calibration import fit_temperature
from nlu.classifier import TopicClassifier, is_bare_entity
from nlu.encoder import SentenceEncoder, load_encoder
from nlu.example_set import ExampleSet
from nlu.features import SentenceFeaturizer
from nlu.intent_model import IntentModel, SimilaritySettings, softmax
from nlu.intent_training import train_intent_model
from nlu.parsed_message import FALLBACK, AmbiguityKind
from nlu.phone_extractor import PhoneExtractor

pytestmark = pytest.mark.rasa

ENCODERS = ["nlu.encoder.UniversalSentenceEncoder", "nlu.encoder.SmallE5"]
EXAMPLES = {
    "pin_forgotten": [
        "I forgot my PIN",
        "I cannot remember my pin",
        "lost the pin code of the app",
        "PINを忘れました",
        "暗証番号がわからなくなった",
        "PINが思い出せない",
    ],
    "sms_missing": [
        "the text message does not arrive",
        "no sms came",
        "I never received the code by text",
        "SMSが届きません",
        "確認コードのメッセージが来ない",
        "ショートメールが来ない",
    ],
    "inform": [
        "iPhone",
        "I use an Android phone",
        "my number is +44 7700 900123",
        "アンドロイドです",
        "iPhoneです",
    ],
    "out_of_scope": [
        "how is the weather",
        "buy 100 shares",
        "tell me a joke",
        "天気を教えて",
        "株を買いたい",
    ],
}
BAD = [
    "",
    " ",
    "\n\n",
    "👍",
    "😀😀😀",
    "?",
    "\x00\x01",
    "\ud800",
    "\ud800 bad",
    "x" * 4096,
    "確" * 4096,
    "a\u0301" * 2000,
    "word " * 200_000,
    "\u202eNIP ym togrof I",
    "\u200b\u200d\ufeff",
    "🏳️‍🌈👨‍👩‍👧‍👦",
]


def trained(graph: Any) -> TopicClassifier:
    """Train a classifier; its files are in the graph's storage."""
    messages = [Message.build(text, intent) for intent, texts in EXAMPLES.items() for text in texts]
    featurizer().process(messages)
    config = {**TopicClassifier.get_default_config(), "out_of_scope_intent": "out_of_scope"}
    classifier = TopicClassifier.create(config, *graph)
    classifier.train(TrainingData(messages))
    return classifier


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> TopicClassifier:
    """One classifier for all tests that do not train it."""
    folder = tmp_path_factory.mktemp("model")
    graph = LocalModelStorage(folder), Resource("classifier"), ExecutionContext(GraphSchema({}))
    return trained(graph)


def featurizer() -> SentenceFeaturizer:
    return SentenceFeaturizer([load_encoder(path) for path in ENCODERS])


def read(classifier: TopicClassifier, texts: Sequence[str]) -> list[Message]:
    messages = [Message({"text": text}) for text in texts]
    PhoneExtractor().process(messages)
    return classifier.process(featurizer().process(messages))


def intents(messages: Sequence[Message]) -> list[str]:
    return [message.get("intent")["name"] for message in messages]


def test_it_tells_topics_apart_in_both_languages(classifier: TopicClassifier) -> None:
    texts = ["i dont know my pin any more", "PINを忘れた", "did not get the sms", "SMSが来ません"]
    wanted = ["pin_forgotten", "pin_forgotten", "sms_missing", "sms_missing"]
    assert intents(read(classifier, texts)) == wanted


def test_the_ranking_begins_with_the_best_and_adds_up_to_one_at_most(classifier: TopicClassifier) -> None:
    (message,) = read(classifier, ["no sms came to my phone"])
    chances = [one["confidence"] for one in message.get("intent_ranking")]
    assert chances == sorted(chances, reverse=True)
    assert 0 < sum(chances) <= 1
    assert message.get("intent") == message.get("intent_ranking")[0]


class CountingEncoder:
    """An encoder that counts the texts it encodes."""

    def __init__(self, encoder: SentenceEncoder) -> None:
        self.package, self.dimension, self._encoder = encoder.package, encoder.dimension, encoder
        self.calls = 0

    def encode(self, texts: Sequence[str]) -> Float32Array:
        self.calls += len(texts)
        return self._encoder.encode(texts)


def test_only_messages_that_are_not_clear_to_the_first_encoder_go_to_the_second(
    classifier: TopicClassifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (CountingEncoder(load_encoder(path)) for path in ENCODERS)

    def read_by_both(text: str) -> Any:
        message = Message({"text": text})
        SentenceFeaturizer([first, second]).process([message])
        classifier.process([message])
        return message.get("intent")

    monkeypatch.setitem(classifier._config, "min_first_encoder_confidence", 0.0)
    sure, unsure = [
        read_by_both(text)["confidence"] for text in ("I forgot my PIN", "the code of my bank card")
    ]
    assert (first.calls, second.calls) == (2, 0)
    monkeypatch.setitem(classifier._config, "min_first_encoder_confidence", (sure + unsure) / 2)
    assert read_by_both("I forgot my PIN")["confidence"] == sure > unsure
    assert (first.calls, second.calls) == (3, 0)
    assert read_by_both("the code of my bank card")["confidence"] != unsure
    assert (first.calls, second.calls) == (4, 1)


def test_a_message_unlike_any_example_gets_less_confidence(classifier: TopicClassifier) -> None:
    near, far = read(classifier, ["i forgot the pin", "the museum in Paris closes on Mondays"])
    assert near.get("intent")["confidence"] > far.get("intent")["confidence"] + 0.3


def test_without_out_of_scope_examples_everything_is_familiar() -> None:
    vectors = np.eye(15, dtype=np.float32)
    texts, intents = list("abcdefghijklmno"), list("xxxxxyyyyyzzzzz")
    examples = ExampleSet(vectors, (15,), texts, intents)
    model = train_intent_model(examples, ridge=0.2, settings=SimilaritySettings())
    assert model.probabilities(vectors[:1], ["a"]).sum() == pytest.approx(1)
    other = train_intent_model(examples, ridge=0.2, settings=SimilaritySettings(), out_of_scope="z")
    assert other.probabilities(vectors[:1], ["a"]).sum() < 1


def test_a_message_that_is_bare_entity_a_number_is_an_answer(classifier: TopicClassifier) -> None:
    numbers = ["090-1234-5678", "(415) 555-0142.", "＋８１ ９０ １２３４ ５６７８"]
    assert [message.get("intent") for message in read(classifier, numbers)] == [
        {"name": "inform", "confidence": 1.0}
    ] * 3


@pytest.mark.parametrize(
    ("text", "spans", "only"),
    [
        ("シャオミ", [("platform", 0, 4)], True),
        ("シャオミ！", [("platform", 0, 4)], True),
        ("シャオミです", [("platform", 0, 4)], False),
        ("sign in", [("which_sms", 0, 7)], False),
        ("iPhone Android", [("platform", 0, 6), ("platform", 7, 14)], False),
        ("", [], False),
    ],
)
def test_only_a_bare_entity_of_the_configured_ones_is_an_answer(
    text: str, spans: list[tuple[str, int, int]], only: bool
) -> None:
    entities = [{"entity": name, "start": start, "end": end} for name, start, end in spans]
    assert is_bare_entity(Message({"text": text, "entities": entities}), ["platform"]) is only


def test_loaded_from_disk_it_gives_the_same_confidences(graph: Any) -> None:
    texts = [text for texts in EXAMPLES.values() for text in texts] + ["something else", "ほか"]
    classifier = trained(graph)
    loaded = TopicClassifier.load(TopicClassifier.get_default_config(), *graph)
    before = [message.get("intent_ranking") for message in read(classifier, texts)]
    after = [message.get("intent_ranking") for message in read(loaded, texts)]
    assert before == after


def test_the_model_consists_of_arrays_and_json_only(graph: Any) -> None:
    trained(graph)
    storage, resource, _ = graph
    assert isinstance(resource, Resource)
    with storage.read_from(resource) as folder:
        assert sorted(path.name for path in Path(folder).iterdir()) == ["intents.json", "intents.npz"]
        json.loads((folder / "intents.json").read_text(encoding="utf-8"))
        with np.load(folder / "intents.npz", allow_pickle=False) as numbers:
            assert {numbers[name].dtype.kind for name in numbers.files} <= {"f", "i"}


def test_the_same_examples_give_the_same_model(graph: Any) -> None:
    first, second = trained(graph).model, trained(graph).model
    assert first is not None
    assert second is not None
    assert first.temperature == second.temperature
    assert np.array_equal(first.weights.values, second.weights.values)
    assert np.array_equal(first.ngram_weights.values, second.ngram_weights.values)


@pytest.mark.parametrize("text", BAD, ids=range(len(BAD)))
def test_no_message_breaks_it(classifier: TopicClassifier, text: str) -> None:
    (message,) = read(classifier, [text])
    assert 0 <= message.get("intent")["confidence"] <= 1


def test_a_message_with_nothing_to_read_is_not_understood(classifier: TopicClassifier, graph: Any) -> None:
    messages = read(classifier, ["", " \n", "\x00\x01"])
    AmbiguityClassifier.create(AmbiguityClassifier.get_default_config(), *graph).process(messages)
    assert intents(messages) == [FALLBACK] * 3
    assert [message.get("ambiguity") for message in messages] == [AmbiguityKind.NO_TOPIC] * 3


def test_a_message_without_text_is_not_understood(classifier: TopicClassifier) -> None:
    message = Message({})
    classifier.process(featurizer().process([message]))
    assert message.get("intent")["confidence"] == 0.0


def test_one_topic_alone_cannot_be_trained() -> None:
    with pytest.raises(ValueError, match="at least two topics"):
        train_intent_model(
            ExampleSet(np.zeros((1, 4), np.float32), (4,), ["a"], ["x"]),
            ridge=0.2,
            settings=SimilaritySettings(),
        )


def test_a_topic_with_one_example_is_learned() -> None:
    vectors = np.eye(4, dtype=np.float32)
    model: IntentModel = train_intent_model(
        ExampleSet(vectors, (4,), ["aa", "bb", "cc", "dd"], ["x", "y", "y", "y"]),
        ridge=0.2,
        settings=SimilaritySettings(),
    )
    (chances,) = model.probabilities(vectors[:1], ["aa"])
    assert model.ranking(chances)[0][0] == "x"


def test_the_fitted_temperature_makes_the_confidences_match_the_accuracy() -> None:
    targets = np.array([0, 1] * 50)
    scores = np.where(np.eye(2)[targets] > 0, 1.0, 0.0)
    scores[:20] = scores[:20, ::-1]  # one in five is wrong
    temperature = fit_temperature(scores, targets)
    assert softmax(scores / temperature).max(axis=1).mean() == pytest.approx(0.8, abs=0.01)


def test_an_unknown_encoder_is_named() -> None:
    with pytest.raises(ImportError, match=r"no encoder 'nlu.encoder.Missing'"):
        load_encoder.__wrapped__("nlu.encoder.Missing")


@pytest.mark.parametrize("path", ENCODERS)
def test_vectors_have_length_one_and_do_not_depend_on_their_neighbours(path: str) -> None:
    encoder = load_encoder(path)
    together = encoder.encode(["I forgot my PIN", "PINを忘れました", ""])
    alone = encoder.encode(["PINを忘れました"])
    assert together.shape == (3, encoder.dimension)
    assert np.linalg.norm(together, axis=1) == pytest.approx([1, 1, 0], abs=1e-4)
    assert np.allclose(together[1], alone[0], atol=1e-5)
    assert together[0] @ together[1] > 0.5


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="threads are counted by Linux's /proc")
def test_the_second_encoder_uses_one_thread_even_if_another_library_loaded_openmp_first() -> None:
    """OpenMP's threads spin while they wait: on a busy machine a message would take seconds."""
    program = (
        "import os, sklearn.cluster\n"
        "from nlu.encoder import load_encoder\n"
        "before = len(os.listdir('/proc/self/task'))\n"
        "load_encoder('nlu.encoder.SmallE5').encode(['I forgot my PIN', 'no code came'])\n"
        "print(len(os.listdir('/proc/self/task')) - before)"
    )
    environment = {**os.environ, "OMP_NUM_THREADS": "4"}
    result = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "0"
