"""Redaction and the search for codes take time linear in the length of a message, whatever a client types."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.privacy.codes import find_code
from bot.privacy.normalization import normalize_text
from bot.privacy.redaction import redact

MAX_TEXT_LENGTH = 4_096  # characters, of one message
MAX_SECONDS = 1.0  # for one message; it takes less than a tenth of this
MAX_SECONDS_FOR_64_KIB = 12.0
# Twice the text takes twice the time; four times would be quadratic.
MAX_RATIO = 3.0
# What is shorter cannot be measured, and does no harm.
MIN_MEASURED_SECONDS = 0.02

# The repeated fragments are names, links, values, marks and spaces, each alone and together.
SHAPES = [
    "pw-",
    "pw",
    "pw1",
    "pw=",
    "pw, ",
    "pw 1 ",
    "pw,1,",
    "pw-1 ",
    "pin-1-",
    "pin is ",
    "pin pin",
    "p i n ",
    "password for a ",
    "response   ",
    "パスワード",
    "パスワード-",
    "パスワードは",
    "ピン1・",
    "私のPINが",
    "はpw1",
    "」pw1",
    "one ",
    "one-one-pw-",
    "one,two,pin",
    "一二三",
    "一PIN",
    "a1",
    "1",
    "1 ",
    "1 1'",
    "1,my ",
    "my ",
    "is ",
    "=",
    "-",
    "->",
    "'",
    '"',
    "“”",
    "「『",
    "''\"」)",
    "(",
    "[<*_",
    "⟦",
    "⟦secret:pin⟧",
    "。",
    "!? ",
    " ",
    "\n",
    "\u3000",
    "\u200b",
    "é",
    "ß1パ",
    "١",
    "١ pw",
    "ﷺ",
    "👍pw",
    "a@",
    "a.",
    "pin a.a-1.com/",
    "\u0300\u0316",
    "\uff9e\u0316",
    "pw\u0300\u0316",
]
# A long run after, before or between others: (beginning, repeated, repeated after it, end).
COMPOSED = [
    ("", "pw-", "1", ""),
    ("", "pw-", "a", ""),
    ("", "pw-", "'", ""),
    ("", "pw-", "one-", "one-one"),
    ("", "pw ", "=", ""),
    ("my pin", " ", "for", ""),
    ("my pin is", " :", "x ", ""),
    ("my pin for ", "a", " ", "x"),
    ("password ", "-", "=", ""),
    ("1 1", "'", "」", " is my pin"),
    ("1 1 1 1", ",", "'", "pin"),
    ("x1,", "my ", "the ", "pin"),
    ("", "1 ", "my ", "pin"),
    ("", "one ", " ", "one pin"),
    ("", "pin 1", "\u0300\u0316", ""),
    ("pin ", "1.", "a.", "com"),
    ("pin ", "a", "@", "com"),
]
FRAGMENTS = st.sampled_from(
    [
        *SHAPES,
        "pin",
        "password ",
        "1234",
        "は",
        "が",
        "=",
        ":",
        "and ",
        ". ",
        "two ",
        "https://",
        "9-",
        "+81 ",
    ]
)


def repeated(fragment: str, length: int) -> str:
    return (fragment * (length // len(fragment) + 1))[:length]


def composed(shape: tuple[str, str, str, str], length: int) -> str:
    beginning, first, second, end = shape
    return beginning + repeated(first, length // 2) + repeated(second, length // 2) + end


def seconds(run: Callable[[], object], runs: int) -> float:
    """Return the least CPU time of `runs` runs."""
    times = []
    for _ in range(runs):
        began = time.process_time()
        run()
        times.append(time.process_time() - began)
    return min(times)


def read(text: str) -> None:
    redact(text)
    find_code(text, "code")


def assert_linear(text_of: Callable[[int], str], length: int) -> None:
    """Assert that the text of twice `length` takes at most about twice the time."""
    ratio = 0.0
    # The machine may be busy during one measurement, but not during each.
    for runs in (1, 3, 7):
        whole = seconds(lambda: read(text_of(2 * length)), runs)
        if whole < MIN_MEASURED_SECONDS:
            return
        ratio = whole / seconds(lambda: read(text_of(length)), runs)
        if ratio < MAX_RATIO:
            return
    pytest.fail(f"twice the text takes {ratio:.1f} times as long")


@pytest.mark.parametrize("fragment", SHAPES)
def test_a_repeated_fragment_takes_linear_time(fragment: str) -> None:
    assert seconds(lambda: read(repeated(fragment, MAX_TEXT_LENGTH)), 2) < MAX_SECONDS
    assert_linear(lambda length: repeated(fragment, length), 8_192)


@pytest.mark.parametrize("shape", COMPOSED)
def test_a_long_run_after_another_one_takes_linear_time(shape: tuple[str, str, str, str]) -> None:
    assert seconds(lambda: read(composed(shape, MAX_TEXT_LENGTH)), 2) < MAX_SECONDS
    assert_linear(lambda length: composed(shape, length), 8_192)


@pytest.mark.parametrize("fragment", ["pw-", "pw1は", "pin 1 ", "pw\u0300\u0316"])
def test_the_time_stays_linear_up_to_64_kib(fragment: str) -> None:
    assert seconds(lambda: read(repeated(fragment, 65_536)), 1) < MAX_SECONDS_FOR_64_KIB
    assert_linear(lambda length: repeated(fragment, length), 32_768)


@settings(max_examples=60, deadline=None)
@given(blocks=st.lists(st.lists(FRAGMENTS, min_size=1, max_size=3).map("".join), min_size=1, max_size=4))
def test_any_repetition_of_the_vocabulary_takes_linear_time(blocks: list[str]) -> None:
    def text_of(length: int) -> str:
        return "".join(repeated(block, length // len(blocks)) for block in blocks)

    assert seconds(lambda: read(text_of(MAX_TEXT_LENGTH)), 1) < MAX_SECONDS
    assert_linear(text_of, 4_096)


@pytest.mark.parametrize(
    ("message", "left"),
    [
        ("PIN " + "x" * 4_000 + "1", "PIN ⟦secret:pin⟧"),
        ("pw-" * 1_000 + "1", "pw-⟦secret:password⟧"),
        ("my password is " + "z" * 4_000, "my password is ⟦secret:password⟧"),
        ("1 2 3 4" + "x" * 1_000 + " is my PIN", "⟦secret:pin⟧ is my PIN"),
        ("pin " + "1" * 4_000, "pin ⟦secret:pin⟧"),
    ],
    ids=range(5),
)
def test_a_long_secret_is_removed_whole(message: str, left: str) -> None:
    assert redact(message).text == left


def test_a_long_address_near_a_name_stays() -> None:
    message = "password forgotten, see https://www.example.com/reset?session=1" + "a" * 1_000

    assert redact(message).text == message


@pytest.mark.parametrize("mark", ["\u0301", "\u3099", "\u0e38"])
def test_as_many_marks_as_people_write_are_normalized_as_by_unicodedata(mark: str) -> None:
    text = f"か{mark}ﾊﾟｽﾜｰﾄﾞ e{mark * 20} ㌔"

    assert normalize_text(text) == unicodedata.normalize("NFKC", text)
