#!/usr/bin/env bash
# Mends what driftline found: {{ scan | line }}.
# Needs bash 3.2 or newer, and the Azure CLI, signed in with az login.
#
# What stands in single quotes is data, and nothing in it is to be expanded or retyped:
# shellcheck disable=SC1003,SC1110,SC1111,SC1112,SC2016
set -euo pipefail

usage() {
    cat <<'END'
Usage: fix.sh [--apply] [--force] [--only STEP]...

Without --apply it reads, says what each step would do and whether the resource is still as it was scanned, and changes nothing.

  --apply      do it; again, it goes on where it stopped
  --force      do the steps too that are not proven, or that wait for a person
  --only STEP  this step alone; may be given again

Each step stops where a value is no longer what was scanned. What is done is noted in fix.sh.state beside this file;
undo.sh leads back from that. Stops with exit code 1 where something was refused, left out or failed.
END
}

steps={{ ids | join(" ") | q }}
{% include "options.sh" %}

{% include "functions.sh" %}

expected='what was scanned'

ended() {
    local code=$?
    rm -rf "$scratch"
    if [ "$code" -eq 0 ] || ! $apply || [ -z "$id" ]; then return 0; fi
    {
        printf 'Stopped at %s. Done:%s.\n' "$id" "${gone_through:- nothing}"
        if [ -n "$begun" ]; then printf 'Whether %s was done is not sure; the next run looks.\n' "$begun"; fi
        printf 'Run fix.sh --apply again to go on, or undo.sh --apply to undo what was done.\n'
    } >&2
}
trap ended EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

began() { note begun; }

finished() {
    note 'done'
    log 'done'
    gone_through="$gone_through $id" begun=''
}

# What nobody but Azure or a person did is noted as found, so that undo.sh leaves it; what an earlier run began is its own.
as_wanted() {
    log 'is as wanted already'
    $apply || return 0
    if [ "$(noted "$key")" = begun ]; then note 'done'; else note found; fi
    gone_through="$gone_through $id"
}

is_done() { # KEY
    case $(noted "$1") in done | found) return 0 ;; esac
    return 1
}

step() { # ID, KEY, TITLE, SUBSCRIPTION, KEYS OF THE STEPS BEFORE IT…: whether it is its turn
    local other
    selected "$1" || return 1
    id=$1 key=$2 subscription=$4
    log "$3"
    shift 4
    if is_done "$key"; then
        log 'was done before'
        gone_through="$gone_through $id"
        return 1
    fi
    for other in "$@"; do
        if $apply && ! is_done "$other"; then
            log "refused: it comes after ${other%% *}, which is not done"
            trouble=true
            return 1
        fi
    done
}

left_out() { # ID, KEY, WHY
    selected "$1" || return 0
    id=$1
    log "left out: $3"
    trouble=true
}

held=false
hold() { # ID, KEY, WHY
    if ! $force && selected "$1" && ! is_done "$2"; then
        id=$1
        log "is refused without --force: $3" >&2
        id='' held=true
    fi
}

{% for subscription in subscriptions %}
see {{ subscription | q }}
{% endfor %}
{% for step in steps if step.held and not step.why_not %}
hold {{ step.id | q }} {{ step.key | q }} {{ step.held | line | q }}
{% endfor %}
if $held && $apply; then
    echo 'Nothing was changed.' >&2
    exit 1
fi
{% include "steps.sh" %}

id=''
$apply || echo 'Nothing was changed. --apply does it.'
if $trouble; then exit 1; fi
