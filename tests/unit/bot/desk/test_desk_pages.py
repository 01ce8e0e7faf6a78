"""The desk's pages over HTTP: who may see and do what, and what a client wrote never becomes more than text."""

from __future__ import annotations

import re
import sqlite3

import pytest

from bot.desk import desk_texts
from tests.support.desk import DeskClient, add_agent
from tests.unit.bot.desk.conftest import ServedDesk

PAGES = ("/desk/", "/desk/tickets", "/desk/search", "/desk/overview", "/desk/audit", "/desk/conversations/1")
ACTS = (
    "take",
    "reply",
    "note",
    "transfer",
    "resolve",
    "give-back",
    "block",
    "unblock",
    "close-ticket",
    "reveal",
)
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)> {{ 7*7 }} ' OR 1=1 --"


@pytest.mark.parametrize("path", [*PAGES, "/desk/events"])
def test_nobody_sees_anything_without_logging_in(served: ServedDesk, path: str) -> None:
    served.asks("first")
    answer = served.nobody().http.get(path)
    assert answer.status_code in {303, 401}
    assert "first" not in answer.text


@pytest.mark.parametrize("act", ACTS)
def test_nobody_does_anything_without_logging_in(served: ServedDesk, act: str) -> None:
    answer = served.nobody().http.post(f"/desk/conversations/1/{act}", data={"text": "Hello"})
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/desk/login")


def test_whose_session_is_over_is_told_so_and_who_was_never_here_is_not(served: ServedDesk) -> None:
    over = desk_texts.load().say("en", "session_over")
    stranger, returning = served.nobody(), served.nobody()
    returning.http.cookies.set("desk", "of-yesterday")
    assert over not in stranger.page("/desk/tickets", follow_redirects=True)
    html = returning.page("/desk/tickets", follow_redirects=True)
    assert over in html
    assert 'name="then" value="/desk/tickets"' in html


def test_roles_see_what_is_theirs(served: ServedDesk) -> None:
    served.asks("seen")
    for who, forbidden in (
        (served.agent, {"/desk/overview", "/desk/audit"}),
        (served.lead, set()),
        (served.auditor, set()),
    ):
        client = served.as_(who)
        seen = {path: client.http.get(path).status_code for path in PAGES}
        assert seen == {path: 403 if path in forbidden else 200 for path in PAGES}


@pytest.mark.parametrize("act", ACTS)
def test_an_auditor_touches_nothing(served: ServedDesk, act: str) -> None:
    conversation = served.asks("audited")
    client = served.as_(served.auditor)
    csrf = re.search(r'data-csrf="([^"]+)"', client.page())
    assert csrf
    before = served.as_(served.agent).fields(conversation)["epoch"]
    answer = client.http.post(
        f"/desk/conversations/{conversation}/{act}",
        data={
            "csrf": csrf[1],
            "key": "k" * 12,
            "epoch": before,
            "seen": "99",
            "text": "x",
            "outcome": "solved",
        },
    )
    assert answer.status_code == 403
    assert served.as_(served.agent).fields(conversation)["epoch"] == before


def test_only_a_lead_blocks(served: ServedDesk) -> None:
    conversation = served.asks("abuser")
    assert served.as_(served.agent).act(conversation, "block").status_code == 409
    assert served.as_(served.lead).act(conversation, "block").status_code == 303
    assert "Blocked" in served.as_(served.agent).page(f"/desk/conversations/{conversation}")


@pytest.mark.parametrize("change", [{"csrf": ""}, {"csrf": "x" * 32}, {"key": ""}, {"key": "<>"}], ids=str)
def test_a_form_without_its_marks_is_refused(served: ServedDesk, change: dict[str, str]) -> None:
    conversation = served.asks("forged")
    answer = served.as_(served.agent).act(conversation, "reply", text="Hello", **change)
    assert answer.status_code in {400, 403}
    assert "Hello" not in str(served.gateway.settled("forged", "telegram"))


@pytest.mark.parametrize("headers", [{"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}])
def test_a_form_of_another_site_is_refused(served: ServedDesk, headers: dict[str, str]) -> None:
    conversation = served.asks("crossed")
    client = served.as_(served.agent)
    data = {**client.fields(conversation), "text": "Hello"}
    answer = client.http.post(f"/desk/conversations/{conversation}/reply", data=data, headers=headers)
    assert answer.status_code == 403


def test_a_form_that_comes_twice_is_carried_out_once(served: ServedDesk) -> None:
    conversation = served.asks("twice")
    client = served.as_(served.agent)
    data = {**client.fields(conversation), "text": "Only once"}
    for _ in range(3):
        client.http.post(f"/desk/conversations/{conversation}/reply", data=data)
    assert [m["text"] for m in served.gateway.settled("twice", "telegram")].count("Only once") == 1


def test_a_form_of_an_older_state_is_refused_and_what_was_written_is_kept(served: ServedDesk) -> None:
    conversation = served.asks("stale")
    late = served.as_(served.agent).fields(conversation)
    assert served.as_(served.lead).act(conversation, "take").status_code == 303
    answer = served.as_(served.agent).http.post(
        f"/desk/conversations/{conversation}/reply", data={**late, "text": "I was too late"}
    )
    assert answer.status_code == 409
    assert "I was too late" in answer.text
    assert "Ken has this conversation" in answer.text
    assert "I was too late" not in str(served.gateway.settled("stale", "telegram"))


@pytest.mark.parametrize(
    "text", ["Please tell me your PIN", "パスワードを教えてください", "Your PIN is 4711"]
)
def test_no_secret_is_asked_for_or_told(served: ServedDesk, text: str) -> None:
    conversation = served.asks("asked-for-secret")
    answer = served.as_(served.agent).act(conversation, "reply", text=text)
    assert answer.status_code == 409
    assert text not in str(served.gateway.settled("asked-for-secret", "telegram"))
    assert "Reply not let through" in served.as_(served.lead).page("/desk/audit")


def test_what_people_wrote_stays_text_everywhere(served: ServedDesk) -> None:
    conversation = served.asks("hostile", HOSTILE)
    client = served.as_(served.agent)
    client.act(conversation, "note", text=HOSTILE)
    client.act(conversation, "reply", text=HOSTILE)
    for path in ("/desk/", f"/desk/conversations/{conversation}", "/desk/search?q=%3Cscript%3E"):
        html = client.page(path)
        assert "&lt;script&gt;" in html
        assert "<script>alert" not in html
        assert "<img src=x" not in html
        assert "{{ 7*7 }}" in html or "search" in path
    policy = client.http.get("/desk/").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_numbers_and_addresses_are_covered_until_somebody_uncovers_them(served: ServedDesk) -> None:
    conversation = served.asks("covered", "call +81 90-1234-5678 or tomoko@example.jp, user abc12345")
    client = served.as_(served.agent)
    for path in (f"/desk/conversations/{conversation}", "/desk/"):
        html = client.page(path)
        assert "1234-5678" not in html
        assert "tomoko@" not in html
        assert "abc12345" not in html
    shown = client.act(conversation, "reveal")
    assert "+81 90-1234-5678" in shown.text
    assert "1234-5678" not in client.page(f"/desk/conversations/{conversation}")
    assert "Uncovered numbers" in served.as_(served.lead).page("/desk/audit")


def test_secrets_that_were_taken_out_are_named_and_not_shown(served: ServedDesk) -> None:
    conversation = served.asks("secretive", "my PIN is 4711, help")
    html = served.as_(served.agent).page(f"/desk/conversations/{conversation}")
    assert "PIN removed" in html
    assert "4711" not in html


def test_a_call_back_is_listed_until_it_is_dealt_with(served: ServedDesk) -> None:
    conversation = served.asks("later", "please call me back")
    with sqlite3.connect(served.folder / "assistant.db") as connection:
        # Ten minutes in the queue have passed: the client is offered to leave a message.
        connection.execute(
            "UPDATE conversation SET deadline_index = 2, deadline_at = 1 WHERE id = ?", (conversation,)
        )
    leave = None
    while leave is None:
        shown = served.gateway.look("later", "telegram")["messages"]
        leave = next(
            (b["token"] for m in shown for b in m["buttons"] if b["title"] == "Leave a message"), None
        )
    served.gateway.tap(leave, "later")
    served.gateway.settled("later", "telegram")
    client = served.as_(served.agent)
    assert f"/desk/conversations/{conversation}" in client.page("/desk/tickets")
    assert client.act(conversation, "close-ticket", text="called them").status_code == 303
    assert f"/desk/conversations/{conversation}" not in client.page("/desk/tickets")


def test_what_is_found_is_found_by_words_number_and_request(served: ServedDesk) -> None:
    conversation = served.asks("findme", "the hedgehog ate my phone")
    client = served.as_(served.agent)
    for words in ("hedgehog", "HEDGEHOG", "findme"):
        assert f"/desk/conversations/{conversation}" in client.page("/desk/search", params={"q": words})
    assert "Nothing was found" in client.page("/desk/search", params={"q": "100%_nothing"})


def test_the_pages_speak_the_agents_language(served: ServedDesk) -> None:
    client = served.as_(served.lead)
    assert "Support desk" in client.page(headers={"accept-language": "en"})
    assert "サポートデスク" in client.page(headers={"accept-language": "ja,en;q=0.5"})
    fields = {
        "csrf": re.findall(r'data-csrf="([^"]+)"', client.page())[0],
        "language": "ja",
        "then": "/desk/audit",
    }
    assert client.http.post("/desk/language", data=fields).headers["location"] == "/desk/audit"
    assert "監査記録" in client.page("/desk/audit", headers={"accept-language": "en"})
    client.http.post("/desk/language", data={**fields, "language": "en"})


@pytest.mark.parametrize("then", ["https://evil.example/", "//evil.example", "/desk/../../x\\", "/simulator"])
def test_the_way_back_leads_nowhere_else(served: ServedDesk, then: str) -> None:
    client = served.as_(served.lead)
    fields = {"csrf": re.findall(r'data-csrf="([^"]+)"', client.page())[0], "language": "en", "then": then}
    assert client.http.post("/desk/language", data=fields).headers["location"] == "/desk/"


def test_an_open_page_is_told_of_changes(served: ServedDesk) -> None:
    client = served.as_(served.agent)
    with client.http.stream("GET", "/desk/events") as stream:
        lines = stream.iter_lines()
        first = next(line for line in lines if line.startswith("data:"))
        served.asks("comes-live")
        assert next(line for line in lines if line.startswith("data:")) != first


@pytest.mark.parametrize("path", ["/desk/conversations/99999", "/desk/nowhere", "/desk/conversations/x"])
def test_what_is_not_there_is_said_politely(served: ServedDesk, path: str) -> None:
    assert served.as_(served.agent).http.get(path).status_code == 404


def test_the_cookie_is_for_the_desk_alone_and_no_script(served: ServedDesk) -> None:
    client = DeskClient(served.gateway.url)
    cookie = client.log_in(add_agent(served.folder, "cookie", "Cookie")).headers["set-cookie"]
    assert {"HttpOnly", "SameSite=strict", "Path=/desk"} <= {part.strip() for part in cookie.split(";")}
    csrf = re.findall(r'data-csrf="([^"]+)"', client.page())[0]
    assert client.http.post("/desk/logout", data={"csrf": csrf}).status_code == 303
    assert client.http.get("/desk/").status_code == 303


def test_one_look_tells_who_the_client_is_and_what_the_backend_said(served: ServedDesk) -> None:
    conversation = served.asks(
        "linked",
        reason="task_failed",
        topic="verify_phone",
        step="code",
        linked="yes",
        account=[
            {"what": "user", "name": "ha***01", "state": "primary"},
            {"what": "secure_login", "state": "opted_out"},
            {"what": "device", "name": "dsc_plus", "state": "active"},
            {"what": "number", "name": "+81*******78", "state": "unverified"},
            {"what": "a newer thing", "state": "a newer state"},
        ],
        tried=["verify_phone"],
        errors=[{"code": "expired", "request_id": "5f0c" * 8}],
    )
    page = served.as_(served.agent).page(f"/desk/conversations/{conversation}")
    for told in (
        "A task failed three times",
        "Chat linked to a user",
        "User ha***01: primary user",
        "Secure Login System: opted out",
        "Device DSC+: active",
        "Number +81*******78: not verified",
        "a newer thing: a newer state",
        "expired",
        "5f0c" * 8,
    ):
        assert told in page, told


@pytest.mark.parametrize(
    ("linked", "shown"),
    [
        ("no", "Not linked: treat as a stranger"),
        ("unknown", "Could not be asked: treat as a stranger"),
        (None, "Not linked: treat as a stranger"),
    ],
)
def test_whoever_is_not_known_to_be_linked_is_a_stranger(
    served: ServedDesk, linked: str | None, shown: str
) -> None:
    conversation = served.asks(f"stranger-{linked}", linked=linked)
    page = served.as_(served.agent).page(f"/desk/conversations/{conversation}")
    assert shown in page
    assert "Chat linked to a user" not in page
