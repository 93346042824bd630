#!/usr/bin/env bash
# Leads back from fix.sh, last step first: {{ scan | line }}.
# Needs bash 3.2 or newer, and the Azure CLI, signed in with az login.
#
# What stands in single quotes is data, and nothing in it is to be expanded or retyped:
# shellcheck disable=SC1003,SC1110,SC1111,SC1112,SC2016
set -euo pipefail

usage() {
    cat <<'END'
Usage: undo.sh [--apply] [--all] [--only STEP]...

Without --apply it reads, says what each step would do and whether the resource is still as fix.sh left it, and changes nothing.

  --apply      do it; again, it goes on where it stopped
  --all        undo every step that can be undone, not only those that fix.sh.state says fix.sh did
  --only STEP  this step alone; may be given again

Each step stops where a value is no longer what fix.sh wrote. Stops with exit code 1 where something failed.
END
}

steps={{ ids | join(" ") | q }}
{% include "options.sh" %}

{% include "functions.sh" %}

expected='what fix.sh wrote'

ended() {
    local code=$?
    rm -rf "$scratch"
    if [ "$code" -eq 0 ] || ! $apply || [ -z "$id" ]; then return 0; fi
    {
        printf 'Stopped at %s. Undone:%s.\n' "$id" "${gone_through:- nothing}"
        if [ -n "$begun" ]; then printf 'Whether %s was undone is not sure; the next run looks.\n' "$begun"; fi
        printf 'Run undo.sh --apply again to go on.\n'
    } >&2
}
trap ended EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

began() { :; }

finished() {
    note undone
    log 'undone'
    gone_through="$gone_through $id" begun=''
}

as_wanted() {
    log 'is as it was already'
    $apply || return 0
    note undone
    gone_through="$gone_through $id"
}

# Whether a step is there to be undone.
due() { # KEY
    case $(noted "$1") in
        done | begun) return 0 ;;
        undone) return 1 ;;
    esac
    $all
}

step() { # ID, KEY, TITLE, SUBSCRIPTION: whether it is its turn
    selected "$1" || return 1
    id=$1 key=$2 subscription=$4
    log "$3"
    if due "$key"; then return 0; fi
    log 'nothing to undo: fix.sh did not do it, or it is undone'
    return 1
}

left_out() { # ID, KEY, WHY
    selected "$1" || return 0
    id=$1
    if due "$2"; then log "cannot be undone: $3"; else log 'nothing to undo, and nothing would'; fi
}

{% for subscription in subscriptions %}
see {{ subscription | q }}
{% endfor %}
{% include "steps.sh" %}

id=''
$apply || echo 'Nothing was changed. --apply does it.'
if $trouble; then exit 1; fi
