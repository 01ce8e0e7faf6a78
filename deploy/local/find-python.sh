#!/bin/sh
# Prints how to get one of the Python versions given, best first: the path of an interpreter, or "uv:VERSION" where
# uv brings it. Exit code 1 when there is no way.
set -eu

runs() { # a pyenv shim exists for versions that are not switched on, so it is asked, not looked for
    "$1" -c "import sys; sys.exit(sys.version_info[:2] != tuple(map(int, '$2'.split('.'))))" 2>/dev/null
}

for version in "$@"; do
    for candidate in "python$version" python3 python "$HOME"/.pyenv/versions/"$version"*/bin/python; do
        if runs "$candidate" "$version"; then
            command -v "$candidate"
            exit 0
        fi
    done
done
if command -v uv >/dev/null 2>&1; then
    echo "uv:$1"
    exit 0
fi
exit 1
