#!/usr/bin/env bash
# Usage: tests/e2e/redis.sh
#
# Quotes kept in a real Redis: the same decisions as with a simulated one; one that hangs, dies half way,
# refuses to keep or throws away; one that is not there; and a password that is shown nowhere. The
# servers are ours, on a socket in a folder of ours or on a free port of loopback, and end with us.
# shellcheck source=lib/e2e.bash
. "$(dirname "${BASH_SOURCE[0]}")/lib/e2e.bash" || exit 1
export LC_ALL=C NO_COLOR=1

cache_figure() { sed -n '/^  "cache": {/,/^  }/ s/^ *"'"$2"'": \([0-9]*\),*$/\1/p' "$scratch/$1/summary.json"; }
figure() { awk -F, -v n="$2" '$1 == "all" && $2 == "router" && $3 == n { print int($5) }' "$scratch/$1/metrics.csv"; }
hash_of() { sed -n 's/.*"event_hash": "\(.*\)".*/\1/p' "$scratch/$1/summary.json"; }

# Debian's redis-tools has the server under another name, which it goes by.
if command -v redis-server >/dev/null; then
    binary=$(command -v redis-server)
elif command -v redis-check-rdb >/dev/null; then
    binary=$scratch/redis-server
    ln -s "$(command -v redis-check-rdb)" "$binary"
fi
if "$program" --version | grep -q 'no hiredis'; then
    said=$("$program" run scenarios/baseline.json --set router.policy.cache.quote=5m --cache redis://127.0.0.1 --out "$scratch/none" 2>&1)
    expect 'without hiredis --cache says how to get it' 4 $? "$said"
    expect 'in a line' 1 "$(count 'hint: install libhiredis-dev' <<<"$said")" "$said"
    skip 'quotes in a real Redis' 'routesim was built without hiredis'
    exit "$failed"
fi
if [ -z "${binary-}" ] || ! command -v redis-cli >/dev/null || ! "$binary" --version >/dev/null 2>&1; then
    skip 'quotes in a real Redis' 'there is no redis-server: install redis-tools'
    exit 0
fi

socket=$scratch/redis.sock
ask() { redis-cli -s "$socket" ${secret:+--no-auth-warning -a "$secret"} "$@" 2>/dev/null; }
start() { # start WORDS...: a server that writes nothing to disk
    rm -f "$socket"
    "$binary" --port 0 --unixsocket "$socket" --save '' --appendonly no --dir "$scratch" "$@" >"$scratch/server.log" 2>&1 &
    strays=$!
    disown "$strays" # or bash would tell of its death
    await '[ "$(ask ping)" = PONG ]' || { not_ok 'a redis-server starts' "$(cat "$scratch/server.log")"; exit 1; }
}
end() {
    [ -z "$strays" ] || kill -9 "$strays" 2>/dev/null
    strays=
}

cat >"$scratch/day.json" <<'JSON'
{
  "schema": "routesim.scenario/1", "name": "redis-day", "seed": 7, "duration": "5m",
  "workload": {"arrivals": {"rate": "10/s"}, "carts": {"lines": 2}, "confirm": {"share": 0},
               "requote": {"share": 0.5, "after": {"law": "constant", "value": "700ms"}}},
  "router": {"env": {"LOOPGPT_ENABLE_KROGER": "true", "LOOPGPT_ENABLE_WALMART": "true"},
             "policy": {"cache": {"quote": "5m", "breaker": {"skip": "500ms"}}}},
  "cache": {"kind": "redis"}
}
JSON
simulate() { # simulate FOLDER WORDS...
    local folder=$1
    shift
    "$program" run "$scratch/day.json" --no-plots --force --out "$scratch/$folder" "$@" 2>&1
}

# ---- the same decisions -------------------------------------------------------------------------------
secret=
start
said=$(simulate simulated)
expect 'a simulated Redis' 0 $? "$said"
said=$(simulate kept --cache "unix://$socket")
expect 'a real one' 0 $? "$said"
at_least 'it is asked and has it' 1000 "$(cache_figure kept hit)" "$said"
expect 'decisions are the same' "$(hash_of simulated)" "$(hash_of kept)"
expect 'so are all events, byte by byte' 0 "$(cmp "$scratch/simulated/events.jsonl" "$scratch/kept/events.jsonl" >&2; echo $?)"
expect 'nothing is left behind' 0 "$(ask dbsize)"
said=$(simulate again --cache "unix://$socket?db=3" --wire bytes -r 3 -j 2)
expect 'replications, each with keys of its own' 0 $? "$said"
said=$(simulate again --cache "unix://$socket" --check-determinism)
expect 'twice the same' 0 $? "$said"
expect 'and the same as before' "$(hash_of simulated)" "$(hash_of again)"

# ---- one that cannot keep -----------------------------------------------------------------------------
ask config set maxmemory 1 >/dev/null
ask config set maxmemory-policy noeviction >/dev/null
said=$(simulate full --cache "unix://$socket")
expect 'a Redis without memory costs no order' 0 $? "$said"
expect 'it has nothing' 0 "$(cache_figure full hit)"
at_least 'what it would not keep is counted' 1 "$(cache_figure full set_errors)"
expect 'as many orders as ever' "$(figure simulated orders)" "$(figure full orders)"
used=$(ask info memory | tr -d '\r' | sed -n 's/^used_memory://p')
ask config set maxmemory-policy allkeys-random >/dev/null
ask config set maxmemory $((used + 150000)) >/dev/null
said=$(simulate tight --cache "unix://$socket")
expect 'neither does one that throws away' 0 $? "$said"
at_least 'it did' 1 "$(ask info stats | tr -d '\r' | sed -n 's/^evicted_keys://p')"
evicted=$(cache_figure tight hit) all=$(cache_figure simulated hit)
if [ "$evicted" -gt 0 ] && [ "$evicted" -lt "$all" ]; then ok 'fewer quotes are found then'; else not_ok 'fewer quotes are found then' "$evicted of $all"; fi
expect 'and none is an error' '0 0 0' "$(cache_figure tight refused) $(cache_figure tight failed) $(cache_figure tight damaged)"
ask config set maxmemory 0 >/dev/null

# ---- one that hangs, dies and comes back, in real time ------------------------------------------------
simulate real --clock real --duration 12s --set workload.arrivals.rate=20/s --cache "unix://$socket" >"$scratch/said" &
running=$!
await '[ "$(ask dbsize)" -gt 40 ]' || not_ok 'quotes are kept in real time' "$(cat "$scratch/said")"
ask client pause 700 >/dev/null
sleep 0.8 # no command is answered meanwhile, not even ours
await '[ "$(ask dbsize)" -gt 80 ]' || not_ok 'and go on after a pause' "$(cat "$scratch/said")"
end
sleep 1.5 # orders that find nobody
start
await '[ "$(ask dbsize)" -gt 0 ]' || not_ok 'another one in its place is found' "$(cat "$scratch/said")"
wait "$running"
expect 'it hung, it died, another came: the run is fine' 0 $? "$(cat "$scratch/said")"
expect 'and leaves nothing behind' 0 "$(ask dbsize)"
end
at_least 'quotes were used' 1 "$(cache_figure real hit)"
at_least 'waiting in vain was counted' 1 "$(cache_figure real timeout)"
at_least 'so were refusals' 1 "$(cache_figure real refused)"
at_least 'then it was let alone' 1 "$(cache_figure real skipped)"
at_least 'orders kept flowing' 100 "$(figure real orders)"
expect 'all of them were routed' "$(figure real orders)" "$(figure real routed)"
expect 'the loss is told' 1 "$(count 'warning: the cache at unix:///.* was lost [1-9][0-9]* times* (.*); orders went on without it$' "$scratch/said")" "$(cat "$scratch/said")"
expect 'run.json says it' 1 "$(count '"cache": {"address": "unix:///.*", "connects": [2-9][0-9]*, "losses": [1-9][0-9]*, "reason": "..*"}' "$scratch/real/run.json")"
expect 'the page shows what became of asking' 1 "$(count 'id="cache"' "$scratch/real/report.html")"
echo "told: redis.sh: hung for 0.7 s and was away for 1.5 s: $(awk -F, '$1 == "all" && $2 == "router" && $3 ~ /cache_cost_p(50|95)_ms/ && $5 != "" { printf "%s %.1f, ", $3, $5 }' "$scratch/real/metrics.csv")$(cache_figure real timeout) timeouts, $(cache_figure real refused) refused, $(cache_figure real skipped) not asked, of $(figure real orders) orders"

# ---- one that is not there, or not ours ---------------------------------------------------------------
said=$(simulate gone --cache "unix://$socket")
expect 'one that is not there stops the run first' 4 $? "$said"
expect 'and is named' 1 "$(count '^error: no cache at unix:///.*: Connection refused$' <<<"$said")" "$said"
expect 'nothing is written' 0 "$([ ! -e "$scratch/gone" ]; echo $?)"
secret=CANARY-d41d8cd9
start --requirepass "$secret"
said=$(simulate gone --cache "unix://$socket")
expect 'one that wants a password' 4 $? "$said"
expect 'says so' 1 "$(count 'it wants a password (NOAUTH)' <<<"$said")" "$said"
said=$(simulate gone --cache "unix://:$secret-wrong@$socket")
expect 'a wrong password' 4 $? "$said"
expect 'is refused, and not shown' '1 0' "$(count '(WRONGPASS)' <<<"$said") $(count "$secret" <<<"$said")" "$said"
said=$(ROUTESIM_CACHE="unix://:$secret@$socket" simulate secret)
expect 'the right one, from the environment' 0 $? "$said"
expect 'decides alike' "$(hash_of simulated)" "$(hash_of secret)"
simulate secret2 --cache="unix://:$secret@$socket" --dry-run >"$scratch/dry"
simulate secret2 --cache="unix://:$secret@$socket" >"$scratch/said2"
expect 'and from the command line' 0 $?
ROUTESIM_CACHE="unix://:$secret@$socket" "$program" doctor --config >"$scratch/config"
expect 'doctor --config knows it' 1 "$(count -e '--cache .*unix:///.*environment' "$scratch/config")" "$(cat "$scratch/config")"
found=$(grep -rl "$secret" "$scratch/secret" "$scratch/secret2" "$scratch/said2" "$scratch/dry" "$scratch/config"; grep -c "$secret" <<<"$said" | grep -v '^0$')
expect 'the password is in no output' '' "$found"
expect 'the command to repeat it is' 1 "$(count "$scratch/day.json --cache unix://$socket" "$scratch/secret2/run.json")" "$(sed -n 3p "$scratch/secret2/run.json")"
end

# ---- what was mistyped --------------------------------------------------------------------------------
said=$(simulate wrong --cache http://127.0.0.1)
expect 'an address that is none' 2 $? "$said"
said=$(simulate wrong --cache redis://8.8.8.8)
expect 'one out in the internet is not called' 2 $? "$said"
said=$(simulate wrong --cache redis://127.0.0.1 --set router.policy.cache.quote=0s)
expect 'nothing to keep' 2 $? "$said"

exit "$failed"
