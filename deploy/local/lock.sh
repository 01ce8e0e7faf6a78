#!/bin/sh
# lock.sh [--upgrade] LOCKFILE PYTHON_VERSION EXTRA...
# Resolve pyproject.toml for all platforms into a file with hashes and without any registry's address. Keep the
# versions that LOCKFILE pins, unless --upgrade asks for the newest ones.
set -eu
upgrade=""
if [ "$1" = "--upgrade" ]; then
    upgrade=$1
    shift
fi
lock=$1 version=$2
shift 2
extras=""
for extra in "$@"; do extras="$extras --extra $extra"; done
# shellcheck disable=SC2086
uv pip compile pyproject.toml $extras $upgrade --universal --python-version "$version" --generate-hashes \
    --no-header --no-annotate --no-emit-index-url --no-emit-find-links --quiet --output-file "$lock"
