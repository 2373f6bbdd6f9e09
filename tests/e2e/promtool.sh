#!/usr/bin/env bash
# Goal: Prometheus says of every shipped drill and every shipped alert what our engine says, tick by tick.
# Method: each drill is played with each file of rules, as operators act in it; what the engine saw and said
# becomes a test that promtool runs. As gauges all ticks have to agree, states included; as counters, of some
# drills (ROUTESIM_PROMTOOL=all: of all), every tick but those next to a change. Prints a line
# `ok - name`, `ok - name # SKIP why` or `not ok - name` a test, and how many assertions there were.
# shellcheck source=lib/e2e.bash
. "$(dirname "${BASH_SOURCE[0]}")/lib/e2e.bash" || exit 1

succeeds() { # succeeds NAME COMMAND...: the command's output is shown when it fails
    local name=$1
    shift
    if "$@" >"$scratch/out" 2>&1; then
        ok "$name"
        return 0
    fi
    not_ok "$name" "$(head -c 1500 "$scratch/out")"
    return 1
}

number() { # number KEY: of the export's summary
    sed -nE "s/.*\"$1\": ([0-9]+).*/\\1/p" "$scratch/export/summary.json"
}

export_rules() { # export_rules FILE WORDS...
    rm -rf "$scratch/export"
    "$program" alerts export "$@" -o "$scratch/export"
}

# ---- without Prometheus: what is refused, and what a file of rules alone gives ----
succeeds 'rules alone make two files' export_rules scenarios/alerts/sre.json
succeeds 'and no test, as nothing was played' test ! -e "$scratch/export/rules_test.yml"
refused() { # refused CODE PATTERN WORDS...: nothing is written
    local code=$1 pattern=$2 got=0
    shift 2
    rm -rf "$scratch/export"
    "$program" alerts "$@" -o "$scratch/export" >"$scratch/said" 2>&1 || got=$?
    cat "$scratch/said"
    [ "$got" = "$code" ] && grep -q -- "$pattern" "$scratch/said" && [ ! -e "$scratch/export" ]
}
succeeds 'a scenario without alerts is refused' refused 3 'has no alert rules' export scenarios/baseline.json
succeeds 'a file that is not there is refused' refused 3 'nowhere.json' export "$scratch/nowhere.json"
succeeds 'scores write no folder' refused 2 'writes no folder' score scenarios/alerts/sre.json --drills scenarios/drills
succeeds 'all readings are none for an export' refused 2 'alerts score' export scenarios/alerts/runbook.json --reading all
succeeds 'a verb that is none is refused' refused 2 'there is no "exprot"' exprot scenarios/alerts/runbook.json
succeeds 'scores need drills' refused 2 'needs drills' score scenarios/alerts/runbook.json
sed 's/provider.error_rate/provider.eror_rate/' scenarios/alerts/runbook.json >"$scratch/wrong.json"
succeeds 'a mistake in rules is shown where it stands' refused 3 'wrong.json:[0-9]*:[0-9]*: error' export "$scratch/wrong.json"
printf '%s' '{"schema": "routesim.alerts/1", "rules": [{"name": "a\"b\\ {{ $labels }} # [x", "metric": "router.error_rate", "op": ">", "threshold": "5%"}]}' >"$scratch/odd.json"
succeeds 'an odd name is exported' export_rules "$scratch/odd.json"

if ! command -v promtool >/dev/null; then
    skip 'Prometheus agrees with every alert of every drill' 'promtool is not installed (Debian: prometheus)'
    exit "$failed"
fi
succeeds 'and taken by promtool as a name' promtool check rules "$scratch/export/rules.yml"

# ---- every drill, every rule ----
alerts=0 states=0 counted=0 left_out=0 drills=0
agree() { # agree DRILL RULES FORM
    local name
    name="$(basename "$1" .json) and $(basename "$2") agree, as ${3}s"
    succeeds "$name: exported" export_rules "$1" --rules "$2" --form "$3" || return
    succeeds "$name: rules are rules" promtool check rules "$scratch/export/rules.yml" || return
    succeeds "$name" promtool test rules "$scratch/export/rules_test.yml" || return
    if [ "$3" = gauge ]; then
        alerts=$((alerts + $(number assertions)))
        states=$((states + $(number state_assertions)))
    else
        counted=$((counted + $(number assertions)))
        left_out=$((left_out + $(number left_out)))
    fi
}

for drill in scenarios/drills/*.json; do
    case ${VARIANT:-release} in # under sanitizers promtool finds out nothing more: some drills
    *san) ((drills % 6 == 0)) || { drills=$((drills + 1)) && continue; } ;;
    esac
    for rules in scenarios/alerts/*.json; do
        agree "$drill" "$rules" gauge
        if [ "${ROUTESIM_PROMTOOL:-some}" = all ] || ((drills % 6 == 0)); then
            agree "$drill" "$rules" counter
        fi
    done
    drills=$((drills + 1))
done
succeeds 'there were drills' test "$drills" -gt 0
echo "told: promtool agrees: $drills drills, $alerts times that a rule fires or does not at a tick and $states states of instances exactly, as gauges; as counters $counted, and $left_out next to a change left out"
exit "$failed"
