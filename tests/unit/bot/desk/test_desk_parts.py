"""The desk's smaller parts: its words, what it covers, its plots and figures, its webhook, its command."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import httpx
import pytest
from standardwebhooks import Webhook

from bot.cli.main import main
from bot.desk import charts, desk_texts, statistics
from bot.desk.accounts import ROLES
from bot.desk.desk_texts import TextsError
from bot.desk.event_webhook import Webhooks
from bot.desk.masking import masked, masked_peer
from bot.domain import Role
from bot.storage.desk_tables import webhook_delivery
from tests.support.gateway import rows
from tests.support.hand_off import ANNA, HandOffStory
from tests.support.stack import ROOT

TEMPLATES = ROOT / "bot" / "desk" / "templates"
SECRET = "whsec_" + "c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0"


def test_every_text_that_a_page_names_is_there_and_none_is_left_over() -> None:
    known = desk_texts.load()
    names = set(known._languages["en"])
    sources = "".join(path.read_text() for path in TEMPLATES.glob("*.html"))
    sources += (ROOT / "bot/desk/pages.py").read_text() + (ROOT / "bot/desk/views.py").read_text()
    sources += (ROOT / "bot/desk/auth_views.py").read_text()
    sources += (ROOT / "bot/desk/form_commands.py").read_text()
    named = set(re.findall(r'"([a-z][a-z_0-9]*)"', sources))
    families = (
        "nav_ role_ state_ owner_ by_ reason_ outcome_ event_ ticket_ delivery_ removed_ audit_ age_ error_ problem_ "
        "account_ device_ step_ backend_ actor_ fact_ linked_ elsewhere_"
    ).split()
    unused = {name for name in names if name not in named and not name.startswith(tuple(families))}
    assert unused == set()
    asked = set(re.findall(r'say\(\s*"([a-z_0-9]+)"\s*[,)]', sources))
    assert asked <= names


def test_languages_that_differ_are_refused(tmp_path: Path) -> None:
    (tmp_path / "en.yml").write_text("a: One {number}\nb: Two\n")
    (tmp_path / "ja.yml").write_text("a: 一 {number}\n")
    with pytest.raises(TextsError, match="differ in b"):
        desk_texts.load(tmp_path)
    (tmp_path / "ja.yml").write_text("a: 一\nb: 二\n")
    with pytest.raises(TextsError, match="a has other placeholders"):
        desk_texts.load(tmp_path)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("call +81 90-1234-5678 now", "call +•••78 now"),
        ("my number is 09012345678", "my number is •••78"),
        ("tomoko.s@example.co.jp", "t•••@example.co.jp"),
        ("user abc12345", "user a•••45"),
        ("KB2260 and iOS 13.0, 10 minutes", "KB2260 and iOS 13.0, 10 minutes"),
        ("step 3 of 10", "step 3 of 10"),
        ("my PIN is 4711", "my PIN is ⟦secret:pin⟧"),
    ],
)
def test_what_could_tell_who_somebody_is_is_covered(text: str, shown: str) -> None:
    assert masked(text) == shown


@pytest.mark.parametrize(
    ("peer", "shown"), [("+819012345678", "+81 ••• 78"), ("4711", "4711"), ("123456789", "123•••89")]
)
def test_a_client_can_be_told_apart_and_not_called(peer: str, shown: str) -> None:
    assert masked_peer(peer) == shown


def test_a_plot_tells_its_figures_also_to_who_cannot_see_it() -> None:
    for plot in (
        charts.bars([("<Mon>", 3), ("Tue", 0)], "Title"),
        charts.line([("<Mon>", 3.5), ("Tue", None)], "Title"),
        charts.shares([("<Mon>", 0.5, "50%")], "Title"),
    ):
        assert re.search(r'role="img" aria-label="Title: &lt;Mon&gt;[^"]*"', plot)
        assert "<Mon>" not in plot
        assert "style=" not in plot


async def test_the_figures_are_those_of_what_happened(story: HandOffStory) -> None:
    story.engine.answers.append({"replies": [], "directives": [], "language": "en", "topic": "sms_missing"})
    await story.writes("no code")
    await story.asks(topic="sms_missing")
    await story.passes(60)
    await story.does("claim", ANNA)
    await story.passes(30)
    await story.does("reply", ANNA, "Hello")
    await story.does("resolve", ANNA, "solved", "")
    await story.taps("desk:score:1:4")
    await story.asks("b")

    seen = await story.parts.database.run(statistics.overview, 7)
    assert (seen.in_queue, seen.cases, seen.open_tickets, seen.at_desk) == (1, 2, 0, 2)
    assert (seen.wait_median, seen.answer_median, seen.score_mean) == (60, 90, 4)
    assert [(one.topic, one.opened, one.handed_over) for one in seen.topics] == [("sms_missing", 1, 1)]
    assert sum(count for _, count in seen.by_day) == 2


class Receiver:
    """Somebody who is told of hand-offs, and who does not always answer well."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.got: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.got.append(request)
        return httpx.Response(self.statuses.pop(0) if self.statuses else 204)


async def deliver(story: HandOffStory, receiver: Receiver) -> None:
    webhooks = Webhooks(
        story.parts.database,
        "https://elsewhere.test/hook",
        SECRET,
        story.parts.clock,
        transport=httpx.MockTransport(receiver),
    )
    while items := await webhooks.claim(1):
        for item in items:
            await webhooks.work(item)
    await webhooks.close()


async def test_whoever_listens_is_told_of_each_change_once_in_order_and_signed(story: HandOffStory) -> None:
    story.parts.clock.now = time.time()
    await story.asks(reason="urgent", priority="urgent", topic="phone_lost")
    await story.does("claim", ANNA)
    receiver = Receiver()
    await deliver(story, receiver)
    await deliver(story, receiver)

    told = [Webhook(SECRET).verify(request.content, dict(request.headers)) for request in receiver.got]
    assert [event["type"] for event in told] == ["handoff.requested", "handoff.claimed"]
    assert told[0]["data"]["reason"] == "phone_lost"
    assert "a person please" not in json.dumps(told)
    assert len({request.headers["webhook-id"] for request in receiver.got}) == 2


async def test_an_event_that_was_not_taken_is_told_again_before_the_next(story: HandOffStory) -> None:
    await story.asks()
    await story.does("claim", ANNA)
    receiver = Receiver(500, 503)
    for _ in range(4):
        await deliver(story, receiver)
        story.parts.clock.advance(60)
    ids = [request.headers["webhook-id"] for request in receiver.got]
    assert ids == ["handoff_event_1"] * 3 + ["handoff_event_2"]
    assert {row["state"] for row in await rows(story.parts.database, webhook_delivery)} == {"sent"}


def test_the_command_knows_the_roles_that_there_are() -> None:
    assert tuple(role.value for role in Role) == ROLES


def test_the_command_makes_an_account_and_says_what_it_needs_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STATE_DIR", str(tmp_path))

    def run(*words: str) -> tuple[int, str, str]:
        code = main(["desk", *words])
        said = capsys.readouterr()
        return code, said.out, said.err

    code, said, _ = run("add-agent", "anna", "--shown-as", "Anna", "--role", "lead")
    assert code == 0
    assert re.search(r"password:  [a-z2-9-]{23}\n", said)
    assert "otpauth://totp/" in said
    assert run("add-agent", "anna") == (1, "", "assistant desk: there is an agent anna already\n")
    assert "anna" in run("agents")[1]
    assert run("verify-audit")[0] == 0
    assert (tmp_path / "desk.key").stat().st_mode & 0o777 == 0o600
