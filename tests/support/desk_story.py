"""Helpers of the desk's browser tests: texts in two languages, a week of past cases, and axe-core."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from bot.messages import conversations
from bot.messages.conversations import Address
from bot.storage import Database, handoff, inbound
from bot.storage.transaction import Transaction
from tests.support.gateway import reply, request_handoff
from tests.support.knowledge import KNOWLEDGE

if TYPE_CHECKING:
    from playwright.async_api import Page

DAY = 86_400.0
# The impacts of axe-core's findings that fail a test.
SERIOUS = {"serious", "critical"}


@dataclass(frozen=True)
class Words:
    """The texts of one story in one language."""

    locale: str
    agents: tuple[str, str]
    problem: str
    bot_asks: str
    phones: tuple[str, str]
    wish: str
    bot_lets_go: str
    asks_for_secret: str
    answer: str
    client_answers: str
    note: str
    pass_on: str
    second_answer: str
    thanks: str
    summary: str


STORIES = {
    "en": Words(
        "en-US",
        ("Anna", "Ken"),
        "I forgot my IB Key PIN",
        "A forgotten PIN cannot be looked up, but you can set up IB Key again. Which phone do you use?",
        ("iPhone", "Android"),
        "It says the activation failed. My number is +81 90-1234-5678. I'd like a person please",
        "You can also turn to Client Services yourself: ibkr.com/support.",
        "Please tell me your PIN",
        "Good morning, this is Anna. The activation was refused. Does the phone in your hand have that number?",
        "Yes, the same phone, but a new SIM card",
        "New SIM since last week, so the text message may have gone to the old one",
        "Ken knows the carrier side of this",
        "Hello, Ken here. Please open the app, tap **Services**, then **Authentication**, and activate it again.",
        "That worked, thank you!",
        "New SIM card; activation started again in the app",
    ),
    "ja": Words(
        "ja-JP",
        ("佐藤", "鈴木"),
        "IB KeyのPINを忘れました",
        "忘れたPINを調べることはできませんが、IB Keyを設定し直すことができます。お使いのスマートフォンはどちらですか。",
        ("iPhone", "Android"),
        "有効化に失敗したと表示されます。番号は +81 90-1234-5678 です。担当者につないでください",
        "クライアントサービス（ibkr.com/support）へ直接ご連絡いただくこともできます。",
        "PINを教えてください",
        "お待たせしました。佐藤と申します。有効化が受け付けられなかったことを確認しました。お手元の端末は、その番号の端末でしょうか。",
        "はい、同じ端末です。ただ、SIMカードを交換しました",
        "先週SIMを交換。SMSが以前のSIMに届いた可能性あり",
        "通信会社の件は鈴木さんが詳しいため",
        "鈴木です。アプリで**サービス**、**認証**の順に開き、もう一度有効化を始めてください。",
        "できました。ありがとうございます！",
        "SIM交換後、アプリで有効化をやり直して解決",
    ),
}


def handing_over(language: str, words: Words, **more: Any) -> dict[str, Any]:
    """Return the engine's answer that hands the client over, with its context."""
    context = {
        "topic": "pin_forgotten",
        "step": "register",
        "linked": "yes",
        "account": [
            {"what": "user", "name": "to***07", "state": "primary"},
            {"what": "secure_login", "state": "enrolled"},
            {"what": "ib_key", "state": "none"},
            {"what": "number", "name": "+81 ** **** 5678", "state": "verified"},
        ],
        "answers": ["platform: iphone"],
        "tried": ["pin_forgotten", "sms_missing"],
        "errors": [{"code": "too_many_sends", "request_id": "81f2c0d47a5e4c0f9a3be2d1c6075f98"}],
    }
    directive = request_handoff(**(context | more))
    return reply(words.bot_lets_go, language=language, directives=[directive], topic="human")


def a_week_before(folder: Path) -> None:
    """Store cases, scores and messages of the last seven days; their values are the same at each call."""
    database = Database(f"sqlite:///{folder / 'assistant.db'}")
    try:
        database.transact(_a_week)
    finally:
        database._engine.dispose()


def _a_week(tx: Transaction) -> None:
    chance = random.Random(7)
    conversation = conversations.open_at(
        replace(tx, now=tx.now - 8 * DAY), Address("simulator.sms", "+819099990000"), "ja"
    )
    opened = {"pin_forgotten": 46, "sms_missing": 61, "verify_phone": 70, "ibkey_requirements": 24}
    failed = {"pin_forgotten": 9, "sms_missing": 17, "verify_phone": 6, "ibkey_requirements": 1}
    number = 0
    for topic, times in opened.items():
        for each in range(times):
            number += 1
            at = tx.now - DAY * (7 * chance.random() ** 1.2) - 60
            result = tx.execute(
                sa.insert(inbound).values(
                    conversation_id=conversation.id,
                    external_id=f"before-{number}",
                    kind="text",
                    content=KNOWLEDGE.label(topic, "ja"),
                    state="done",
                    topic=topic,
                    due_at=at,
                    received_at=at,
                )
            )
            if each >= failed[topic]:
                continue
            wait = chance.uniform(20, 420)
            tx.execute(
                sa.insert(handoff).values(
                    conversation_id=conversation.id,
                    inbound_id=result.inserted_primary_key[0],
                    reason=chance.choice(
                        ["asked", "asked", "asked", "not_understood", "compliance", "urgent"]
                    ),
                    priority="normal",
                    rank=0,
                    language="ja",
                    topic=topic,
                    context={"topic": topic},
                    created_at=at,
                    claimed_at=at + wait,
                    answered_at=at + wait + chance.uniform(15, 120),
                    ended_at=at + wait + chance.uniform(200, 900),
                    outcome=chance.choice(["solved", "solved", "explained", "passed_on"]),
                    score=chance.choice([None, 3, 4, 4, 5, 5, 5, 2]),
                )
            )


async def serious_faults(page: Page) -> list[str]:
    """Return a description of each serious or critical finding of axe-core on the page."""
    from axe_playwright_python.async_playwright import Axe

    found = await Axe().run(page)
    return [
        f"{page.url}: {fault['id']}: {fault['help']}: {[node['html'][:160] for node in fault['nodes']][:3]}"
        for fault in found.response["violations"]
        if fault["impact"] in SERIOUS
    ]
