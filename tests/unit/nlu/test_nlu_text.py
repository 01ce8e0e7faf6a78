"""Text, words and n-grams: no character is lost, and offsets point into the original."""

from __future__ import annotations

import zlib
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlu.ngrams import hash_ngrams
from nlu.text import clean_input, normalise, replace_unprintable, split_clusters, truncate_middle
from nlu.word_segmentation import segment_words

# What clients type: Latin, Japanese in all widths, combining marks, emoji, controls and broken surrogates.
ALPHABET = (
    "aZé'’ -_1２９ｱﾊﾞﾟパスワードを忘れた々ーＡＢ한ไทยأ⟦⟧😀👍🏽\u200d\ufe0f\u0301\u3000\t\n\x00\ud800．，！？"
)
TEXTS = st.text(st.one_of(st.sampled_from(ALPHABET), st.characters()), max_size=60)


@given(TEXTS)
def test_clusters_cover_the_text_without_gap_or_overlap(text: str) -> None:
    clusters = split_clusters(text)
    assert [cluster.start for cluster in clusters] == [0, *(cluster.end for cluster in clusters)][
        : len(clusters)
    ]
    assert not clusters or clusters[-1].end == len(text)


@given(TEXTS)
@settings(max_examples=200)
def test_words_keep_every_character_except_spaces(text: str) -> None:
    found = segment_words(text)
    kept = {at for start, end, _ in found for at in range(start, end)}
    lost = [text[at] for at in range(len(text)) if at not in kept]
    assert not "".join(lost).strip()
    assert all(start < end for start, end, _ in found)
    assert all(left[1] <= right[0] for left, right in pairwise(found))


@given(TEXTS)
@settings(max_examples=200)
def test_normalised_characters_have_their_original_offsets(text: str) -> None:
    normalised = normalise(text)
    for at, letter in enumerate(normalised.text):
        start, end = normalised.span(at, at + 1)
        assert letter in normalise(text[start:end]).text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("I forgot my パスワード", ["I", "forgot", "my", "パスワード"]),
        ("PINを忘れた １２３", ["PIN", "を", "忘", "れた", "123"]),
        ("don't", ["don't"]),
        ("don’t", ["don’t"]),
        ("ｱﾝﾄﾞﾛｲﾄﾞのPINです。", ["アンドロイド", "の", "PIN", "です", "。"]),
        ("2FAとiOS17", ["2FA", "と", "iOS17"]),
        ("人々", ["人々"]),
        ("my card is ⟦card 1⟧ ok", ["my", "card", "is", "⟦card 1⟧", "ok"]),
        ("", []),
        (" \u3000\n", []),
        ("👍！", ["👍", "!"]),
    ],
)
def test_words_end_where_the_script_changes(text: str, words: list[str]) -> None:
    assert [word for _, _, word in segment_words(text)] == words


def test_the_offsets_of_a_half_width_word_include_its_marks() -> None:
    assert segment_words("ﾊﾟｽ")[0][:2] == (0, 3)
    assert normalise("xﾊﾟy").span(1, 2) == (1, 3)


def test_full_and_half_width_have_the_same_ngrams() -> None:
    assert hash_ngrams("ＰＩＮ ﾊﾟｽ", 8192, 4) == hash_ngrams("pin パス", 8192, 4)


@given(TEXTS)
def test_ngrams_stay_in_their_buckets(text: str) -> None:
    found = hash_ngrams(text, 64, 4)
    assert all(0 <= bucket < 64 and weight >= 1 for bucket, weight in found.items())
    assert bool(found) == bool(normalise(text).text.strip())


def test_ngrams_do_not_depend_on_the_process() -> None:
    # Python's own hash of text differs from process to process. "a" has the grams " ", "a", " a", "a " and " a ".
    grams = [b" ", b"a", b" a", b"a ", b" a "]
    assert set(hash_ngrams("a", 8192, 3)) == {zlib.crc32(gram) % 8192 for gram in grams}


def test_controls_and_lone_surrogates_become_spaces() -> None:
    assert replace_unprintable("a\x00b\ud800c") == "a b c"


@given(TEXTS)
def test_a_text_of_usual_length_is_read_whole(text: str) -> None:
    assert truncate_middle(text) == text


@pytest.mark.parametrize("word", ["word ", "確認コード。", "x", "👍", "\ud800"])
def test_both_ends_of_a_very_long_text_are_read(word: str) -> None:
    text = f"I forgot my PIN. {word * 200_000} Please help me."
    short = truncate_middle(text)
    assert len(short) < 500
    assert short.startswith("I forgot my PIN.")
    assert short.endswith("Please help me.")


def test_a_typed_message_is_never_read_as_an_intent() -> None:
    assert clean_input("/restart") == "restart"
    assert clean_input("\u3000／ /restart") == "restart"
    assert len(clean_input("x" * 1_000_000)) == 4096
