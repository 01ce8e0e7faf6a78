"""Parse a Telegram update into messages for the inbox and the calls that go with them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import phonenumbers
from telegram import CallbackQuery, Chat, ChatMemberUpdated, Contact, Message, Update, User
from telegram.constants import ChatMemberStatus, ChatType

from bot.domain import ChatEvent, InboundKind
from bot.messages.conversations import Address
from bot.messages.parsing import InboundMessage

# All of them, since setWebhook keeps the previous list when none is given.
ALLOWED_UPDATES = ("message", "edited_message", "callback_query", "my_chat_member")
_MAX_ID = 2**53
_PRESENT = (ChatMemberStatus.MEMBER, ChatMemberStatus.ADMINISTRATOR, ChatMemberStatus.OWNER)
_MESSAGE_FIELDS = ("message_id", "date", "edit_date", "chat", "from", "text", "caption")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{1,8})*")


class UnreadableUpdateError(Exception):
    """The update has an unknown shape."""


@dataclass(frozen=True)
class ParsedUpdate:
    """One parsed update. `messages` go into the inbox; the other fields are best-effort calls.

    `callback_query_id`: the query to answer. `keyboard_message_id`: the message whose keyboard to remove.
    `client_message_id`: the client's own message, to delete if it holds a secret. `leave_chat`: the chat is not
    private. `ignored`: why there is nothing for the inbox, else "".
    """

    messages: tuple[InboundMessage, ...] = ()
    chat_id: int = 0
    callback_query_id: str | None = None
    keyboard_message_id: int | None = None
    client_message_id: int | None = None
    leave_chat: bool = False
    ignored: str = ""


def parse_update(data: Mapping[str, Any]) -> ParsedUpdate:
    """Parse the update `data`, of any kind. Raises UnreadableUpdateError."""
    for shape in (dict(data), _strip_unused_fields(data)):
        try:
            update = Update.de_json(shape, None)
            if _is_id(update.update_id):
                return _validated(_parse(update))
            raise UnreadableUpdateError("no update_id")
        except UnreadableUpdateError:
            raise
        except Exception as error:
            # A missing or wrong field makes the library raise anything, at any depth.
            reason = type(error).__name__
    raise UnreadableUpdateError(reason)


def _validated(parsed: ParsedUpdate) -> ParsedUpdate:
    """Return `parsed` if its fields have the right types: the library accepts a list as a text.

    Raises UnreadableUpdateError.
    """
    valid = (
        all(isinstance(message.content, str) for message in parsed.messages)
        and isinstance(parsed.callback_query_id, str | None)
        and isinstance(parsed.keyboard_message_id, int | None)
        and isinstance(parsed.client_message_id, int | None)
    )
    if not valid:
        raise UnreadableUpdateError("wrong type")
    return parsed


def _strip_unused_fields(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the update with the needed fields only, so that another version of the Bot API loses no message."""
    stripped: dict[str, Any] = {"update_id": data.get("update_id")}
    for kind in ("message", "edited_message"):
        if isinstance(given := data.get(kind), dict):
            stripped[kind] = _select(given, _MESSAGE_FIELDS)
    if isinstance(given := data.get("callback_query"), dict):
        stripped["callback_query"] = {"chat_instance": "", **_select(given, ("id", "from", "data"))}
    if isinstance(given := data.get("my_chat_member"), dict):
        stripped["my_chat_member"] = _select(given, ("chat", "from", "date"))
        for name in ("old_chat_member", "new_chat_member"):
            member = given.get(name)
            status = member.get("status") if isinstance(member, dict) else None
            plain = "member" if status in _PRESENT else "left"
            stripped["my_chat_member"][name] = {"status": plain, "user": given.get("from")}
    return stripped


def _select(given: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: given[name] for name in names if name in given}


def _parse(update: Update) -> ParsedUpdate:
    key = str(update.update_id)
    if update.message:
        return _message(update.message, key)
    if update.edited_message:
        return _edited(update.edited_message, key)
    if update.callback_query:
        return _tap(update.callback_query, key)
    if update.my_chat_member:
        return _membership(update.my_chat_member, key)
    return ParsedUpdate(ignored="kind")


def _message(message: Message, key: str) -> ParsedUpdate:
    chat = message.chat
    sender = message.from_user
    if chat.type != ChatType.PRIVATE:
        # A group is left when it is joined; a message in one shows that leaving failed.
        return ParsedUpdate(chat_id=_id(chat), leave_chat=_is_content(message), ignored="group")
    if sender is None or sender.is_bot:
        return ParsedUpdate(ignored="bot")
    context = _UpdateContext(_address(chat), _hint(sender), key)
    if message.text is not None:
        messages = [context.text(message.text)]
    elif message.contact:
        messages = [_contact(context, message.contact, sender.id)]
    elif message.effective_attachment is not None:
        messages = [context.event(ChatEvent.MEDIA)]
        if message.caption:
            messages.append(context.text(message.caption, ".caption"))
    else:
        return ParsedUpdate(ignored="service")
    return ParsedUpdate(tuple(messages), _id(chat), client_message_id=message.message_id)


def _edited(message: Message, key: str) -> ParsedUpdate:
    text = message.text if message.text is not None else message.caption
    if message.chat.type != ChatType.PRIVATE or text is None:
        return ParsedUpdate(ignored="edit")
    address = _address(message.chat)
    return ParsedUpdate(
        (InboundMessage(address, key, InboundKind.EDIT, text),),
        _id(message.chat),
        client_message_id=message.message_id,
    )


def _tap(query: CallbackQuery, key: str) -> ParsedUpdate:
    message = query.message
    if message is not None and message.chat.type != ChatType.PRIVATE:
        return ParsedUpdate(callback_query_id=query.id, ignored="group")
    # A query without its message (too old, or inline) still names its sender, whose id is that of the private chat.
    chat_id = _id(message.chat) if message is not None else query.from_user.id
    if not _is_id(chat_id):
        raise UnreadableUpdateError
    tap = InboundMessage(
        Address("telegram", str(chat_id)), key, InboundKind.BUTTON, query.data or "", _hint(query.from_user)
    )
    return ParsedUpdate(
        (tap,),
        chat_id,
        callback_query_id=query.id,
        keyboard_message_id=message.message_id if message is not None else None,
    )


def _membership(change: ChatMemberUpdated, key: str) -> ParsedUpdate:
    present = change.new_chat_member.status in _PRESENT
    chat = change.chat
    address = _address(chat)
    if chat.type == ChatType.PRIVATE:
        event = ChatEvent.UNBLOCKED if present else ChatEvent.BLOCKED
        return ParsedUpdate((InboundMessage(address, key, InboundKind.EVENT, event),), _id(chat))
    if not present:
        return ParsedUpdate(ignored="group")
    if chat.type == ChatType.CHANNEL:
        return ParsedUpdate(chat_id=_id(chat), leave_chat=True, ignored="group")
    # TelegramSender leaves the group after it has sent the explanation.
    return ParsedUpdate(
        (InboundMessage(address, key, InboundKind.EVENT, ChatEvent.GROUP, _hint(change.from_user)),),
        _id(chat),
    )


@dataclass(frozen=True)
class _UpdateContext:
    """The address, language hint and key that the messages of one update share."""

    address: Address
    hint: str | None
    key: str

    def text(self, text: str, part: str = "") -> InboundMessage:
        return InboundMessage(self.address, self.key + part, InboundKind.TEXT, text, self.hint)

    def event(self, name: ChatEvent) -> InboundMessage:
        return InboundMessage(self.address, self.key, InboundKind.EVENT, name, self.hint)


def _contact(context: _UpdateContext, contact: Contact, sender: int) -> InboundMessage:
    """Return the client's own number as a text; a contact of anybody else is an event."""
    if contact.user_id != sender:
        return context.event(ChatEvent.FOREIGN_CONTACT)
    try:
        number = phonenumbers.parse("+" + contact.phone_number.lstrip("+"), None)
    except phonenumbers.NumberParseException:
        return context.text(contact.phone_number)
    return context.text(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def _hint(user: User) -> str | None:
    """Return the language of the client's device, if it is a language code."""
    code = user.language_code
    return code if isinstance(code, str) and _LANGUAGE.fullmatch(code) else None


def _is_content(message: Message) -> bool:
    """Whether the message has content, rather than being a service message."""
    return message.text is not None or message.effective_attachment is not None


def _address(chat: Chat) -> Address:
    return Address("telegram", str(_id(chat)))


def _id(chat: Chat) -> int:
    if not _is_id(chat.id):
        raise UnreadableUpdateError
    return chat.id


def _is_id(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < _MAX_ID
