"""Every script in scripts/, in each language and on each channel. tests/support/script.py describes the format."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from knowledge import Knowledge
from tests.support.conversation import Conversation
from tests.support.script import CHANNELS, Player, Script, scripts
from tests.support.stack import Stack

pytestmark = [pytest.mark.stack, pytest.mark.rasa]

# Different clients play the scripts in parallel, which takes a fraction of the time.
PARALLEL_PLAYS = 4
ALL = scripts()
PLAYS = list(itertools.product([s for s in ALL if not s.moves_the_clock], CHANNELS))
TIMED = list(itertools.product([s for s in ALL if s.moves_the_clock], CHANNELS))

Played = Callable[[Script, str], Conversation]


def label(value: Script | str) -> str:
    return f"{value.name}.{value.language}" if isinstance(value, Script) else value


@pytest.fixture(scope="module")
def played(stack: Stack, request: pytest.FixtureRequest) -> Iterator[Played]:
    """Play the scripts of all selected tests; return a function that waits for the conversation of one."""
    wanted = {item.name.partition("[")[2] for item in request.session.items}
    pool = ThreadPoolExecutor(PARALLEL_PLAYS)
    plays: dict[tuple[str, str], Future[Conversation]] = {
        (label(script), channel): pool.submit(Player(stack, script, channel).play)
        for script, channel in PLAYS
        if f"{label(script)}-{channel}]" in wanted
    }
    yield lambda script, channel: plays[label(script), channel].result()
    pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize(("script", "channel"), PLAYS, ids=label)
def test_the_assistant_answers_as_the_script_says(played: Played, script: Script, channel: str) -> None:
    assert played(script, channel).messages


@pytest.mark.parametrize(("script", "channel"), TIMED, ids=label)
def test_the_assistant_answers_as_the_script_says_when_time_passes(
    stack: Stack, script: Script, channel: str
) -> None:
    # Not in parallel: the code of another client would expire when the clock moves.
    assert Player(stack, script, channel).play().messages


@pytest.mark.parametrize("name", sorted({script.name for script in ALL}))
def test_a_script_is_the_same_conversation_in_every_language(name: str, knowledge: Knowledge) -> None:
    by_language = {s.language: [kind for kind, _ in s.steps] for s in ALL if s.name == name}
    assert set(by_language) == set(knowledge.languages)
    assert len({tuple(kinds) for kinds in by_language.values()}) == 1
