"""`assistant link`: a one-time token that links a chat to a made-up user of the sandbox."""

from __future__ import annotations

import sys

import httpx

from bot.cli.logs import say
from bot.settings import Settings, SettingsError

ADDRESS_FILE = "sandbox.url"


def link(username: str, *, confirm: bool) -> int:
    """Prints a new token for `username`; with `confirm` confirms the user's pending link instead, as the portal would.

    Returns the exit code. Raises SettingsError where there is no sandbox.
    """
    settings = Settings.read()
    if settings.auth_backend_url is not None:
        raise SettingsError("AUTH_BACKEND_URL is set: linking tokens come from the brokerage's portal then")
    path = settings.state_dir / ADDRESS_FILE
    try:
        portal = path.read_text(encoding="utf-8").strip() + "/portal"
        what = f"/users/{username}/confirmed-link" if confirm else "/link-tokens"
        body = None if confirm else {"username": username}
        answer = httpx.post(f"{portal}{what}", json=body, trust_env=False, timeout=5.0)
    except (OSError, httpx.HTTPError, httpx.InvalidURL):
        say(
            sys.stderr,
            f"no stack with the sandbox runs on STATE_DIR {settings.state_dir}: start `assistant up`",
        )
        return 1
    if answer.status_code == 404:
        missing = "no chat waits to be linked to" if confirm else "the sandbox has no user called"
        say(sys.stderr, f"{missing} {username!r}; all of them are on {portal}")
        return 1
    answer.raise_for_status()
    if confirm:
        print(f"confirmed: {answer.json()['client']} is linked to {username}")
        return 0
    print(answer.json()["token"])
    say(sys.stderr, f"It works once, for 10 minutes. In the chat that is to speak for {username}, write:")
    say(sys.stderr, "  /start TOKEN    (on live Telegram: open https://t.me/YOUR_BOT?start=TOKEN)")
    say(sys.stderr, f"Then confirm on {portal}, or by: assistant link {username} --confirm")
    return 0
