#!/bin/sh
# Sees to the few things that only the system's package manager brings: git, for the tests of the git server; Python's
# own venv; and what reads the daemon, its rules and its pages in the tests: Prometheus, Alertmanager, mtail, Chromium.
# Installs them where it may, as root or with a sudo that asks for no password; else says what to do, and goes on
# without those that only some tests want: they say so and are skipped.
set -eu

PYTHON=${PYTHON:-python3}

if ! "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    echo "Python 3.11 or newer is needed: call make with PYTHON=/path/to/python3.11" >&2
    exit 1
fi

needed=
command -v git >/dev/null || needed="$needed git"
"$PYTHON" -c 'import ensurepip, venv' 2>/dev/null || needed="$needed python3-venv"
wanted=
command -v promtool >/dev/null || wanted="$wanted prometheus"
command -v amtool >/dev/null || wanted="$wanted prometheus-alertmanager"
command -v mtail >/dev/null || wanted="$wanted mtail"
command -v chromedriver >/dev/null || wanted="$wanted chromium chromium-driver"
missing="$needed$wanted"
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null; then
    echo "missing:$missing. Install them with your package manager." >&2
    [ -z "$needed" ] && exit 0 || exit 1
elif [ "$(id -u)" -eq 0 ]; then
    as_root=
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    as_root="sudo -n"
else
    echo "missing:$missing. Run: sudo apt-get install$missing" >&2
    [ -z "$needed" ] && exit 0 || exit 1
fi

$as_root apt-get update -qq
# shellcheck disable=SC2086 # words are wanted
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
