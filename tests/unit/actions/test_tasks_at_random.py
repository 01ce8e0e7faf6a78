"""Conversations made up at random over client, backend, portal and clock, against the real sandbox.

After each message the sandbox's ledger is compared with what was said: no state is claimed that the ledger does not
hold, nothing is written twice, and from wherever a conversation has come to there is a way out.
"""

from __future__ import annotations

import asyncio
import itertools
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from tenacity import wait_none

from actions.backend import Backend, Breaker, Timeouts
from actions.vault_client import VaultClient
from tests.support.action_turn import ActionChat, TurnResult
from tests.support.knowledge import KNOWLEDGE
from tests.support.sandbox import RunningSandbox, other_than, running_sandbox
from tests.support.task_client import VAULT_TOKEN, FakeVault, fake_vault

CLIENTS = ["simulator.telegram:person-1", "simulator.sms:+819012345601"]
USERS = ["hanako01", "hanako11", "rio13", "olivia03", "priya04", "noa12", "sam06", "yuki08"]
NUMBERS = ["+819012345613", "+819012345601", "+819012340001", "+81312345678", "+8190123"]
TOPICS = ["verify_phone", "sls_opt_in", "share_device", "share_status", "linking", "sms_missing"]
WORDS = ["affirm", "deny", "step_done", "step_back", "step_stuck", "pin_rules", "thanks", "nlu_fallback"]
COMMANDS = ["resend", "missing_code", "change_number", "how", "leave", "link", "unlink"]
# Whom the chat is linked to, what it asks for, and how that goes on: the code that is typed, or what the portal makes
# of the request. What comes after that is left to chance. Chance alone seldom gets as far as a right code.
Beginning = tuple[str | None, str | None, str]
BEGINNINGS: list[Beginning] = [
    (None, None, ""),
    ("hanako01", None, ""),
    *[(None, "verify_phone", end) for end in ("right", "wrong", "late", "")],
    ("rio13", "verify_phone", "right"),
    *[("hanako01", "sls_opt_in", end) for end in ("right", "wrong", "late", "")],
    ("priya04", "sls_opt_in", ""),
    ("olivia03", "sls_opt_in", ""),
    *[("hanako01", "share_device", end) for end in ("finish", "less-secure-device", "")],
    ("noa12", "share_device", "finish"),
    *[("hanako01", task, "down") for task in ("sls_opt_in", "share_device", "linking")],
    ("yuki08", "share_device", "finish"),
    ("sam06", "share_device", ""),
    *[(None, "linking", end) for end in ("right", "wrong", "late")],
]
JUMPS = [1, 130, 650, 4_000, 90_000, 190 * 86_400]
MANY = 1_000


class World:
    """What all the conversations share: one sandbox, one vault, one event loop."""

    def __init__(self, sandbox: RunningSandbox, vault: FakeVault, client: str, language: str) -> None:
        self.sandbox = sandbox
        self.vault = vault
        self.now = 0.0
        self.loop = asyncio.new_event_loop()
        self.messages = itertools.count(1)
        self.said: set[str] = set()
        self.conversations = 0
        self._knowledge = KNOWLEDGE
        self._client, self._language = client, language
        self._backend = Backend(
            sandbox.url,
            sandbox.token,
            timeouts=Timeouts(connect=0.5, total=5, budget=6),
            wait=wait_none(),
            breaker=Breaker(lambda: self.now),
        )
        self._opener = VaultClient(vault.server.url, VAULT_TOKEN)

    def new_chat(self) -> ActionChat:
        """A new client, who is reached where the last one was."""
        return ActionChat(
            self._knowledge, self._backend, self._opener, language=self._language, client=self._client
        )

    def close(self) -> None:
        self.loop.run_until_complete(self._backend.aclose())
        self.loop.run_until_complete(self._opener.aclose())
        self.loop.close()


class Conversation(RuleBasedStateMachine):
    """One client who says anything in any order, while the backend fails and the clock jumps."""

    world: World
    beginnings: tuple[Beginning, ...] = ()

    @initialize(beginning=st.runner().flatmap(lambda conversation: st.sampled_from(conversation.beginnings)))
    def begin(self, beginning: Beginning) -> None:
        user, task, end = beginning
        world = self.world
        world.conversations += 1
        # Long enough for the circuit breaker to have closed since the conversation before.
        world.now += 1_000
        self.sandbox = world.sandbox
        self.chat = world.new_chat()
        if user:
            self.sandbox.link(user, self.chat.client)
        self.faulty = False
        self.before = self.then = self.sandbox.ledger()
        self.last: tuple[dict[str, Any], str, dict[str, str], str] | None = None
        if task is not None:
            self.goes_through_a_task(task, end)

    def say(self, intent: str, message: str | None = None, **entities: Any) -> TurnResult:
        """One message, and everything that must hold after it."""
        message = message or f"r{next(self.world.messages)}"
        slots = dict(self.chat.slots)
        again = self.last is not None and self.last[3] == message
        answered = self.world.loop.run_until_complete(self.chat.say(intent, message=message, **entities))
        self.last = (slots, intent, entities, message)
        after = self.sandbox.ledger()
        self.world.said |= set(answered.said)
        assert answered.said, "silence"
        assert "guide/failed" not in answered.said, "an action broke"
        try:
            self.claims(answered, after)
        except AssertionError:
            # A turn that runs again is answered as it was, and the portal may have gone on since.
            if not again:
                raise
            self.claims(answered, self.then)
        self.counts(after)
        self.before = after
        if not again:
            self.then = after
        return answered

    def claims(self, answered: TurnResult, ledger: dict[str, Any]) -> None:
        """What was said is so."""
        client = self.chat.client
        said = set(answered.said)

        def mine(kind: str) -> list[dict[str, Any]]:
            return [row for row in ledger[kind] if row["client"] == client]

        for text in said:
            if text.startswith("verify_phone/verified") and text != "verify_phone/verified_before":
                receipt = answered.values(text)["receipt"]
                assert receipt in {
                    row["receipt"] for row in mine("verifications") if row["state"] == "verified"
                }
        linked = [row for row in mine("links") if row["state"] == "linked"]
        if "verify_phone/verified_before" in said:
            assert any(row["state"] == "verified" for row in mine("verifications"))
        if "opting_in/done" in said:
            done = [
                row
                for row in mine("opt_ins")
                if row["receipt"] == answered.values("opting_in/done")["receipt"]
            ]
            assert [ledger["secure_login"][row["username"]] for row in done] == ["enrolled"]
        if "opting_in/already_enrolled" in said:
            assert any(ledger["secure_login"][row["username"]] == "enrolled" for row in mine("links"))
        if said & {"linking/linked", "linking/linked_now", "linking/already_linked"}:
            assert linked
        if "linking/unlinked" in said:
            assert not linked
        if said & {"linking/confirm_in_portal", "linking/pending"}:
            assert any(row["state"] == "pending" for row in mine("links"))
        if "sharing/approved" in said:
            receipt = answered.values("sharing/approved")["receipt"]
            assert receipt in {row["receipt"] for row in ledger["sharing"] if row["state"] == "approved"}
        if said & {"sharing/awaiting_portal", "sharing/request_open"}:
            assert any(row["state"] in {"awaiting_portal", "pending_compliance"} for row in ledger["sharing"])
        if said & {"verify_phone/sent", "opting_in/sent", "codes/resent"}:
            assert len(mine("sms")) > 0

    def counts(self, ledger: dict[str, Any]) -> None:
        """What was done was done at most once."""
        linked = [
            row for row in ledger["links"] if row["client"] == self.chat.client and row["state"] == "linked"
        ]
        assert len(linked) <= 1, "linked twice"
        for kind in ("sms", "verifications", "opt_ins", "link_codes", "links", "sharing"):
            assert len(ledger[kind]) - len(self.before[kind]) <= 1, f"{kind}: twice by one message"
        open_requests = [
            row for row in ledger["sharing"] if row["state"] in {"awaiting_portal", "pending_compliance"}
        ]
        assert len(open_requests) <= 1

    @rule(topic=st.sampled_from(TOPICS))
    def asks(self, topic: str) -> None:
        self.say(topic)

    @rule(word=st.sampled_from(WORDS))
    def says(self, word: str) -> None:
        self.say(word)

    @rule(
        command=st.sampled_from(COMMANDS),
        taken_for=st.sampled_from(["inform", "nlu_fallback", "sms_missing"]),
    )
    def gives_a_command(self, command: str, taken_for: str) -> None:
        self.say(taken_for, task_command=command)

    @rule(number=st.sampled_from(NUMBERS))
    def gives_a_number(self, number: str) -> None:
        self.say("verify_phone", phone_number=number)

    @rule(region=st.sampled_from(["jp", "gb"]))
    def gives_a_number_without_its_country(self, region: str) -> None:
        self.say("verify_phone", number="09012345613")
        self.say("inform", region=region)

    # No rule has a precondition: how far a conversation has come depends on the courier too, and what may be drawn next
    # must not. A rule that has nothing to do does the next best thing.
    @rule(which=st.integers(min_value=0, max_value=9))
    def presses(self, which: int) -> None:
        payloads = self.chat.last.payloads or ["/affirm"]
        found = re.fullmatch(r'/(\w+)(?:\{"(\w+)": "(\w+)"\})?', payloads[which % len(payloads)])
        assert found is not None
        self.say(found[1], **({found[2]: found[3]} if found[2] else {}))

    @rule(kind=st.sampled_from(["right", "right", "right", "wrong", "old"]))
    def types_a_code(self, kind: str) -> None:
        self.code_arrives()
        codes = [m["text"][:6] for m in self.sandbox.phone.received]
        code = codes[0 if kind == "old" else -1] if codes else "123456"
        self.say("inform", code=self.world.vault.seal(other_than(code) if kind == "wrong" else code))

    def goes_through_a_task(self, topic: str, end: str) -> None:
        """As most clients do: what is asked is answered, the code is typed, or the portal does its part."""
        number = {"phone_number": NUMBERS[0]} if topic == "verify_phone" else {}
        self.say(topic, **number)
        if end == "down":
            self.the_backend_fails("500", "before", 4)
            self.say("linking")
        if "/affirm" in self.chat.last.payloads:
            self.say("affirm")
        if end and self.chat.last.expects == "code":
            if end == "late":
                self.code_arrives()
                self.time_passes(650)
            self.types_a_code("wrong" if end == "wrong" else "right")
        elif end not in {"", "down"} and topic == "share_device":
            self.settles_a_sharing(end)
            self.say("share_status")

    def code_arrives(self) -> None:
        """Wait for the courier, who goes by himself."""
        end = time.monotonic() + 20
        while any(message["state"] == "queued" for message in self.sandbox.ledger()["sms"]):
            assert time.monotonic() < end, "a text message does not arrive"
            time.sleep(0.005)

    @rule(kind=st.sampled_from(["right", "wrong"]))
    def types_the_code_that_is_awaited(self, kind: str) -> None:
        if any(frame["step_id"] == "code" for frame in self.chat.frames):
            self.types_a_code(kind)
        else:
            self.say("affirm")

    @rule()
    def ends_the_link(self) -> None:
        self.say("linking", task_command="unlink")
        self.say("affirm")

    @rule(user=st.sampled_from(USERS))
    def opens_a_deep_link(self, user: str) -> None:
        token = self.sandbox.link_token(user)
        self.say("linking", link=self.world.vault.seal(token))

    @rule(word=st.sampled_from(["confirm", "confirm", "decline", "end"]))
    def goes_to_the_portal(self, word: str) -> None:
        if any(link["client"] == self.chat.client for link in self.sandbox.ledger()["links"]):
            self.sandbox.confirm(word, self.chat.client)
        self.before = self.then = self.sandbox.ledger()

    @rule(word=st.sampled_from(["finish", "approve", "refuse", "less-secure-device"]))
    def settles_a_sharing(self, word: str) -> None:
        for row in self.sandbox.ledger()["sharing"]:
            self.sandbox.portal(f"/sharing-requests/{row['id']}/{word}")
        self.before = self.then = self.sandbox.ledger()

    @rule(language=st.sampled_from(["language_english", "language_japanese"]))
    def changes_the_language(self, language: str) -> None:
        self.chat.slots["language"] = {"language_english": "en", "language_japanese": "ja"}[language]
        self.say(language)

    @rule(seconds=st.sampled_from(JUMPS))
    def time_passes(self, seconds: int) -> None:
        self.world.now += seconds
        self.sandbox.advance(seconds)

    @rule(
        kind=st.sampled_from(["500", "reset", "429"]),
        when=st.sampled_from(["before", "after"]),
        times=st.integers(min_value=1, max_value=4),
    )
    def the_backend_fails(self, kind: str, when: str, times: int) -> None:
        self.faulty = True
        self.sandbox.faults({"kind": kind, "when": when, "times": times})

    @rule()
    def the_gateway_runs_the_turn_again(self) -> None:
        """The turn was done, but not saved: it comes once more, as the same message, from where it began."""
        if self.last is None:
            self.say("linking")
        assert self.last is not None
        slots, intent, entities, message = self.last
        self.sandbox.faults()
        first = self.sandbox.ledger()
        self.chat.slots = dict(slots)
        self.say(intent, message=message, **entities)
        if not self.faulty:
            again = self.sandbox.ledger()
            for kind in ("sms", "verifications", "opt_ins", "link_codes", "links", "sharing"):
                assert len(again[kind]) == len(first[kind]), f"{kind}: the same message did it twice"
        self.faulty = False

    @invariant()
    def the_stack_stays_small(self) -> None:
        if hasattr(self, "chat"):
            assert len(self.chat.frames) <= 3

    def teardown(self) -> None:
        if not hasattr(self, "chat"):
            return
        self.sandbox.faults()
        self.world.now += 1_000
        # No stuck flow: whatever is open can be left by saying so, and a task begun afresh goes on.
        for _ in range(4):
            if self.chat.frames:
                self.say("inform", guide_command="stop")
        assert self.chat.frames == []
        assert "verify_phone/confirm_number" in self.say("verify_phone", phone_number="+819087654321").said
        self.sandbox.begin_anew()


@contextmanager
def new_world(client: str, language: str) -> Iterator[World]:
    # In memory: what is asked is what was said, not what survives a power cut.
    memory = Path("/dev/shm")
    with (
        tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder,
        running_sandbox(Path(folder)) as sandbox,
        fake_vault() as vault,
    ):
        world = World(sandbox, vault, client, language)
        yield world
        world.close()


def talk(world: World, conversations: int, *beginnings: Beginning) -> None:
    Conversation.world = world
    Conversation.beginnings = beginnings
    run_state_machine_as_test(
        Conversation,
        settings=settings(
            max_examples=conversations,
            stateful_step_count=12,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_conversations_made_up_at_random_claim_nothing_that_is_not_so() -> None:
    with new_world(CLIENTS[1], "en") as world:
        talk(world, 5, *BEGINNINGS)


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_thousand_conversations_made_up_at_random_claim_nothing_that_is_not_so(
    client: str, language: str
) -> None:
    with new_world(client, language) as world:
        # As many from each, or chance would leave out one now and then.
        for beginning in BEGINNINGS:
            talk(world, -(-MANY // 4 // len(BEGINNINGS)), beginning)
        assert world.conversations >= MANY // 4
        # They came to every end that matters, or they would prove little.
        ends = {
            "verify_phone/verified_portal",
            "verify_phone/verified_enrolled",
            "opting_in/confirm",
            "opting_in/done",
            "opting_in/portal",
            "opting_in/no_active_device",
            "linking/confirm_in_portal",
            "linking/linked",
            "linking/unlinked",
            "sharing/awaiting_portal",
            "sharing/approved",
            "sharing/pending_compliance",
            "sharing/refused_less_secure_device",
            "sharing/not_eligible",
            "guide/backend_down",
            "codes/wrong_code",
            "codes/expired",
        }
        if client == CLIENTS[1]:
            ends |= {"linking/linked_now"}
        assert ends <= world.said, ends - world.said
