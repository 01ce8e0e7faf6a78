#!/bin/sh
# find-python.sh VERSION...
# Print how to run one of the given Python versions, preferred version first: the path of an interpreter, or
# "uv:VERSION" if uv can install it. Exit with 1 if neither is available.
set -eu

runs() { # a pyenv shim exists even for versions that are not active, so the interpreter itself is asked
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
