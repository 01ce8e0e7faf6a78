"""The strict reader of the shapes between processes: whole, typed, and silent about values."""

from __future__ import annotations

import pytest

from contracts.codec import ContractError, convert, decode, encode, to_builtins
from contracts.directives import Directive, ExpectInput, RecordClarification, RequestHandoff, ScheduleReminder
from contracts.enums import ClarificationKind, ExpectedInput, HandoffReason, LinkStatus, Priority
from contracts.handoff import AccountFact, BackendFailure, HandoffContext
from contracts.payloads import Payload
from contracts.turns import Button, Reply, TurnResponse

CONTEXT = HandoffContext(
    topic="pin_forgotten",
    step="uninstall",
    linked=LinkStatus.LINKED,
    account=(AccountFact("ib_key", "", "active"),),
    tried=("verify_phone",),
    answers=("platform: iphone",),
    errors=(BackendFailure("locked", "r-1"),),
)
DIRECTIVES: tuple[Directive, ...] = (
    ExpectInput(ExpectedInput.CODE, 120),
    ExpectInput(None),
    ScheduleReminder(180, "codes", "reminder"),
    RequestHandoff(HandoffReason.ASKED, Priority.URGENT, CONTEXT),
    RecordClarification(ClarificationKind.REFUSED, ("pin_rules",)),
)


def test_a_response_survives_the_wire() -> None:
    response = TurnResponse((Reply("Hello", (Button("Yes", "/affirm"),)),), DIRECTIVES, "ja", "greet")

    assert decode(encode(response), TurnResponse) == response


@pytest.mark.parametrize("directive", DIRECTIVES)
def test_a_directive_survives_a_carrier_of_builtins(directive: Directive) -> None:
    assert convert(to_builtins(directive), Directive) == directive


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"replies": null}',
        b'{"replies": [{"text": 1}]}',
        b'{"replies": [], "directives": [{"type": "dance"}]}',
        b'{"replies": [], "directives": [{"type": "expect", "what": "hunter2"}]}',
        b'{"replies": [], "directives": [{"type": "expect", "what": "code", "seconds": "hunter2"}]}',
        b'{"replies": [], "hunter2": 1}',
    ],
)
def test_any_other_shape_is_refused_without_quoting_a_value(body: bytes) -> None:
    with pytest.raises(ContractError) as refused:
        decode(body, TurnResponse)
    # Field names are the sender's code; values may be a client's words.
    assert "hunter2" not in str(refused.value) or b'"hunter2": 1' in body


@pytest.mark.parametrize(
    "payload",
    [Payload("affirm"), Payload.answer(platform="iphone"), Payload("linking", {"link": 'a "quoted" 値'})],
)
def test_a_payload_is_read_as_it_was_written(payload: Payload) -> None:
    assert Payload.parse(payload.encode()) == payload


def test_payloads_have_rasas_notation() -> None:
    assert Payload.answer(code="r-1").encode() == '/inform{"code": "r-1"}'
    assert Payload("greet").encode() == "/greet"
    assert Payload.answer(code="r-1").is_answer
    assert not Payload("greet").is_answer


@pytest.mark.parametrize("text", ["", "hello", "/", "/a b", "/inform{", '/inform{"a"}', "desk:score"])
def test_anything_else_is_no_payload(text: str) -> None:
    with pytest.raises(ValueError, match=r"not a payload|Expecting|delimiter"):
        Payload.parse(text)
