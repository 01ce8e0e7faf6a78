"""The rules of the ownership test: assistant, clients, agents, deadlines and crashes in any order, on a real database.

Most rules are one transaction of the gateway, so that hypothesis can interleave them. A crash is a transaction that
never commits, or work in memory that is lost. The promises that must hold are in ownership_promises.py.
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
from tests.support.ownership_promises import AGENTS, CHANNEL, CLIENTS, WORDS, OwnerPromises

# In seconds: enough to pass each deadline, the longest included.
LEAPS = (1.0, 61.0, 130.0, 301.0, 601.0, 1801.0, 3601.0, 90_000.0)
# More deadlines than a conversation can pass before it is at rest.
MAX_DEADLINES = 60

clients = st.sampled_from(CLIENTS)
rarely = st.sampled_from([False, False, False, True])
agents = st.sampled_from(AGENTS)


class OwnerMachine(OwnerPromises):
    """The gateway's transactions as rules."""

    # Rules of clients.

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
        """Go the common way into the queue in one step, so that short sequences reach later states."""
        self.a_client_writes(peer, "hello", False)
        self.the_worker_claims()
        while self.turns:
            self.a_turn_ends(0, priority, False)

    # Rules of the assistant: a turn begins, and ends some time later, or never.

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
            assert message.id not in self.for_people, "the assistant got a message for the desk"
            state = turn.conversation.state
            assert state == ConversationState.ASSISTANT, f"the assistant got a message in the state {state}"
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
        """Let the message be claimed again, and end both turns."""
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

    # Rules of the sender.

    @rule()
    def the_sender_claims(self) -> None:
        if not self._is_queued("outbound"):
            return
        claimed = self.database.transact(outbound_queue.claim, 16)
        for message in claimed:
            (row,) = self._all(
                "SELECT outbound.epoch, conversation.epoch AS now, conversation.state FROM outbound"
                " JOIN conversation ON conversation.id = conversation_id WHERE outbound.id = ?",
                message.id,
            )
            if message.origin == "assistant":
                assert row["epoch"] == row["now"], "a message of an earlier epoch was claimed"
                assert row["state"] in {
                    ConversationState.ASSISTANT,
                    ConversationState.QUEUED,
                    ConversationState.AFTER_HOURS,
                }, row["state"]
        self.sending += claimed

    @rule(which=st.integers(0, 3), crashes_before_the_receipt=st.booleans())
    def a_message_arrives(self, which: int, crashes_before_the_receipt: bool) -> None:
        if not self.sending:
            return
        message = self.sending.pop(which % len(self.sending))
        phone = self.phones[message.address.peer]
        if message.key not in {key for _, key in phone}:
            phone.append((message.id, message.key))
        if not crashes_before_the_receipt:
            receipt = Receipt(f"provider-{message.id}")
            self.database.transact(outbound_queue.mark_sent, message, receipt)

    @rule(which=st.integers(0, 3))
    def the_sender_claims_and_everything_arrives(self, which: int) -> None:
        """Claim all messages that are due, and let them arrive in any order."""
        self.the_sender_claims()
        while self.sending:
            self.a_message_arrives(which, False)

    # Rules of agents, who act on the page that they opened last.

    @rule(agent=agents, peer=clients)
    def an_agent_looks(self, agent: Agent, peer: str) -> None:
        found = self._conversation(peer)
        if found is not None:
            self.looks[agent.id, peer] = (found["epoch"], self._newest(found["id"]))

    @rule(
        agent=agents,
        peer=clients,
        does=st.sampled_from(
            ["take", "reply", "reply", "resolve", "give_back", "transfer", "pass_on", "block", "unblock"]
        ),
        crashes=rarely,
        looks_first=st.sampled_from([True, True, False]),
    )
    def an_agent_acts(self, agent: Agent, peer: str, does: str, crashes: bool, looks_first: bool) -> None:
        found = self._conversation(peer)
        if looks_first:
            self.an_agent_looks(agent, peer)
        if found is None or (agent.id, peer) not in self.looks:
            return
        epoch, seen = self.looks[agent.id, peer]
        other = next(one for one in AGENTS if one != agent)
        text = f"{does} {next(self.ids)}"
        work: dict[str, tuple[Any, ...]] = {
            "take": (self.agents.claim, found["id"], agent, epoch),
            "reply": (self.agents.reply, found["id"], agent, epoch, text),
            "resolve": (self.agents.resolve, found["id"], agent, epoch, seen, "solved", ""),
            "give_back": (self.agents.give_back, found["id"], agent, epoch, seen),
            "transfer": (self.agents.transfer, found["id"], agent, epoch, other, text),
            "pass_on": (self.agents.transfer, found["id"], agent, epoch, None, text),
            "block": (self.agents.block, found["id"], agent, epoch),
            "unblock": (self.agents.unblock, found["id"], agent, epoch),
        }
        try:
            if crashes:
                self._crashing(*work[does])
                return
            self.database.transact(*work[does])
        except (StaleEpochError, NotAllowedError, UnseenMessagesError):
            return
        assert found["epoch"] == epoch, "an agent acted on an earlier epoch"
        if does in {"resolve", "give_back"}:
            assert self._newest(found["id"]) <= seen, "a case was ended over an unseen message"
        if does in {"transfer", "pass_on"}:
            self.notes.append(text)
        if does == "reply":
            self.replies.append(text)
            after = self._conversation(peer)
            assert after is not None
            assert (after["state"], after["agent_id"]) == (ConversationState.HUMAN, agent.id), (
                "a reply did not assign the conversation"
            )
        self.an_agent_looks(agent, peer)

    @rule(agent=agents, peer=clients, does=st.sampled_from(["take", "reply", "block"]), ends=st.booleans())
    def an_agent_acts_during_a_turn(self, agent: Agent, peer: str, does: str, ends: bool) -> None:
        """Act as an agent during a turn, which ends afterwards; the other agent's page is older."""
        self.a_client_writes(peer, "hello", False)
        self.the_worker_claims()
        self.an_agent_looks(next(one for one in AGENTS if one != agent), peer)
        self.an_agent_acts(agent, peer, does, False, True)
        if ends:
            self.a_turn_ends(0, None, False)

    @rule(
        agent=agents,
        peer=clients,
        first=st.sampled_from(["take", "reply", "block"]),
        then=st.sampled_from(["take", "reply", "block"]),
    )
    def two_agents_act_on_the_same_epoch(self, agent: Agent, peer: str, first: str, then: str) -> None:
        """Act as two agents on the same epoch: the second one's page is outdated."""
        second = next(one for one in AGENTS if one != agent)
        self.an_agent_looks(second, peer)
        self.an_agent_acts(agent, peer, first, False, True)
        self.an_agent_acts(second, peer, then, False, False)

    @rule(agent=agents, peer=clients, then=st.sampled_from(["resolve", "transfer", "pass_on"]))
    def a_client_is_helped(self, agent: Agent, peer: str, then: str) -> None:
        """Go from the request to its end in one step, since the states after it are rarely reached otherwise."""
        self.a_client_is_handed_over(peer, "normal")
        self.an_agent_acts(agent, peer, "reply", False, True)
        self.an_agent_acts(agent, peer, then, False, True)

    @rule(agent=agents, peer=clients, does=st.sampled_from(["resolve", "give_back"]))
    def a_client_writes_just_before_an_agent_ends_it(self, agent: Agent, peer: str, does: str) -> None:
        self.a_client_is_handed_over(peer, "normal")
        self.an_agent_acts(agent, peer, "reply", False, True)
        self.a_client_writes(peer, "hello", False)
        self.an_agent_acts(agent, peer, does, False, False)

    @rule(agent=agents, there=st.booleans())
    def an_agent_comes_or_goes(self, agent: Agent, there: bool) -> None:
        seen = self.clock() if there else None
        self._write("UPDATE agent SET seen_at = ? WHERE id = ?", seen, agent.id)

    # Rules of time.

    @rule(seconds=st.sampled_from(LEAPS), timers_run=st.booleans())
    def time_passes(self, seconds: float, timers_run: bool) -> None:
        self._advance(seconds)
        if timers_run:
            self._run_deadlines(crashes=False)

    def _advance(self, seconds: float) -> None:
        """Move the clock. The channels give up sending before its lease ends, whether or not the message arrived."""
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
                self._execute_again(conversation_id)
        return len(due)

    def _execute_again(self, conversation_id: int) -> None:
        """Execute the deadline once more, as a second gateway: it must have no effect unless the next one is due."""
        which = "SELECT * FROM conversation WHERE id = ?"
        before = dict(self._all(which, conversation_id)[0])
        if before["deadline_at"] is None or before["deadline_at"] > self.clock():
            self.database.transact(self.deadlines.execute, conversation_id)
            assert dict(self._all(which, conversation_id)[0]) == before, "a deadline was executed twice"

    def teardown(self) -> None:
        """Let all conversations come to rest, and check the promises that hold at the end."""
        self._come_to_rest()
        self.messages_arrive_once_and_in_order()
        self.nothing_was_lost()
        self.choices_were_made_where_they_were_offered()
        self.each_transition_has_one_notice()

    def _come_to_rest(self) -> None:
        self.the_gateway_is_killed_and_starts_again()
        for _ in range(MAX_DEADLINES):
            self.the_worker_claims()
            while self.turns:
                self.a_turn_ends(0, None, False)
            self.the_sender_claims()
            while self.sending:
                self.a_message_arrives(0, False)
            due = self._all("SELECT min(deadline_at) AS at FROM conversation")[0]["at"]
            if due is None and not self._is_queued("inbound") and not self._is_queued("outbound"):
                return
            self.clock.now = max(self.clock.now + 1, due or 0.0)
            self._run_deadlines(crashes=False)
            self.each_state_has_its_deadline_and_its_owner()
        raise AssertionError("a conversation is stuck")
