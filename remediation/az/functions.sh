{# Of both scripts: what is noted, what az is asked, and the four operations. Each script says what `began`, `as_wanted` and `finished` mean. #}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# What was noted of steps, one line each; the last line of a step holds.
state_file=$here/fix.sh.state
umask 077
scratch=$(mktemp -d "${TMPDIR:-/tmp}/driftline.XXXXXXXX")
id='' key='' subscription='' begun='' gone_through='' trouble=false

log() { # WHAT
    printf '%s %s %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "${id:-start}" "$1"
}

fail() { # WHY
    log "STOPPED: $1" >&2
    exit 1
}

# As `fail`, with what az said, of which no control character reaches the terminal.
complain() { # WHAT FAILED
    LC_ALL=C tr -d '\000-\010\013-\037\177' <"$scratch/said" >&2
    fail "$1"
}

# A dry run tells of every step; otherwise nothing is done after what is not as expected.
stop() { # WHY
    if $apply; then fail "$1"; fi
    log "would stop: $1"
    trouble=true
}

about() { # LINES…
    $apply || printf '    %s\n' "$@"
}

selected() { # ID
    [ -z "$only" ] && return 0
    case " $only " in *" $1 "*) return 0 ;; esac
    return 1
}

note() { # begun, done, found or undone
    printf '%s %s\n' "$1" "$key" >>"$state_file" || fail "it cannot be noted in $state_file"
}

noted() { # KEY
    local word other last=''
    if [ -f "$state_file" ]; then
        while read -r word other; do
            if [ "$other" = "$1" ]; then last=$word; fi
        done <"$state_file"
    fi
    printf '%s' "$last"
}

# What is asked of a resource when it is read. Answers are JSON in small letters: Azure spells values in either.

expect_nothing() {
    asked='' count=0 labels=() befores=() afters=() boths=()
}

expect() { # WHAT, JMESPATH AND ANSWER BEFORE, JMESPATH AND ANSWER AFTER, HOW IT STANDS WHERE BOTH HOLD
    asked="$asked, to_string($2), to_string($4)"
    labels[count]=$1
    befores[count]=$3
    afters[count]=$5
    boths[count]=$6
    count=$((count + 1))
}

rely() { # WHAT, JMESPATH, ANSWER
    expect "$1" "$2" "$3" "$2" "$3" wanted
}

# How the answers stand: `wanted`, `open`, or `otherwise` than before and after.
judge() {
    local at=0 one other
    verdict=wanted
    {
        IFS= read -r provisioning
        while [ "$at" -lt "$count" ]; do
            IFS= read -r one
            IFS= read -r other
            if [ "$other" = "${afters[at]}" ]; then
                if [ "$one" = "${befores[at]}" ] && [ "${boths[at]}" = open ]; then verdict=open; fi
            elif [ "$one" = "${befores[at]}" ]; then
                verdict=open
            else
                verdict=otherwise different=${labels[at]}
                return 0
            fi
            at=$((at + 1))
        done
    } <"$scratch/answers"
}

# Requests. URLs are relative: they go to the cloud that az is signed in to.

see() { # SUBSCRIPTION
    az account show --only-show-errors --subscription "$1" --query id --output tsv >"$scratch/live" 2>"$scratch/said" </dev/null ||
        complain "az does not see subscription $1; sign in with az login"
}

arm() { # METHOD, URL, FURTHER OPTIONS…
    local method=$1 url=$2
    shift 2
    if [ -n "$subscription" ]; then set -- --subscription "$subscription" "$@"; fi
    az rest --only-show-errors --method "$method" --url "$url" "$@" 2>"$scratch/said" </dev/null
}

# Whether the last request failed because the resource is not there. A subscription that is not found is no such answer.
is_absent() {
    grep -q 'SubscriptionNotFound' "$scratch/said" && return 1
    grep -Eq '^ERROR: Not Found$' "$scratch/said" && return 0
    grep -q '^ERROR: Not Found(' "$scratch/said" && grep -Eiq '"code" *: *"[a-z]*NotFound"' "$scratch/said"
}

read_live() { # URL, JMESPATH OF THE BODY TO WRITE (optional): whether the resource is there
    printf '[to_string([properties.provisioningState])%s%s]' "$asked" "${2:+, to_string($2)}" >"$scratch/query"
    if arm get "$1" --query "@$scratch/query" --output tsv >"$scratch/live"; then
        LC_ALL=C tr '[:upper:]' '[:lower:]' <"$scratch/live" >"$scratch/answers"
        judge
        return 0
    fi
    is_absent || complain 'reading it failed'
    return 1
}

send() { # METHOD, URL, OPTIONS…
    began
    begun=$id
    arm "$@" --output none
}

# Waits until Azure is done with a resource that was written.
settle() { # URL
    local tries=0
    while [ "$tries" -lt 720 ]; do
        if read_live "$1"; then
            case $provisioning in
                '["failed"]' | '["canceled"]') fail "Azure took it, and says that its provisioning is $provisioning" ;;
                *'ing"]' | '["accepted"]' | '["inprogress"]' | '["queued"]') ;;
                *) return 0 ;;
            esac
        fi
        sleep 5
        tries=$((tries + 1))
    done
    fail 'Azure goes on with it after an hour'
}

written() { # URL
    settle "$1"
    if [ "$verdict" = otherwise ]; then
        log "WARNING: Azure took it, and shows $different otherwise than it was written"
    elif [ "$verdict" = open ]; then
        log 'WARNING: Azure took it, and shows values as they were before'
    fi
    finished
}

# Members of one line of JSON that have a mark as their value are taken away.
take_away() { # MARK (empty: none)
    local name='"([^"\\]|\\.)*"'
    if [ -z "$1" ]; then
        cat
    else
        LC_ALL=C sed -E "s/,$name:\"$1\"//g; s/\\{$name:\"$1\",/{/g; s/\\{$name:\"$1\"\\}/{}/g"
    fi
}

# The operations: each reads, compares and, with --apply, writes.

change() { # URL, JMESPATH OF THE NEW BODY, MARK OF WHAT GOES
    if ! read_live "$1" "$2"; then
        stop 'it is not there any more; scan again'
    elif [ "$verdict" = wanted ]; then
        as_wanted
    elif [ "$verdict" = otherwise ]; then
        stop "$different is no longer $expected; scan again"
    elif $apply; then
        tail -n 1 "$scratch/live" | take_away "$3" >"$scratch/body"
        send put "$1" --body "@$scratch/body" || complain 'writing it failed'
        written "$1"
    else
        log "would be changed: it is still $expected"
    fi
}

create() { # URL, BODY
    if read_live "$1"; then
        if [ "$verdict" = wanted ]; then as_wanted; else stop 'it is there by now, and otherwise than it is to be; scan again'; fi
    elif $apply; then
        printf '%s' "$2" >"$scratch/body"
        send put "$1" --body "@$scratch/body" || complain 'creating it failed'
        written "$1"
    else
        log 'would be created: it is not there'
    fi
}

remove() { # URL
    local tries=0
    if ! read_live "$1"; then
        as_wanted
    elif [ "$verdict" = otherwise ]; then
        stop "$different is no longer $expected; scan again"
    elif $apply; then
        send delete "$1" || is_absent || complain 'removing it failed'
        while read_live "$1"; do
            if [ "$tries" -ge 720 ]; then fail 'it is there still after an hour'; fi
            sleep 5
            tries=$((tries + 1))
        done
        finished
    else
        log "would be removed: it is still $expected"
    fi
}

call() { # URL OF THE RESOURCE, URL OF THE ACTION, BODY
    if ! read_live "$1"; then
        stop 'it is not there any more; scan again'
    elif $apply; then
        printf '%s' "$3" >"$scratch/body"
        send post "$2" --body "@$scratch/body" || complain 'calling it failed'
        settle "$1"
        finished
    else
        log 'would be called: it is there'
    fi
}
