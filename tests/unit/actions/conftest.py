from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace

import pytest

from knowledge import GuideItem, ItemKind, ItemTexts, Knowledge, Text, Topic, TopicKind, TopicTexts
from tests.support.action_turn import ActionChat
from tests.support.knowledge import KNOWLEDGE
from tests.support.sandbox import RunningSandbox, running_sandbox
from tests.support.task_client import WAYS, FakeVault, TaskClient, fake_vault, open_task_client

# A guide with a question that only one branch has, and steps of either branch and of both.
SETUP = (
    GuideItem("platform", ItemKind.QUESTION, ("iphone", "android")),
    GuideItem("lock", ItemKind.QUESTION, ("face", "touch"), {"platform": ("iphone",)}),
    GuideItem("open", ItemKind.STEP),
    GuideItem("scan_iphone", ItemKind.STEP, when={"platform": ("iphone",)}),
    GuideItem("scan_android", ItemKind.STEP, when={"platform": ("android",)}),
    GuideItem("look", ItemKind.STEP, when={"lock": ("face",)}),
    GuideItem("close", ItemKind.STEP),
)
# A guide that is different from its first step on.
PAIR = (
    GuideItem("platform", ItemKind.QUESTION, ("iphone", "android")),
    GuideItem("pair_iphone", ItemKind.STEP, when={"platform": ("iphone",)}),
    GuideItem("pair_android", ItemKind.STEP, when={"platform": ("android",)}),
    GuideItem("paired", ItemKind.STEP),
)
# An answer that depends on something.
SCREEN = (
    GuideItem("platform", ItemKind.QUESTION, ("iphone", "android")),
    GuideItem("iphone", ItemKind.STEP, when={"platform": ("iphone",)}),
    GuideItem("android", ItemKind.STEP, when={"platform": ("android",)}),
)
WITHOUT_HELP = "close"


def made_up(
    knowledge: Knowledge, id: str, kind: str, guide: tuple[GuideItem, ...], next_topics: tuple[str, ...] = ()
) -> Topic:
    """A topic whose texts are made up, in all languages."""
    items = {
        item.name: ItemTexts(
            text=Text(f"{id} {item.name}"),
            help=None if item.name == WITHOUT_HELP else Text(f"help with {item.name}"),
            choices={choice: choice.title() for choice in item.choices},
        )
        for item in guide
    }
    languages = {
        code: TopicTexts(f"{id} {code}", ("example",), {}, items if guide else {}, {})
        for code in knowledge.languages
    }
    action = {"guide": "action_guide", "answer": "action_answer"}[kind]
    return Topic(id, "made_up", TopicKind(kind), ("KB1",), action, next_topics, guide, languages)


@pytest.fixture(scope="session")
def real_knowledge() -> Knowledge:
    """What the assistant knows."""
    return KNOWLEDGE


@pytest.fixture(scope="session")
def knowledge(real_knowledge: Knowledge) -> Knowledge:
    """What the assistant knows, and the made-up topics `setup`, `pair` and `screen`."""
    more = (
        made_up(real_knowledge, "setup", "guide", SETUP, ("pair",)),
        made_up(real_knowledge, "pair", "guide", PAIR),
        made_up(real_knowledge, "screen", "answer", SCREEN, ("setup",)),
    )
    return replace(real_knowledge, topics={**real_knowledge.topics, **{t.id: t for t in more}})


@pytest.fixture
def chat(knowledge: Knowledge) -> ActionChat:
    """A new conversation in English on Telegram, with no backend within reach."""
    return ActionChat(knowledge)


@pytest.fixture
def new_chat(knowledge: Knowledge) -> Callable[..., ActionChat]:
    """Makes conversations: in another language, from another client."""
    return lambda **given: ActionChat(knowledge, **given)


@pytest.fixture(scope="session")
def shared_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    with running_sandbox(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


@pytest.fixture
def sandbox(shared_sandbox: RunningSandbox) -> Iterator[RunningSandbox]:
    """The auth backend, with its made-up users as they are at first."""
    yield shared_sandbox
    shared_sandbox.begin_anew()


@pytest.fixture(scope="session")
def vault_server() -> Iterator[FakeVault]:
    """A vault; one for all tests, since no reference is given out twice."""
    with fake_vault() as vault:
        yield vault


@pytest.fixture
async def task_client(
    real_knowledge: Knowledge, sandbox: RunningSandbox, vault_server: FakeVault
) -> AsyncIterator[TaskClient]:
    """A client on Telegram who is about to verify a number."""
    async with open_task_client(real_knowledge, sandbox, vault_server) as client:
        yield client


@pytest.fixture(params=WAYS, ids=lambda way: f"{way[0]} {way[1].partition(':')[0]}")
async def everywhere(
    request: pytest.FixtureRequest,
    real_knowledge: Knowledge,
    sandbox: RunningSandbox,
    vault_server: FakeVault,
) -> AsyncIterator[TaskClient]:
    """A client in each language and on each channel."""
    language, client = request.param
    async with open_task_client(
        real_knowledge, sandbox, vault_server, language=language, client=client
    ) as task_client:
        yield task_client


@pytest.fixture
async def by_sms(
    real_knowledge: Knowledge, sandbox: RunningSandbox, vault_server: FakeVault
) -> AsyncIterator[TaskClient]:
    """A client whose number is on record for hanako01."""
    client = "simulator.sms:+819012345601"
    async with open_task_client(
        real_knowledge, sandbox, vault_server, language="ja", client=client
    ) as task_client:
        yield task_client
