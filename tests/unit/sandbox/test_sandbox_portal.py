"""The portal's page: for this machine only, and forms only from itself."""

from __future__ import annotations

import pytest

from tests.support.sandbox import RunningSandbox


def test_it_shows_what_waits_for_a_users_word(sandbox: RunningSandbox) -> None:
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
def test_nobody_from_elsewhere_sees_it_or_acts_by_it(
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
def test_what_is_not_there_cannot_be_settled(sandbox: RunningSandbox, path: str) -> None:
    assert sandbox.portal(path).status_code == 404


def test_there_is_no_token_for_nobody(sandbox: RunningSandbox) -> None:
    assert sandbox.portal("/link-tokens", {"username": "nobody"}).status_code == 404


def test_tokens_are_long_different_and_not_kept(sandbox: RunningSandbox) -> None:
    tokens = {sandbox.link_token("hanako01") for _ in range(20)}
    assert len(tokens) == 20
    assert {len(token) for token in tokens} == {43}
    stored = b"".join(file.read_bytes() for file in sandbox.settings.state_dir.glob("sandbox.db*"))
    assert not any(token.encode() in stored for token in tokens)
