#!/bin/sh
# Runs one step of the set-up: says what it does before, how long it took after, and what it printed if it failed.
#   step.sh "what it does" COMMAND…
set -u

what=$1
shift
printf '%s … ' "$what"
began=$(date +%s)
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if "$@" >"$log" 2>&1 </dev/null; then
    echo "$(($(date +%s) - began)) s"
else
    code=$?
    echo "failed after $(($(date +%s) - began)) s:"
    cat "$log" >&2
    exit $code
fi
