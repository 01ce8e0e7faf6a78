#!/bin/sh
# make-environment.sh FOLDER PYTHON LOCKFILE [--with-project]
# Create a virtual environment from a lock file and check every hash. Do nothing if it exists and neither the lock file
# nor the dependencies have changed. PYTHON is the output of find-python.sh.
set -eu
folder=$1 python=$2 lock=$3 project=${4:-}

# The settings of tools in pyproject.toml do not affect what is installed.
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
# A pipe hides the exit code of the installer, so check the result instead.
"$folder/bin/python" -c "import pytest, starlette, sqlalchemy" || {
    echo "installing the packages failed; see the lines above" >&2
    exit 1
}
if [ "$project" = "--with-project" ]; then
    install --no-deps --no-build-isolation --editable .
    "$folder/bin/python" -c "import rasa_sdk" && [ -x "$folder/bin/assistant" ]
fi
echo "$wanted" >"$folder/.made-from"
echo "== $folder is ready"
