"""A small copy of the repository with the real command line and fakes of the processes it starts."""

from __future__ import annotations

import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

PROCESS = """
import json, os, pathlib, time
print("NAME works", flush=True)
path = pathlib.Path(os.environ["STATE_DIR"], "NAME.json")
path.with_suffix(".new").write_text(json.dumps({"pid": os.getpid(), "env": dict(os.environ)}))
path.with_suffix(".new").rename(path)
time.sleep(600)
"""
TRAIN = """
import os, pathlib, sys
print("training", *sys.argv[1:], file=sys.stderr)
if os.environ.get("FAKE_TRAINING") == "fails":
    sys.exit(3)
print("noise on standard output")
pathlib.Path("model.tar.gz").write_text("")
print("model.tar.gz" if os.environ.get("FAKE_TRAINING") != "names nothing" else "missing.tar.gz")
"""


def make_root(folder: Path) -> Path:
    """Create the copy in `folder`, in which to run `python -m bot.cli.main`.

    Every process but the gateway writes its process id and its environment to STATE_DIR/NAME.json.
    """
    (folder / "bot").mkdir(parents=True)
    for package in ("bot/cli", "bot/settings", "contracts"):
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    for module in ("bot/__init__.py", "bot/domain.py"):
        shutil.copy(ROOT / module, folder / module)
    shutil.copy(ROOT / "tests" / "support" / "fake_chat_api.py", folder / "bot" / "app.py")
    for package, name in (("sandbox", "sandbox"), ("actions", "actions"), ("nlu", "rasa")):
        (folder / package).mkdir()
        (folder / package / "__init__.py").touch()
        (folder / package / "server.py").write_text(PROCESS.replace("NAME", name))
    (folder / "nlu" / "train.py").write_text(TRAIN)
    return folder
