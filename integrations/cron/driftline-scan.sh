#!/usr/bin/env bash
# Scans once, keeps the last results, and ends with driftline's exit code. See docs/how-to/cron.md of driftline.
#
#   driftline-scan.sh DIRECTORY ARGUMENT...     the arguments of `driftline scan`
#
# DIRECTORY/<time>/ holds the reports of a scan, DIRECTORY/latest leads to the newest, DIRECTORY/failed holds what was said by
# the last run that came to no result. KEEP in the environment says how many results stay (30). DIRECTORY/driftline.yaml is
# taken as settings where it is there. Nothing is printed when the exit code is 0; otherwise the summary is, then the messages.
# Files among the arguments are named by full paths.
set -euo pipefail
umask 077

fail() {
  printf 'driftline-scan.sh: %s\n' "$1" >&2
  exit 2
}

[ $# -ge 2 ] || fail "usage: driftline-scan.sh DIRECTORY ARGUMENT..."
directory=$1
shift
keep=${KEEP:-30}
[[ $keep =~ ^[1-9][0-9]{0,4}$ ]] || fail "KEEP is \"$keep\", not a number from 1"
mkdir -p -- "$directory" || fail "$directory cannot be made"
cd -- "$directory" || fail "$directory cannot be entered"

exec 9>.lock
flock --nonblock 9 || fail "another scan into $directory is still running"

new=$(mktemp -d .new.XXXXXX)
trap 'rm -rf -- "$new"' EXIT
code=0
driftline scan "$@" --format terminal --format html --quiet --output "$new" >"$new/summary.txt" 2>"$new/messages.txt" 9>&- ||
  code=$?

if [ -f "$new/result.json" ]; then
  run=$(date -u +%Y%m%dT%H%M%SZ)
  while [ -e "$run" ]; do # two scans within a second
    sleep 1
    run=$(date -u +%Y%m%dT%H%M%SZ)
  done
  mv -- "$new" "$run"
  ln -sfn -- "$run" latest
  shopt -s nullglob
  kept=([0-9]*T[0-9]*Z) # in order of time
  for old in "${kept[@]:0:$((${#kept[@]} > keep ? ${#kept[@]} - keep : 0))}"; do rm -rf -- "$old"; done
else
  run=failed
  rm -rf -- failed
  mv -- "$new" failed
fi

if [ "$code" -ne 0 ]; then
  cat -- "$run/summary.txt"
  cat -- "$run/messages.txt" >&2
  printf 'driftline-scan.sh: exit code %s, see %s\n' "$code" "$PWD/$run" >&2
fi
exit "$code"
