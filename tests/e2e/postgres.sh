#!/usr/bin/env bash
# Usage: tests/e2e/postgres.sh
#
# What an export says and what PostgreSQL says are the same text: logs of scenarios and of a drill are
# loaded by load.sql, every query is run unchanged by psql -A -t, and each value has to be the answer's, byte
# for byte. The cluster is ours: in a folder of ours, on a Unix socket alone, as an unprivileged user, and it
# ends with us. NOW() is the log's last instant, by a function of that name that stands before PostgreSQL's
# in the search path.
# shellcheck source=lib/e2e.bash
. "$(dirname "${BASH_SOURCE[0]}")/lib/e2e.bash" || exit 1
# shellcheck source=lib/postgres.bash
. tests/e2e/lib/postgres.bash || exit 1
export LC_ALL=C NO_COLOR=1

# ---- logs, and what an export refuses: no PostgreSQL is needed for that --------------------------------
simulate() { # simulate FOLDER SCENARIO WORDS...
    local folder=$1 scenario=$2
    shift 2
    "$program" run "$scenario" --no-plots --progress none --events all --out "$scratch/$folder" "$@" 2>&1
}
export_of() { # export_of FOLDER WORDS...: to FOLDER.export
    local folder=$1
    shift
    "$program" export "$scratch/$folder" --postgres --force --out "$scratch/$folder.export" "$@" 2>&1
}
said=$(simulate hang scenarios/kroger-timeout.json --short)
expect 'a scenario runs' 0 $? "$said"
said=$(simulate refused scenarios/all-providers-down.json --short)
expect 'another, in which orders fail' 0 $? "$said"
said=$(simulate days scenarios/baseline.json --duration 30h --rate 400/h -r 2 \
    --set providers.KROGER_API.history.orders=200 --set providers.KROGER_API.history.success_rate=91.5 \
    --set providers.KROGER_API.history.margin_rate=2.75)
case $? in 0 | 1) ok 'one that is longer than a day' ;; *) not_ok 'one that is longer than a day' "$said" ;; esac
said=$(simulate expired scenarios/credentials-expired.json --short)
case $? in 0 | 1) ok 'one with credentials that are refused' ;; *) not_ok 'one with credentials that are refused' "$said" ;; esac
# A story: Kroger fails, an alert fires, somebody puts it into mock mode, deploys, and later undoes it.
cat >"$scratch/drill.json" <<'JSON'
{
  "schema": "routesim.scenario/1", "name": "kroger-is-mocked", "seed": 5, "start": "2025-11-22T17:00:00Z", "duration": "30m",
  "workload": {"arrivals": {"rate": "1/s"}},
  "router": {"env": {"LOOPGPT_ENABLE_KROGER": "true", "LOOPGPT_ENABLE_WALMART": "true"}},
  "faults": [{"id": "down", "provider": "KROGER_API", "kind": "error", "status": 401, "at": "5m", "for": "12m"}],
  "alerts": {"rules": [{"name": "Down", "metric": "provider.success_rate", "op": "<", "threshold": "50%", "window": "2m",
                        "for": "1m", "severity": "page"}]},
  "hypothesis": {"probes": [{"name": "kroger", "metric": "KROGER_API.success_rate", "op": ">=", "limit": "90%", "mode": "edge"}]},
  "operators": [{"id": "oncall", "triggers": [{"on_alert": "Down"}],
    "steps": [{"do": "set", "key": "LOOPGPT_KROGER_MOCK", "value": "true"}, {"do": "redeploy"},
              {"do": "wait_until", "when": "fault_cleared"}, {"do": "unset", "key": "LOOPGPT_KROGER_MOCK"}, {"do": "redeploy"}]}],
  "expect": [{"alert": "Down", "fires_within": "10m"}]
}
JSON
said=$("$program" drill "$scratch/drill.json" --no-plots --progress none --out "$scratch/drill" 2>&1)
case $? in 0 | 1) ok 'a drill is played' ;; *) not_ok 'a drill is played' "$said" ;; esac
logs='hang refused days expired drill'

cp scenarios/baseline.json "$scratch/some.json"
said=$(cd "$scratch" && "$program" run some.json --short --no-plots --events sample=3 --out sampled 2>&1)
said=$(export_of sampled)
expect 'a log of some of the orders is refused' 3 $? "$said"
expect 'with the command to type' 1 "$(grep -c 'run again: routesim run some.json .* --events all --force$' <<<"$said")" "$said"
expect 'and nothing is written' no "$([ -e "$scratch/sampled.export" ] && echo yes || echo no)"
read -r -a words < <(sed -n 's/.*run again: routesim //p' <<<"$said")
said=$(cd "$scratch" && "$program" "${words[@]}" --no-plots 2>&1)
said=$(export_of sampled)
expect 'after which it is exported' 0 $? "$said"
cp -r "$scratch/refused" "$scratch/cut"
truncate -s -20 "$scratch/cut/events.jsonl"
said=$(export_of cut)
expect 'so is a log that was cut off' 3 $? "$said"
for log in $logs; do
    said=$(export_of "$log")
    expect "export of $log" 0 $? "$said"
done
first=$(cat "$scratch/hang.export/"*)
said=$(export_of hang)
expect 'twice the same bytes' 0 "$([ "$first" = "$(cat "$scratch/hang.export/"*)" ]; echo $?)"

# ---- a cluster of our own -----------------------------------------------------------------------------
if ! postgres_is_there; then
    skip 'every query in PostgreSQL' 'there is no PostgreSQL: install postgresql'
    exit "$failed"
fi
postgres_start || exit 1
version=$(ask -d postgres -A -t -c 'SHOW server_version')
ok "PostgreSQL ${version%% *} on a socket"

load() { # load DATABASE FOLDER
    ask -d postgres -c "CREATE DATABASE $1" && (cd "$2" && ask -d "$1" -f load.sql) 2>&1
}
split_queries() { # split_queries SQL FOLDER: a file a query
    mkdir -p "$2"
    awk -v folder="$2" '/^-- [a-z_0-9]+: / { name = substr($2, 1, length($2) - 1) } name { print > (folder "/" name ".sql") }' "$1"
}
answer_of() { # answer_of FOLDER QUERY: as psql -A -t prints it
    awk -F, -v query="$2" '
        $1 == query { sub(/\r$/, ""); value = $4; if (value == "\"\"") value = ""
            line = $2 == row ? line "|" value : (row ? line ORS : "") value; row = $2 }
        END { if (row) print line }' "$1/answers.csv"
}

# ---- every query, as of the log's last line -------------------------------------------------------------
values=0
compare() { # compare DATABASE FOLDER
    local now query sql got
    now=$(sed -n 's/^ "now": "\(.*\)",$/\1/p' "$2/answers.json")
    ask -d "$1" -c "CREATE SCHEMA instant" -c "CREATE FUNCTION instant.now() RETURNS timestamptz
        LANGUAGE sql STABLE AS \$\$ SELECT timestamptz '$now' \$\$" || not_ok "$1: an instant of our own"
    split_queries "$2/queries.sql" "$scratch/$1.sql"
    for sql in "$scratch/$1.sql"/*.sql; do
        query=$(basename "$sql" .sql)
        got=$(PGTZ=UTC PGOPTIONS='-c search_path=instant,public,pg_catalog' ask -d "$1" -A -t -f "$sql" 2>&1)
        if [ "$got" = "$(answer_of "$2" "$query")" ]; then
            ok "$1: $query"
            values=$((values + $(grep -c "^$query," "$2/answers.csv")))
        else
            not_ok "$1: $query" "$(diff <(echo "$got") <(answer_of "$2" "$query"))"
        fi
    done
}
for log in $logs; do
    said=$(load "$log" "$scratch/$log.export")
    expect "$log is loaded" 0 $? "$said"
    compare "$log" "$scratch/$log.export"
done
expect 'fourteen queries were asked of each' 14 "$(ls "$scratch/hang.sql" | wc -l)"
lines=$(wc -l <"$scratch/hang/events.jsonl")
expect 'a row a line' "$lines" "$(ask -d hang -A -t -c 'SELECT COUNT(*) FROM edge_logs')"
expect 'instants are kept to the millisecond' "$(sed -n '1s/.*"timestamp":"\([^"]*\)".*/\1/p' "$scratch/hang/events.jsonl")" \
    "$(PGTZ=UTC ask -d hang -A -t -c "SELECT to_char(min(timestamp), 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"') FROM edge_logs")"
expect 'what is no plain value can be asked for' t \
    "$(ask -d hang -A -t -c "SELECT bool_and(metadata ? 'history') FROM edge_logs WHERE event = 'router_decision'")"
expect 'the selected score is the log'"'"'s' 0 "$(ask -d hang -A -t -c "SELECT COUNT(*) FROM edge_logs l JOIN score_calculations s
    USING (request_id) WHERE l.event = 'router_decision' AND s.selected AND (l.score <> s.score OR l.selected_provider_id <> s.provider_id)")"
said=$(load_again=$(cd "$scratch/hang.export" && ask -d hang -f load.sql 2>&1); echo $? "$load_again")
expect 'loading twice is refused' 3 "${said%% *}" "$said"
expect 'and adds nothing' "$lines" "$(ask -d hang -A -t -c 'SELECT COUNT(*) FROM edge_logs')"

# ---- instants that are moved -----------------------------------------------------------------------------
# By load.sql, to when it is run: the real NOW() finds all of a log that is shorter than a day.
mv "$scratch/hang.export" "$scratch/kept"
said=$(export_of hang --rebase load)
expect 'an export whose instants load.sql moves' 0 $? "$said"
said=$(load moved "$scratch/hang.export")
expect 'it is loaded' 0 $? "$said"
split_queries "$scratch/hang.export/queries.sql" "$scratch/moved.sql"
for query in provider_error_rate provider_error_rate_settled router_latency weekly_provider_stats weekly_call_costs \
    selection_share winning_scores commission_by_provider provider_history score_parts; do
    got=$(ask -d moved -A -t -f "$scratch/moved.sql/$query.sql" 2>&1)
    if [ "$got" = "$(answer_of "$scratch/hang.export" "$query")" ]; then
        ok "by the real NOW(): $query"
        values=$((values + $(grep -c "^$query," "$scratch/hang.export/answers.csv")))
    else
        not_ok "by the real NOW(): $query" "$(diff <(echo "$got") <(answer_of "$scratch/hang.export" "$query"))"
    fi
done
# By the export, to an instant: across the end of winter time, which UTC has none of.
said=$(export_of hang --rebase 2026-03-29T01:30:00Z)
expect 'an export to an instant' 0 $? "$said"
said=$(load instant_of "$scratch/hang.export")
expect 'it is loaded too' 0 $? "$said"
compare instant_of "$scratch/hang.export"
rm -r "$scratch/hang.export"
mv "$scratch/kept" "$scratch/hang.export"

# ---- the runbook's own words ---------------------------------------------------------------------------------
# Each of its queries, as it stands in scenarios/runbook.md, has an answer: the same rows, whose order it may leave open.
mkdir "$scratch/runbook"
awk -v folder="$scratch/runbook" '/^ *```sql/ { name = folder "/" ++count ".sql"; next } /^ *```/ { name = "" } name { print > name }' scenarios/runbook.md
number=0
for query in hourly_volume provider_error_rate weekly_provider_stats weekly_call_costs selection_share; do
    number=$((number + 1))
    for log in hang expired drill; do
        got=$(PGTZ=UTC PGOPTIONS='-c search_path=instant,public,pg_catalog' ask -d "$log" -A -t -f "$scratch/runbook/$number.sql" 2>&1)
        if [ "$(sort <<<"$got")" = "$(answer_of "$scratch/$log.export" "$query" | sort)" ]; then
            ok "$log: query $number of the runbook is answered by $query"
        else
            not_ok "$log: query $number of the runbook is answered by $query" "$(diff <(sort <<<"$got") <(answer_of "$scratch/$log.export" "$query" | sort))"
        fi
    done
done
expect 'the runbook has no other query' "$number" "$(ls "$scratch/runbook" | wc -l)"
echo "told: $values values of the operators' queries are the same in PostgreSQL ${version%% *}"
exit "$failed"
