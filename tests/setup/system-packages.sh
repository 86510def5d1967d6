#!/bin/sh
# Sees to the few things that only the system's package manager brings. Installs them where it may, as root or with a
# sudo that asks for no password; else says what to do.
#   system-packages.sh           git, for the tests of the git server, and Python's own venv
#   system-packages.sh readers   what reads the daemon, its rules and its pages in the tests: Prometheus, Alertmanager,
#                                Pushgateway, mtail, Chromium, nginx. Tests that find theirs missing say so and are
#                                skipped
set -eu

PYTHON=${PYTHON:-python3}

if ! "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    echo "Python 3.11 or newer is needed: call make with PYTHON=/path/to/python3.11" >&2
    exit 1
fi

missing=
want() {
    command -v "$1" >/dev/null || missing="$missing $2"
}
if [ "${1:-}" = readers ]; then
    without=0
    want promtool prometheus
    want amtool prometheus-alertmanager
    want mtail mtail
    want prometheus-pushgateway prometheus-pushgateway
    want chromedriver "chromium chromium-driver"
    want nginx nginx-light
else
    without=1
    want git git
    "$PYTHON" -c 'import ensurepip, venv' 2>/dev/null || missing="$missing python3-venv"
fi
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null; then
    echo "missing:$missing. Install them with your package manager." >&2
    exit $without
elif [ "$(id -u)" -eq 0 ]; then
    as_root=
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    as_root="sudo -n"
else
    echo "missing:$missing. Run: sudo apt-get install$missing" >&2
    exit $without
fi

step="$(dirname "$0")/step.sh"
# shellcheck disable=SC2086 # words are wanted, here and below
"$step" "the list of Debian's packages" $as_root apt-get update -qq
# At this run level no service is started: the tests start their own.
# shellcheck disable=SC2086
"$step" "Debian packages$missing, up to a minute" $as_root env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends $missing
