#!/bin/sh
# Sees to the few things that only the system's package manager brings: git, for the tests of the git server, and
# Python's own venv. Installs them where it may, as root or with a sudo that asks for no password; else says what to do.
set -eu

PYTHON=${PYTHON:-python3}

if ! "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    echo "Python 3.11 or newer is needed: call make with PYTHON=/path/to/python3.11" >&2
    exit 1
fi

missing=
command -v git >/dev/null || missing="$missing git"
"$PYTHON" -c 'import ensurepip, venv' 2>/dev/null || missing="$missing python3-venv"
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null; then
    echo "missing:$missing. Install them with your package manager." >&2
    exit 1
elif [ "$(id -u)" -eq 0 ]; then
    as_root=
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    as_root="sudo -n"
else
    echo "missing:$missing. Run: sudo apt-get install$missing" >&2
    exit 1
fi

$as_root apt-get update -qq
# shellcheck disable=SC2086 # words are wanted
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
