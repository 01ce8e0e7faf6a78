"""The file `.env.example`, made from the declarations of the settings: `python -m bot.settings.example`."""

from __future__ import annotations

import sys
import textwrap
from types import ModuleType
from typing import Any

from bot.settings import desk_settings, general, sms_settings, telegram_settings
from bot.settings.declaration import Setting, declared_in

WIDTH = 100
SECTIONS: dict[str, ModuleType] = {
    "The stack": general,
    "Telegram": telegram_settings,
    "SMS (Twilio)": sms_settings,
    "The support desk": desk_settings,
}
HEAD = """\
# Every setting of the assistant. Copy this file to .env and remove the "#" before the lines that you need. The
# environment takes precedence over the file. None is required to try the assistant out.
"""


def env_example() -> str:
    """Return the text of `.env.example`."""
    lines = [HEAD]
    for title, module in SECTIONS.items():
        lines.append(f"# {title}\n")
        lines += [_entry(setting) for setting in declared_in(vars(module))]
    return "\n".join(lines)


def _entry(setting: Setting[Any]) -> str:
    default = setting.default if isinstance(setting.default, str | int) and setting.default else ""
    summary = f"{setting.summary} Default: {setting.default_text or default or 'none'}."
    comment = textwrap.fill(summary, WIDTH, initial_indent="# ", subsequent_indent="# ")
    return f"{comment}\n# {setting.name}={default}\n"


if __name__ == "__main__":
    sys.stdout.write(env_example())
