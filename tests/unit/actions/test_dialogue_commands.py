"""What a message wants of what is open: decided in one place, from the intent, the entities and the situation."""

from __future__ import annotations

import pytest

from actions.dialogue_commands import Command, Situation, guide_payload, resolve_command, task_payload
from contracts.payloads import Payload

TASK = Situation()
PAUSED_TASK = Situation(is_paused=True)
STEP = Situation(is_guide=True, is_at_step=True)
QUESTION = Situation(is_guide=True)
PAUSED_STEP = Situation(is_guide=True, is_at_step=True, is_paused=True)


@pytest.mark.parametrize(
    ("intent", "command"),
    [
        ("affirm", Command.YES),
        ("deny", Command.NO),
        ("step_done", Command.NEXT),
        ("step_back", Command.BACK),
        ("step_stuck", Command.STUCK),
        ("inform", Command.OTHER),
        ("thanks", Command.OTHER),
    ],
)
@pytest.mark.parametrize("situation", [TASK, STEP, QUESTION])
def test_a_bare_word_is_the_command_of_its_intent(
    intent: str, command: Command, situation: Situation
) -> None:
    assert resolve_command(intent, {}, situation) is command


@pytest.mark.parametrize(
    ("situation", "intent", "command"),
    [
        (PAUSED_TASK, "affirm", Command.RESUME),
        (PAUSED_TASK, "step_done", Command.RESUME),
        (PAUSED_TASK, "deny", Command.STOP),
        (PAUSED_STEP, "affirm", Command.RESUME),
        # In a guide it says that the step is done, whatever was talked about in between.
        (PAUSED_STEP, "step_done", Command.NEXT),
        (PAUSED_STEP, "deny", Command.STOP),
        (PAUSED_STEP, "step_back", Command.BACK),
    ],
)
def test_right_after_an_interruption_yes_and_no_answer_the_interruption(
    situation: Situation, intent: str, command: Command
) -> None:
    assert resolve_command(intent, {}, situation) is command


def test_a_command_in_words_beats_what_the_message_was_taken_for() -> None:
    for intent in ("deny", "affirm", "step_back", "nlu_fallback"):
        assert resolve_command(intent, {"guide_command": "repeat"}, STEP) is Command.REPEAT
        assert resolve_command(intent, {"task_command": "resend"}, TASK) is Command.RESEND


def test_a_command_about_a_task_means_nothing_to_a_guide() -> None:
    assert resolve_command("inform", {"task_command": "resend"}, STEP) is Command.OTHER
    both = {"task_command": "resend", "guide_command": "repeat"}
    assert resolve_command("inform", both, STEP) is Command.REPEAT
    assert resolve_command("inform", both, TASK) is Command.RESEND


def test_it_does_not_work_again_is_a_call_for_help_and_stop_is_not() -> None:
    assert resolve_command("step_stuck", {"guide_command": "repeat"}, STEP) is Command.STUCK
    assert resolve_command("step_stuck", {"guide_command": "repeat"}, TASK) is Command.STUCK
    assert resolve_command("step_stuck", {"guide_command": "stop"}, STEP) is Command.STOP
    assert resolve_command("step_stuck", {"guide_command": "repeat"}, QUESTION) is Command.REPEAT


def test_an_answer_beats_yes_and_no_but_not_a_command() -> None:
    answer = Situation(is_guide=True, is_at_step=True, is_paused=True, is_answer=True)
    assert resolve_command("deny", {"platform": "android"}, answer) is Command.ANSWER
    named = {"platform": "android", "guide_command": "where"}
    assert resolve_command("inform", named, answer) is Command.WHERE
    assert resolve_command("step_stuck", {"platform": "android"}, answer) is Command.STUCK


def test_a_code_is_a_code_in_every_situation() -> None:
    for situation in (TASK, PAUSED_TASK, STEP, QUESTION):
        assert resolve_command("inform", {"code": "ref"}, situation) is Command.CODE


def test_an_unknown_command_is_none() -> None:
    assert resolve_command("inform", {"task_command": "dance"}, TASK) is Command.OTHER


@pytest.mark.parametrize("command", [Command.RESUME, Command.STOP, Command.SHOW_ALL, Command.FINISH])
def test_a_button_about_a_guide_gives_its_command(command: Command) -> None:
    pressed = Payload.parse(guide_payload(command))
    assert resolve_command(pressed.intent, pressed.entities, STEP) is command


@pytest.mark.parametrize("command", [Command.RESEND, Command.MISSING_CODE, Command.LEAVE, Command.HOW])
def test_a_button_about_a_task_gives_its_command(command: Command) -> None:
    pressed = Payload.parse(task_payload(command))
    assert resolve_command(pressed.intent, pressed.entities, TASK) is command


@pytest.mark.parametrize(
    ("payload", "situation", "command"),
    [
        ('/inform{"walk": "resume"}', PAUSED_STEP, Command.RESUME),
        ('/inform{"walk": "all"}', STEP, Command.SHOW_ALL),
        ('/inform{"task": "missing"}', TASK, Command.MISSING_CODE),
        ('/inform{"task": "leave"}', TASK, Command.LEAVE),
    ],
)
def test_buttons_that_the_version_before_has_sent_still_work(
    payload: str, situation: Situation, command: Command
) -> None:
    pressed = Payload.parse(payload)
    assert resolve_command(pressed.intent, pressed.entities, situation) is command
