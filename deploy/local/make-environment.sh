#!/bin/sh
# make-environment.sh FOLDER PYTHON LOCKFILE [--with-project]
# Makes a virtual environment from a lock file, with every hash checked; does nothing when it is there and the lock
# file has not changed. PYTHON is what find-python.sh printed.
set -eu
folder=$1 python=$2 lock=$3 project=${4:-}

# Of pyproject.toml only what is installed counts, not how its tools are set.
wanted=$(sed '/^\[tool\./,$d' pyproject.toml | cat - "$lock" | cksum)
if [ -f "$folder/.made-from" ] && [ "$(cat "$folder/.made-from")" = "$wanted" ] && [ -x "$folder/bin/python" ]; then
    exit 0
fi

count=$(grep -c '^[a-zA-Z0-9].*==' "$lock")
echo "== making $folder from $lock ($count packages; the first time takes some minutes)"
rm -rf "$folder"
if command -v uv >/dev/null 2>&1; then
    uv venv --quiet --python "${python#uv:}" "$folder"
    install() { uv pip install --python "$folder/bin/python" "$@"; }
else
    "$python" -m venv "$folder"
    install() { "$folder/bin/python" -m pip install --disable-pip-version-check --progress-bar on "$@" 2>&1 |
        { grep -vE '^(Collecting|  Using cached|Requirement already|Ignoring|Looking in|Processing|Installing collected|Successfully|WARNING: Location| +━)' || true; }; }
fi
install --require-hashes -r "$lock"
# A pipe hides the installer's exit code: what was installed is checked instead.
"$folder/bin/python" -c "import pytest, starlette, sqlalchemy" || {
    echo "the packages could not be installed; the lines above say why" >&2
    exit 1
}
if [ "$project" = "--with-project" ]; then
    install --no-deps --no-build-isolation --editable .
    "$folder/bin/python" -c "import rasa_sdk" && [ -x "$folder/bin/assistant" ]
fi
echo "$wanted" >"$folder/.made-from"
echo "== $folder is ready"
