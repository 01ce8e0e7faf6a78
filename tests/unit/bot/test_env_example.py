"""`.env.example`: it lists every setting, and a copy of it changes nothing."""

from __future__ import annotations

from pathlib import Path

from bot.settings import Settings
from bot.settings.declaration import declared_in
from bot.settings.example import SECTIONS, env_example

FILE = Path(__file__).resolve().parents[3] / ".env.example"


def test_the_file_is_up_to_date() -> None:
    assert FILE.read_text(encoding="utf-8") == env_example(), "run `make env-example`"


def test_every_module_of_settings_has_a_section() -> None:
    folder = FILE.parent / "bot" / "settings"
    declaring = {
        file.stem for file in folder.glob("*.py") if " = Setting(" in file.read_text(encoding="utf-8")
    }
    assert declaring == {module.__name__.rpartition(".")[2] for module in SECTIONS.values()}


def test_no_setting_is_declared_twice() -> None:
    names = [setting.name for module in SECTIONS.values() for setting in declared_in(vars(module))]
    assert sorted(names) == sorted(set(names))


def test_with_all_lines_uncommented_the_defaults_stay(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    lines = FILE.read_text(encoding="utf-8").splitlines()
    file.write_text("\n".join(line.removeprefix("# ") for line in lines if "=" in line.split(" ")[-1]))
    assert Settings.read({}, file) == Settings.read({}, tmp_path / "none.env")
