#!/usr/bin/env bash
# Usage: tests/e2e/real-time.sh
#
# Runs in real time that run out of descriptors, wait for the last calls, are interrupted once or twice,
# or fail late: what they say, what they leave behind, and the exit code. Nothing leaves this machine.
# shellcheck source=lib/e2e.bash
. "$(dirname "${BASH_SOURCE[0]}")/lib/e2e.bash" || exit 1
export LC_ALL=C NO_COLOR=1

# Kroger hangs from the start: its quotes wait for their timeout, its calls for their life.
cat >"$scratch/hang.json" <<'JSON'
{
  "schema": "routesim.scenario/1", "name": "hang", "seed": 7, "duration": "60s",
  "workload": {"arrivals": {"rate": "20/s"}, "carts": {"lines": 2}},
  "router": {"env": {"LOOPGPT_ENABLE_KROGER": "true", "LOOPGPT_ENABLE_WALMART": "true"}, "policy": {"call_life": "12s"}},
  "faults": [{"id": "hang", "provider": "KROGER_API", "kind": "hang", "at": "0s", "for": "60s"}]
}
JSON

sed 's|20/s|200/s|' "$scratch/hang.json" >"$scratch/many.json"

# ---- no descriptor left -------------------------------------------------------------------------------
out=$scratch/starved
said=$(ulimit -n 200 && "$program" run "$scratch/hang.json" --clock real --wire http --rate 200/s --out "$out" 2>&1)
expect 'a run without descriptors fails as its machine does' 4 $? "$said"
expect 'it was warned, with figures and a way out' 2 \
    "$(count -e 'may need about [0-9]* file descriptors (200 orders a second, 4 providers, calls of up to 12 s, .*may have 200$' -e 'hint: say `ulimit -n [0-9]*` before it' <<<"$said")" "$said"
expect 'it says what happened' 1 "$(count '^error: no file descriptor was left here (Too many open files): ' <<<"$said")" "$said"
expect 'report.md says so' 1 "$(count 'stopped before its end by a lack of file descriptors of this machine' "$out/report.md")"
expect 'report.html does, in its notes' 1 "$(count 'This process had no file descriptor left (Too many open files)' "$out/report.html")"
expect 'summary.json does' 4 \
    "$(count -e '"complete": *false' -e '"stopped_by": *"a lack of file descriptors"' -e '"local_failures": *[1-9]' -e '"left_out": *[1-9]' "$out/summary.json")"
expect 'run.json does' 2 "$(count -e '"exit_code": 4' -e '"local_error": "Too many open files"' "$out/run.json")"
if [ "$(count ',local,' "$out/calls.csv")" -gt 0 ]; then ok 'calls.csv tells those calls apart'; else not_ok 'calls.csv tells those calls apart'; fi
expect 'no provider is blamed' 0 "$(awk -F, '$2 != "router" && $3 ~ /_errors$|^timeouts$|^invalid_/ && $5 > 0' "$out/metrics.csv" | wc -l)" "$(cat "$out/metrics.csv")"
said=$("$program" report "$out" 2>&1)
expect 'the report that is made anew says it too' 1 "$(count 'lack of file descriptors of this machine' "$out/report.md")" "$said"

said=$(ulimit -Sn 150 && "$program" run "$scratch/hang.json" --clock real --duration 1500ms --set 'faults=[]' --rate 100/s --out "$scratch/lifted" 2>&1)
expect 'a soft limit is lifted' 0 $? "$said"
said=$(ulimit -n 200 && "$program" run "$scratch/hang.json" --clock real --dry-run --rate 200/s 2>&1)
expect 'a dry run warns too' 1 "$(count 'may need about [0-9]* file descriptors' <<<"$said")" "$said"
said=$(ulimit -n 150 && "$program" verify "$scratch/many.json" --clock real --duration 3s 2>&1)
expect 'verify proves nothing without descriptors' 4 $? "$said"
expect 'and says why' 1 "$(count 'no file descriptor was left here' <<<"$said")" "$said"

(ulimit -n 64 && exec "$program" mock --print-urls --for 2m) >"$scratch/urls" 2>"$scratch/mock.err" &
running=$!
await 'grep -q ^ADMIN= "$scratch/urls"'
port=$(sed -n 's/^KROGER_API=.*://p' "$scratch/urls")
clients=()
for _ in $(seq 80); do
    exec {client}<>"/dev/tcp/127.0.0.1/$port" && clients+=("$client")
done
await 'grep -q "no file descriptor was left here for a client" "$scratch/mock.err"'
expect 'a mock that cannot accept says so' 1 "$(count 'no file descriptor was left here for a client' "$scratch/mock.err")" "$(cat "$scratch/mock.err")"
kill -INT "$running"
wait "$running"
expect 'and in the end by its exit code' 4 $? "$(cat "$scratch/mock.err")"
for client in "${clients[@]}"; do exec {client}>&-; done

# ---- the last calls -----------------------------------------------------------------------------------
said=$("$program" run "$scratch/hang.json" --clock real --duration 1s --rate 5/s --out "$scratch/drain" 2>&1)
expect 'a run waits for its last calls' 0 $? "$said"
if [ "$(count 'hang: waiting for [0-9]* calls* still in flight, at most [0-9.]* s, Ctrl-C to stop now' <<<"$said")" -gt 0 ]; then
    ok 'and says for what, for how long at most, and the way out'
else
    not_ok 'and says for what, for how long at most, and the way out' "$said"
fi

# ---- interrupted --------------------------------------------------------------------------------------
interrupt() { # interrupt SIGNAL TIMES: sets code and said
    rm -rf "$scratch/cut" "$scratch/cut.jsonl"
    "$program" run "$scratch/hang.json" --clock real --tls --out "$scratch/cut" --record "$scratch/cut.jsonl" --no-plots >"$scratch/said" 2>&1 &
    running=$!
    # Its folders are there, and orders are under way.
    await 'compgen -G "$scratch/cut.tmp-*/calls.csv" && compgen -G "$scratch/cut.jsonl.tmp-*" && compgen -G "$TMPDIR/routesim-ca.*"' >/dev/null ||
        not_ok "a run to interrupt has begun" "$(ls "$scratch" "$TMPDIR")"
    sleep 2
    kill "-$1" "$running"
    if [ "$2" = 2 ]; then
        await 'grep -q "press Ctrl-C again" "$scratch/said"'
        kill "-$1" "$running"
    fi
    wait "$running"
    code=$?
        said=$(cat "$scratch/said")
}
left() { compgen -G "$scratch/cut.tmp-*" || compgen -G "$scratch/cut.old-*" || compgen -G "$scratch/cut.jsonl.tmp-*" || compgen -G "$TMPDIR/*"; }

interrupt INT 1
expect 'the first Ctrl-C ends the run in order' 130 $code "$said"
expect 'it says what it does, and how to stop at once' 1 \
    "$(count 'finishing what is in flight, press Ctrl-C again to stop at once' <<<"$said")" "$said"
expect 'the results so far are kept' 1 "$(count '"complete": *false' "$scratch/cut/summary.json")"
expect 'so is the recording' yes "$([ -s "$scratch/cut.jsonl" ] && echo yes)"
expect 'nothing else is left' '' "$(left)"
for signal in INT TERM; do
    interrupt $signal 2
    expect "SIG$signal twice stops at once" $((128 + $(kill -l $signal))) $code "$said"
    expect "and leaves nothing after SIG$signal" '' "$(left)"
    expect "no results either after SIG$signal" no "$([ -e "$scratch/cut" ] || [ -e "$scratch/cut.jsonl" ] || echo no)"
done

# ---- failing late -------------------------------------------------------------------------------------
printf 'ms\n5\n5\n5\n' >"$scratch/rows.csv"
said=$("$program" run "$scratch/hang.json" --clock real --duration 1s --set 'faults=[]' --record "$scratch/late.jsonl" --out "$scratch/late" \
    --set 'providers.MEALME.latency.cart={"law": "empirical", "file": "rows.csv", "column": "ms", "replay": {"at_end": "stop"}}' 2>&1)
expect 'a run whose latencies run out fails in its end' 3 $? "$said"
expect 'and its recording is not lost' 1 "$(count "what it had recorded is kept: [0-9]* conversations in $scratch/late.jsonl" <<<"$said")" "$said"
if [ "$(wc -l <"$scratch/late.jsonl" 2>/dev/null || echo 0)" -gt 20 ]; then ok 'it is there'; else not_ok 'it is there' "$(ls "$scratch")"; fi
expect 'while the results are' no "$([ -e "$scratch/late" ] || echo no)"

exit $failed
