"""From an update of Telegram's to messages for the inbox, and to what is to be done beside that."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import phonenumbers
from telegram import CallbackQuery, Chat, ChatMemberUpdated, Contact, Message, Update, User
from telegram.constants import ChatMemberStatus, ChatType

from bot.messages.conversations import Address
from bot.messages.reading import Message as Incoming

# Named one by one: what is left out of setWebhook stays as it was.
ALLOWED_UPDATES = ("message", "edited_message", "callback_query", "my_chat_member")
_LARGEST_ID = 2**53
_PRESENT = (ChatMemberStatus.MEMBER, ChatMemberStatus.ADMINISTRATOR, ChatMemberStatus.OWNER)
_OF_A_MESSAGE = ("message_id", "date", "edit_date", "chat", "from", "text", "caption")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{1,8})*")


class Unreadable(Exception):
    """The update is none, or of a shape that nobody knows."""


@dataclass(frozen=True)
class Heard:
    """What an update says. `messages` go into the inbox; the rest is done beside it, as well as it can be.

    `tapped`: the callback query to be answered. `used`: the message whose keyboard is to be taken away. `typed`: the
    client's own message, to be deleted if it holds a secret. `leave`: a chat that is nobody's private one. `ignored`:
    why there is nothing for the inbox.
    """

    messages: tuple[Incoming, ...] = ()
    chat_id: int = 0
    tapped: str | None = None
    used: int | None = None
    typed: int | None = None
    leave: bool = False
    ignored: str = ""


def read(data: Mapping[str, Any]) -> Heard:
    """What the update `data` says. Raises Unreadable; survives every kind of update."""
    for shape in (dict(data), _essence(data)):
        try:
            update = Update.de_json(shape, None)
            if _is_id(update.update_id):
                return _sound(_read(update))
            raise Unreadable("no update_id")
        except Unreadable:
            raise
        except Exception as error:
            # The library raises whatever comes of a missing or wrong field, at any depth.
            reason = type(error).__name__
    raise Unreadable(reason)


def _sound(heard: Heard) -> Heard:
    """`heard`, if everything in it is what it should be: the library takes a list for a text. Raises Unreadable."""
    sound = (
        all(isinstance(message.content, str) for message in heard.messages)
        and isinstance(heard.tapped, str | None)
        and isinstance(heard.used, int | None)
        and isinstance(heard.typed, int | None)
    )
    if not sound:
        raise Unreadable("wrong type")
    return heard


def _essence(data: Mapping[str, Any]) -> dict[str, Any]:
    """The update without all that is not needed: a later or earlier Bot API must not make a client unheard."""
    essence: dict[str, Any] = {"update_id": data.get("update_id")}
    for kind in ("message", "edited_message"):
        if isinstance(given := data.get(kind), dict):
            essence[kind] = _only(given, _OF_A_MESSAGE)
    if isinstance(given := data.get("callback_query"), dict):
        essence["callback_query"] = {"chat_instance": "", **_only(given, ("id", "from", "data"))}
    if isinstance(given := data.get("my_chat_member"), dict):
        essence["my_chat_member"] = _only(given, ("chat", "from", "date"))
        for name in ("old_chat_member", "new_chat_member"):
            member = given.get(name)
            status = member.get("status") if isinstance(member, dict) else None
            plain = "member" if status in _PRESENT else "left"
            essence["my_chat_member"][name] = {"status": plain, "user": given.get("from")}
    return essence


def _only(given: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: given[name] for name in names if name in given}


def _read(update: Update) -> Heard:
    key = str(update.update_id)
    if update.message:
        return _message(update.message, key)
    if update.edited_message:
        return _edited(update.edited_message, key)
    if update.callback_query:
        return _tap(update.callback_query, key)
    if update.my_chat_member:
        return _membership(update.my_chat_member, key)
    return Heard(ignored="kind")


def _message(message: Message, key: str) -> Heard:
    chat = message.chat
    sender = message.from_user
    if chat.type != ChatType.PRIVATE:
        # Usually it was left when it was joined; a message says that it was not.
        return Heard(chat_id=_id(chat), leave=_is_content(message), ignored="group")
    if sender is None or sender.is_bot:
        return Heard(ignored="bot")
    said = _Said(_address(chat), _hint(sender), key)
    if message.text is not None:
        messages = [said.text(message.text)]
    elif message.contact:
        messages = [_contact(said, message.contact, sender.id)]
    elif message.effective_attachment is not None:
        messages = [said.event("media")]
        if message.caption:
            messages.append(said.text(message.caption, ".caption"))
    else:
        return Heard(ignored="service")
    return Heard(tuple(messages), _id(chat), typed=message.message_id)


def _edited(message: Message, key: str) -> Heard:
    text = message.text if message.text is not None else message.caption
    if message.chat.type != ChatType.PRIVATE or text is None:
        return Heard(ignored="edit")
    address = _address(message.chat)
    return Heard((Incoming(address, key, "edit", text),), _id(message.chat), typed=message.message_id)


def _tap(query: CallbackQuery, key: str) -> Heard:
    message = query.message
    if message is not None and message.chat.type != ChatType.PRIVATE:
        return Heard(tapped=query.id, ignored="group")
    # Without its message (too old, or inline) the tap still says who tapped: a private chat has its client's id.
    chat_id = _id(message.chat) if message is not None else query.from_user.id
    if not _is_id(chat_id):
        raise Unreadable
    tap = Incoming(Address("telegram", str(chat_id)), key, "button", query.data or "", _hint(query.from_user))
    return Heard((tap,), chat_id, tapped=query.id, used=message.message_id if message is not None else None)


def _membership(change: ChatMemberUpdated, key: str) -> Heard:
    present = change.new_chat_member.status in _PRESENT
    chat = change.chat
    address = _address(chat)
    if chat.type == ChatType.PRIVATE:
        event = "unblocked" if present else "blocked"
        return Heard((Incoming(address, key, "event", event),), _id(chat))
    if not present:
        return Heard(ignored="group")
    if chat.type == ChatType.CHANNEL:
        return Heard(chat_id=_id(chat), leave=True, ignored="group")
    # The sender leaves as soon as it has said why.
    return Heard((Incoming(address, key, "event", "group", _hint(change.from_user)),), _id(chat))


@dataclass(frozen=True)
class _Said:
    """Who has written what is being read, and under which id."""

    address: Address
    hint: str | None
    key: str

    def text(self, text: str, part: str = "") -> Incoming:
        return Incoming(self.address, self.key + part, "text", text, self.hint)

    def event(self, name: str) -> Incoming:
        return Incoming(self.address, self.key, "event", name, self.hint)


def _contact(said: _Said, contact: Contact, sender: int) -> Incoming:
    """The client's own number as if it were typed; anybody else's is not used."""
    if contact.user_id != sender:
        return said.event("foreign_contact")
    try:
        number = phonenumbers.parse("+" + contact.phone_number.lstrip("+"), None)
    except phonenumbers.NumberParseException:
        return said.text(contact.phone_number)
    return said.text(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def _hint(user: User) -> str | None:
    """The language of the client's device, if it is one."""
    code = user.language_code
    return code if isinstance(code, str) and _LANGUAGE.fullmatch(code) else None


def _is_content(message: Message) -> bool:
    """Whether somebody has written, and not the group itself told of a change."""
    return message.text is not None or message.effective_attachment is not None


def _address(chat: Chat) -> Address:
    return Address("telegram", str(_id(chat)))


def _id(chat: Chat) -> int:
    if not _is_id(chat.id):
        raise Unreadable
    return chat.id


def _is_id(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < _LARGEST_ID
