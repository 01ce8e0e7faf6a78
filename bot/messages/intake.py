"""Decide what is stored of a parsed message and what follows from it at once, as its conversation stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from bot.domain import ChatEvent, InboundKind, Notice, ReachabilityChange, UnreachableReason
from bot.messages.chat_commands import ChatCommand, ChatCommands, TypedCommand
from bot.messages.conversations import Conversation
from bot.messages.notices import NO_VALUES
from bot.messages.outbox import Choice
from bot.messages.parsing import ParsedMessage
from contracts.enums import ChannelKind, ExpectedInput
from contracts.payloads import Payload
from knowledge import Knowledge

EVENT_NOTICES = {
    ChatEvent.FOREIGN_CONTACT: Notice.FOREIGN_CONTACT,
    ChatEvent.MEDIA: Notice.MEDIA,
    ChatEvent.GROUP: Notice.PRIVATE_ONLY,
}
EVENT_CHANGES = {
    ChatEvent.BLOCKED: ReachabilityChange.BLOCK,
    ChatEvent.UNBLOCKED: ReachabilityChange.REGAIN,
}


@dataclass(frozen=True)
class PendingNotice:
    """A notice to be stored with the message that causes it."""

    notice: Notice
    bypass_opt_out: bool = False
    choices: tuple[Choice, ...] = ()
    values: Mapping[str, str] = NO_VALUES


@dataclass(frozen=True)
class IntakeDecision:
    """What is stored of a message, and what follows from it at once."""

    kind: InboundKind
    content: str
    secret: str | None = None
    """Goes into the vault; the content is its reference then."""
    redacted: tuple[str, ...] = ()
    """The kinds of secrets that were removed."""
    notices: tuple[PendingNotice, ...] = ()
    is_answered: bool = False
    """Whether nothing is left for the worker to do."""
    reachability: ReachabilityChange | None = None


class IntakeRules:
    """The rules by which messages are taken in."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge
        self._commands = ChatCommands(knowledge)

    def decide(self, parsed: ParsedMessage, conversation: Conversation, now: float) -> IntakeDecision:
        """Decide about `parsed` as a part of `conversation`."""
        opted_out = conversation.unreachable is UnreachableReason.OPTED_OUT
        command = parsed.command_when_opted_out if opted_out else parsed.command
        if parsed.link_token:
            return self._decide_link(parsed.link_token, conversation)
        if command:
            return self._decide_command(command, conversation, parsed)
        decision = self._decide_content(parsed, conversation, now)
        if opted_out:
            # Nothing is said to a client who has opted out, so nothing is done for them unseen either.
            return replace(decision, is_answered=True, notices=(), reachability=None)
        if conversation.unreachable and decision.reachability is None:
            # An inbound message proves that the client is reachable again.
            return replace(decision, reachability=ReachabilityChange.REGAIN)
        return decision

    def _decide_content(
        self, parsed: ParsedMessage, conversation: Conversation, now: float
    ) -> IntakeDecision:
        match parsed.message.kind:
            case InboundKind.EVENT:
                event = ChatEvent(parsed.content)
                notice = EVENT_NOTICES.get(event)
                return IntakeDecision(
                    InboundKind.EVENT,
                    event,
                    notices=(PendingNotice(notice),) if notice else (),
                    is_answered=True,
                    reachability=EVENT_CHANGES.get(event),
                )
            case InboundKind.BUTTON:
                return IntakeDecision(InboundKind.BUTTON, parsed.content)
            case InboundKind.EDIT:
                # A code that was typed, and then corrected by an edit, is still a code.
                has_code = parsed.codes.get(ExpectedInput.CODE) is not None
                content = "" if has_code else parsed.content
                return IntakeDecision(
                    InboundKind.EDIT,
                    content,
                    redacted=parsed.redacted,
                    notices=_secret_notice(parsed),
                    is_answered=True,
                )
            case _:
                return self._decide_text(parsed, conversation, now)

    def _decide_text(self, parsed: ParsedMessage, conversation: Conversation, now: float) -> IntakeDecision:
        too_long = (PendingNotice(Notice.TOO_LONG),) if parsed.is_too_long else ()
        notices = (*too_long, *_secret_notice(parsed))
        code = parsed.codes.get(conversation.expects(now))
        if code is not None:
            return IntakeDecision(InboundKind.CODE, "", secret=code, notices=notices)
        return IntakeDecision(InboundKind.TEXT, parsed.content, redacted=parsed.redacted, notices=notices)

    def _decide_link(self, token: str, conversation: Conversation) -> IntakeDecision:
        """`/start TOKEN`: a start like any other, whose token goes into the vault."""
        opted_out = conversation.unreachable is UnreachableReason.OPTED_OUT
        return IntakeDecision(
            InboundKind.LINK,
            "",
            secret=token,
            notices=(PendingNotice(Notice.STARTED),) if opted_out else (),
            reachability=ReachabilityChange.REGAIN if conversation.unreachable else None,
        )

    def _decide_command(
        self, command: TypedCommand, conversation: Conversation, parsed: ParsedMessage
    ) -> IntakeDecision:
        opted_out = conversation.unreachable is UnreachableReason.OPTED_OUT
        confirmed = parsed.message.answered_elsewhere
        decision = IntakeDecision(InboundKind.COMMAND, command.command)
        match command.command:
            case ChatCommand.STOP:
                notice = PendingNotice(Notice.STOPPED, bypass_opt_out=True)
                return replace(
                    decision,
                    is_answered=True,
                    reachability=ReachabilityChange.OPT_OUT,
                    notices=() if opted_out or confirmed else (notice,),
                )
            case ChatCommand.HELP if conversation.address.kind == ChannelKind.SMS:
                notice = PendingNotice(Notice.HELP, bypass_opt_out=True)
                return replace(decision, is_answered=True, notices=() if confirmed else (notice,))
            case ChatCommand.START:
                return replace(
                    decision,
                    reachability=ReachabilityChange.REGAIN if conversation.unreachable else None,
                    notices=(PendingNotice(Notice.STARTED),) if opted_out else (),
                )
            case _ if opted_out:
                return replace(decision, is_answered=True)
            case ChatCommand.LANGUAGE:
                return self._decide_language(command)
            case _:
                return decision

    def _decide_language(self, command: TypedCommand) -> IntakeDecision:
        code = self._commands.find_language(command.argument)
        if code:
            return IntakeDecision(InboundKind.COMMAND, f"{command.command} {code}")
        choices = tuple(
            Choice(language.name, Payload(language.chosen_by).encode())
            for language in self._knowledge.languages.values()
            if language.chosen_by
        )
        notice = PendingNotice(Notice.LANGUAGE, choices=choices)
        return IntakeDecision(InboundKind.COMMAND, command.command, notices=(notice,), is_answered=True)


def _secret_notice(parsed: ParsedMessage) -> tuple[PendingNotice, ...]:
    return (PendingNotice(Notice.SECRET_REMOVED),) if parsed.redacted else ()
