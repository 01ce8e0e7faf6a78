"""The portal answers this machine only, and accepts forms only from its own page."""

from __future__ import annotations

import pytest

from tests.support.sandbox import RunningSandbox


def test_it_shows_what_waits_for_a_decision(sandbox: RunningSandbox) -> None:
    sandbox.write("/links", {"token": sandbox.link_token("hanako01")}, client="telegram:<b>x</b>")
    page = sandbox.http.get("/portal")
    assert "wants to speak for" in page.text
    assert "telegram:&lt;b&gt;x&lt;/b&gt;" in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert sandbox.confirm(client="telegram:<b>x</b>").status_code == 303
    assert "speaks for" in sandbox.http.get("/portal").text


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"X-Forwarded-For": "10.0.0.1"},
        {"Forwarded": "for=10.0.0.1"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
def test_a_request_from_elsewhere_neither_sees_nor_changes_anything(
    sandbox: RunningSandbox, headers: dict[str, str]
) -> None:
    sandbox.write("/links", {"token": sandbox.link_token("hanako01")}, client="c")
    link = sandbox.ledger()["links"][0]["id"]
    assert sandbox.http.get("/portal", headers=headers).status_code == 404
    for path in (
        "/portal/link-tokens",
        f"/portal/links/{link}/confirm",
        "/portal/users/hanako01/confirmed-link",
    ):
        answer = sandbox.http.post(path, json={"username": "hanako01"}, headers=headers)
        assert answer.status_code == 404
    assert sandbox.ledger()["links"][0]["state"] == "pending"


@pytest.mark.parametrize(
    "path", ["/links/ln_x/confirm", "/links/ln_x/delete", "/sharing-requests/ds_x/finish"]
)
def test_an_unknown_link_request_or_decision_is_not_found(sandbox: RunningSandbox, path: str) -> None:
    assert sandbox.portal(path).status_code == 404


def test_an_unknown_user_gets_no_token(sandbox: RunningSandbox) -> None:
    assert sandbox.portal("/link-tokens", {"username": "nobody"}).status_code == 404


def test_tokens_are_long_unique_and_not_stored(sandbox: RunningSandbox) -> None:
    tokens = {sandbox.link_token("hanako01") for _ in range(20)}
    assert len(tokens) == 20
    assert {len(token) for token in tokens} == {43}
    stored = b"".join(file.read_bytes() for file in sandbox.settings.state_dir.glob("sandbox.db*"))
    assert not any(token.encode() in stored for token in tokens)
