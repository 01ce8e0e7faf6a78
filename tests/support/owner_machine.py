"""The assistant, clients, agents, timers and crashes in any order, on a real database. The promises: owner_promises.py.

Each rule is one transaction of the gateway, so that hypothesis can put anything between any two of them. A crash is
a transaction that never commits, or work in memory that is forgotten.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from bot.domain import ConversationState, InboundKind, TurnOutcome
from bot.handoff.agent_commands import Agent, NotAllowedError, StaleEpochError, UnseenMessagesError
from bot.messages import conversations, inbound_queue, outbound_queue
from bot.messages.conversations import Address
from bot.messages.outbound_queue import Receipt
from bot.messages.parsing import InboundMessage
from contracts.directives import RequestHandoff
from contracts.enums import HandoffReason, Priority
from contracts.turns import Reply, TurnResponse
from tests.support.owner_promises import AGENTS, CHANNEL, CLIENTS, WORDS, OwnerPromises

# Enough to get past any one deadline, and now and then past the longest.
LEAPS = (1.0, 61.0, 130.0, 301.0, 601.0, 1801.0, 3601.0, 90_000.0)
# More deadlines than any conversation can have before it is at rest.
MAX_DEADLINES = 60

clients = st.sampled_from(CLIENTS)
rarely = st.sampled_from([False, False, False, True])
agents = st.sampled_from(AGENTS)


class OwnerMachine(OwnerPromises):
    """The gateway, one transaction at a time."""

    # What clients do.

    @rule(peer=clients, words=st.sampled_from(WORDS), again=st.booleans())
    def a_client_writes(self, peer: str, words: str, again: bool) -> None:
        self._accept(
            InboundMessage(Address(CHANNEL, peer), f"m{next(self.ids)}", InboundKind.TEXT, words), again
        )

    @rule(peer=clients, which=st.integers(0, 4), again=st.booleans())
    def a_client_taps(self, peer: str, which: int, again: bool) -> None:
        tokens = self._all(
            "SELECT token FROM button JOIN conversation ON conversation.id = conversation_id WHERE peer = ?"
            " ORDER BY outbound_id DESC, position",
            peer,
        )
        if tokens:
            token = tokens[which % len(tokens)]["token"]
            self._accept(
                InboundMessage(Address(CHANNEL, peer), f"m{next(self.ids)}", InboundKind.BUTTON, token), again
            )

    def _accept(self, message: InboundMessage, again: bool) -> None:
        before = self._conversation(message.address.peer)
        parsed = self.parts.inbox.parse(message)
        accepted = self.database.transact(self.parts.inbox.store, parsed)
        self.accepted.add(message.external_id)
        if before is not None and before["state"] in conversations.READ_BY_PEOPLE:
            self.for_people.add(accepted.id)
        if again:
            assert self.database.transact(self.parts.inbox.store, parsed).duplicate

    @rule(peer=clients, priority=st.sampled_from(["normal", "urgent"]))
    def a_client_is_handed_over(self, peer: str, priority: str) -> None:
        """The common way into the queue in one step, so that few steps lead far."""
        self.a_client_writes(peer, "hello", False)
        self.the_worker_claims()
        while self.turns:
            self.a_turn_ends(0, priority, False)

    # What the assistant does: a turn begins, and ends some time later, or never.

    @rule()
    def the_worker_claims(self) -> None:
        if not self._is_queued("inbound"):
            return
        for message in self.database.transact(inbound_queue.QUEUE.claim, 8):
            turn = self.database.transact(self.parts.pipeline.prepare, message)
            if turn.outcome is TurnOutcome.NOTICE:
                self.answered_by_assistant.add(message.id)
            if turn.outcome is not None:
                continue
            assert message.id not in self.for_people, "the assistant is asked what a person must read"
            state = turn.conversation.state
            assert state == ConversationState.ASSISTANT, f"the assistant is asked in {state}"
            self.turns.append(turn)

    @rule(
        which=st.integers(0, 3),
        asks=st.sampled_from([None, None, "normal", "urgent"]),
        crashes=rarely,
    )
    def a_turn_ends(self, which: int, asks: str | None, crashes: bool) -> None:
        if not self.turns:
            return
        turn = self.turns.pop(which % len(self.turns))
        message_id = turn.message.id
        directives = (RequestHandoff(HandoffReason.ASKED, Priority(asks)),) if asks else ()
        response = TurnResponse((Reply(f"answer to {message_id}"),), directives, "en")
        if crashes:
            self._crashing(self.parts.pipeline.commit, turn, response)
            return
        was_open = self._state_of(message_id) == "queued"
        outcome = self.database.transact(self.parts.pipeline.commit, turn, response)
        if outcome is TurnOutcome.ANSWERED and was_open:
            self.answered_by_assistant.add(message_id)

    @rule(peer=clients)
    def a_turn_outlasts_its_lease(self, peer: str) -> None:
        """Another gateway takes the message up as well, and both turns end."""
        self.a_client_writes(peer, "hello", False)
        self.the_worker_claims()
        self._advance(inbound_queue.LEASE_SECONDS + 1)
        self.the_worker_claims()
        while self.turns:
            self.a_turn_ends(0, None, False)

    @rule()
    def the_gateway_is_killed_and_starts_again(self) -> None:
        self.turns.clear()
        self.sending.clear()
        for queue in (inbound_queue.QUEUE, outbound_queue.QUEUE):
            self.database.transact(queue.release_all)

    # What the sender does.

    @rule()
    def the_sender_takes(self) -> None:
        if not self._is_queued("outbound"):
            return
        claimed = self.database.transact(outbound_queue.claim, 16)
        for outgoing in claimed:
            (row,) = self._all(
                "SELECT outbound.epoch, conversation.epoch AS now, conversation.state FROM outbound"
                " JOIN conversation ON conversation.id = conversation_id WHERE outbound.id = ?",
                outgoing.id,
            )
            if outgoing.origin == "assistant":
                assert row["epoch"] == row["now"], "the assistant speaks for an earlier epoch"
                assert row["state"] in {
                    ConversationState.ASSISTANT,
                    ConversationState.QUEUED,
                    ConversationState.AFTER_HOURS,
                }, row["state"]
        self.sending += claimed

    @rule(which=st.integers(0, 3), dies_before_it_is_noted=st.booleans())
    def a_message_arrives(self, which: int, dies_before_it_is_noted: bool) -> None:
        if not self.sending:
            return
        outgoing = self.sending.pop(which % len(self.sending))
        phone = self.phones[outgoing.address.peer]
        if outgoing.key not in {key for _, key in phone}:
            phone.append((outgoing.id, outgoing.key))
        if not dies_before_it_is_noted:
            receipt = Receipt(f"provider-{outgoing.id}")
            self.database.transact(outbound_queue.mark_sent, outgoing, receipt)

    @rule(which=st.integers(0, 3))
    def the_sender_is_quick(self, which: int) -> None:
        """What may be sent is sent at once, and arrives in whatever order."""
        self.the_sender_takes()
        while self.sending:
            self.a_message_arrives(which, False)

    # What agents do, by what they saw last.

    @rule(who=agents, peer=clients)
    def an_agent_looks(self, who: Agent, peer: str) -> None:
        found = self._conversation(peer)
        if found is not None:
            self.looks[who.id, peer] = (found["epoch"], self._newest(found["id"]))

    @rule(
        who=agents,
        peer=clients,
        does=st.sampled_from(
            ["take", "reply", "reply", "resolve", "give_back", "transfer", "pass_on", "block", "unblock"]
        ),
        crashes=rarely,
        looks_first=st.sampled_from([True, True, False]),
    )
    def an_agent_acts(self, who: Agent, peer: str, does: str, crashes: bool, looks_first: bool) -> None:
        found = self._conversation(peer)
        if looks_first:
            self.an_agent_looks(who, peer)
        if found is None or (who.id, peer) not in self.looks:
            return
        epoch, seen = self.looks[who.id, peer]
        other = next(one for one in AGENTS if one != who)
        text = f"{does} {next(self.ids)}"
        work: dict[str, tuple[Any, ...]] = {
            "take": (self.agents.claim, found["id"], who, epoch),
            "reply": (self.agents.reply, found["id"], who, epoch, text),
            "resolve": (self.agents.resolve, found["id"], who, epoch, seen, "solved", ""),
            "give_back": (self.agents.give_back, found["id"], who, epoch, seen),
            "transfer": (self.agents.transfer, found["id"], who, epoch, other, text),
            "pass_on": (self.agents.transfer, found["id"], who, epoch, None, text),
            "block": (self.agents.block, found["id"], who, epoch),
            "unblock": (self.agents.unblock, found["id"], who, epoch),
        }
        try:
            if crashes:
                self._crashing(*work[does])
                return
            self.database.transact(*work[does])
        except (StaleEpochError, NotAllowedError, UnseenMessagesError):
            return
        assert found["epoch"] == epoch, "an agent acted on what was no longer so"
        if does in {"resolve", "give_back"}:
            assert self._newest(found["id"]) <= seen, "ended over a message that nobody has seen"
        if does in {"transfer", "pass_on"}:
            self.notes.append(text)
        if does == "reply":
            self.replies.append(text)
            after = self._conversation(peer)
            assert after is not None
            assert (after["state"], after["agent_id"]) == (ConversationState.HUMAN, who.id), (
                "a reply takes the conversation"
            )
        self.an_agent_looks(who, peer)

    @rule(who=agents, peer=clients, does=st.sampled_from(["take", "reply", "block"]), ends=st.booleans())
    def an_agent_steps_in_while_the_assistant_is_thinking(
        self, who: Agent, peer: str, does: str, ends: bool
    ) -> None:
        """The turn goes on, and ends when everything is different; the other agent still sees how it was."""
        self.a_client_writes(peer, "hello", False)
        self.the_worker_claims()
        self.an_agent_looks(next(one for one in AGENTS if one != who), peer)
        self.an_agent_acts(who, peer, does, False, True)
        if ends:
            self.a_turn_ends(0, None, False)

    @rule(
        who=agents,
        peer=clients,
        first=st.sampled_from(["take", "reply", "block"]),
        then=st.sampled_from(["take", "reply", "block"]),
    )
    def two_agents_act_on_what_both_saw(self, who: Agent, peer: str, first: str, then: str) -> None:
        """At the same time as far as they know: the second one's page is a moment old."""
        second = next(one for one in AGENTS if one != who)
        self.an_agent_looks(second, peer)
        self.an_agent_acts(who, peer, first, False, True)
        self.an_agent_acts(second, peer, then, False, False)

    @rule(who=agents, peer=clients, then=st.sampled_from(["resolve", "transfer", "pass_on"]))
    def a_client_is_helped(self, who: Agent, peer: str, then: str) -> None:
        """From the wish to the end of it in one step: what comes after that is seldom reached otherwise."""
        self.a_client_is_handed_over(peer, "normal")
        self.an_agent_acts(who, peer, "reply", False, True)
        self.an_agent_acts(who, peer, then, False, True)

    @rule(who=agents, peer=clients, does=st.sampled_from(["resolve", "give_back"]))
    def a_client_writes_just_before_an_agent_ends_it(self, who: Agent, peer: str, does: str) -> None:
        self.a_client_is_handed_over(peer, "normal")
        self.an_agent_acts(who, peer, "reply", False, True)
        self.a_client_writes(peer, "hello", False)
        self.an_agent_acts(who, peer, does, False, False)

    @rule(who=agents, there=st.booleans())
    def an_agent_comes_or_goes(self, who: Agent, there: bool) -> None:
        seen = self.clock() if there else None
        self._write("UPDATE agent SET seen_at = ? WHERE id = ?", seen, who.id)

    # What time does.

    @rule(seconds=st.sampled_from(LEAPS), timers_run=st.booleans())
    def time_passes(self, seconds: float, timers_run: bool) -> None:
        self._advance(seconds)
        if timers_run:
            self._run_deadlines(crashes=False)

    def _advance(self, seconds: float) -> None:
        """No try to send outlasts its lease: the channels give up before, whether or not it has arrived."""
        if seconds >= outbound_queue.LEASE_SECONDS:
            while self.sending:
                self.a_message_arrives(0, True)
        self.clock.advance(seconds)

    @rule(crashes=st.booleans())
    def the_timers_run(self, crashes: bool) -> None:
        self._run_deadlines(crashes)

    def _run_deadlines(self, crashes: bool) -> int:
        due = self.database.transact(self.deadlines.list_due, 8)
        for conversation_id in due:
            if crashes:
                self._crashing(self.deadlines.execute, conversation_id)
            else:
                self.database.transact(self.deadlines.execute, conversation_id)
                self._another_gateway_is_late(conversation_id)
        return len(due)

    def _another_gateway_is_late(self, conversation_id: int) -> None:
        """It has found the same deadline due: unless the next one is, too, nothing is left to do."""
        which = "SELECT * FROM conversation WHERE id = ?"
        before = dict(self._all(which, conversation_id)[0])
        if before["deadline_at"] is None or before["deadline_at"] > self.clock():
            self.database.transact(self.deadlines.execute, conversation_id)
            assert dict(self._all(which, conversation_id)[0]) == before, "a deadline was carried out twice"

    def teardown(self) -> None:
        """Left alone, everything comes to rest, and everything that was promised has happened."""
        self._come_to_rest()
        self.phones_have_what_was_said_in_order_and_once()
        self.nothing_was_lost()
        self.choices_were_made_where_they_were_offered()
        self.each_change_was_told_once()

    def _come_to_rest(self) -> None:
        self.the_gateway_is_killed_and_starts_again()
        for _ in range(MAX_DEADLINES):
            self.the_worker_claims()
            while self.turns:
                self.a_turn_ends(0, None, False)
            self.the_sender_takes()
            while self.sending:
                self.a_message_arrives(0, False)
            due = self._all("SELECT min(deadline_at) AS at FROM conversation")[0]["at"]
            if due is None and not self._is_queued("inbound") and not self._is_queued("outbound"):
                return
            self.clock.now = max(self.clock.now + 1, due or 0.0)
            self._run_deadlines(crashes=False)
            self.each_state_has_its_deadline_and_its_owner()
        raise AssertionError("a conversation is stuck")
