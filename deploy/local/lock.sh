#!/bin/sh
# lock.sh LOCKFILE PYTHON_VERSION EXTRA...
# Resolves pyproject.toml for all platforms into a file with hashes and without any registry's address.
set -eu
lock=$1 version=$2
shift 2
extras=""
for extra in "$@"; do extras="$extras --extra $extra"; done
# shellcheck disable=SC2086
uv pip compile pyproject.toml $extras --universal --python-version "$version" --generate-hashes \
    --no-header --no-annotate --no-emit-index-url --no-emit-find-links --quiet --upgrade --output-file "$lock"
