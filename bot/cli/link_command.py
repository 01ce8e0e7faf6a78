"""`assistant link`: a one-time token that links a chat to a user of the sandbox."""

from __future__ import annotations

import sys

import httpx

from bot.cli.log_output import print_line
from bot.settings import Settings, SettingsError

ADDRESS_FILE = "sandbox.url"


def link(username: str, *, confirm: bool) -> int:
    """Print a new token for `username`; with `confirm`, confirm the user's pending link as the portal would.

    Return the exit code. Raise SettingsError if there is no sandbox.
    """
    settings = Settings.read()
    if settings.auth_backend_url is not None:
        raise SettingsError("AUTH_BACKEND_URL is set: linking tokens come from the brokerage's portal then")
    address_file = settings.state_dir / ADDRESS_FILE
    try:
        portal = address_file.read_text(encoding="utf-8").strip() + "/portal"
        path = f"/users/{username}/confirmed-link" if confirm else "/link-tokens"
        body = None if confirm else {"username": username}
        answer = httpx.post(f"{portal}{path}", json=body, trust_env=False, timeout=5.0)
    except (OSError, httpx.HTTPError, httpx.InvalidURL):
        print_line(
            sys.stderr,
            f"no stack with the sandbox runs on STATE_DIR {settings.state_dir}: start `assistant up`",
        )
        return 1
    if answer.status_code == httpx.codes.NOT_FOUND:
        problem = "no chat waits to be linked to" if confirm else "the sandbox has no user called"
        print_line(sys.stderr, f"{problem} {username!r}; all users are listed on {portal}")
        return 1
    answer.raise_for_status()
    if confirm:
        print(f"confirmed: {answer.json()['client']} is linked to {username}")
        return 0
    print(answer.json()["token"])
    print_line(sys.stderr, f"The token works once, for 10 minutes. In the chat to link to {username}, write:")
    print_line(sys.stderr, "  /start TOKEN    (on live Telegram: open https://t.me/YOUR_BOT?start=TOKEN)")
    print_line(sys.stderr, f"Then confirm on {portal}, or by: assistant link {username} --confirm")
    return 0
