#!/usr/bin/env bash
# Goal: what the project promises holds for the built program and the shipped scenarios, end to end.
# Method: scenarios are run into a scratch folder; exit codes, streams and bytes of the results are looked
# at, and quantiles are worked out a second time, by sort and awk. Prints a line `ok - name`,
# `ok - name # SKIP why` or `not ok - name` a test. Recorded data come from $ROUTESIM_DATA, or
# ../shared/data where that is there.
# shellcheck source=lib/e2e.bash
. "$(dirname "${BASH_SOURCE[0]}")/lib/e2e.bash" || exit 1

same() { # same DIR DIR FILE...: sets code, and names in out what differs
    local left=$1 right=$2 name
    shift 2
    code=0 out='' err=''
    for name; do
        if ! cmp -s "$left/$name" "$right/$name"; then code=1 out+="$name differs; "; fi
    done
}

# ---- every shipped scenario ----
run lint scenarios/*.json
check 'finds no fault with any shipped scenario' '$code == 0 && $out == *" 0 errors, 0 warnings" && -z $err'
for scenario in scenarios/*.json; do
    name=$(basename "$scenario" .json)
    run run "$scenario" --short --no-plots --out "$scratch/short/$name"
    check "$name in short: all its checks hold" '$code == 0 && -s $scratch/short/$name/report.html && -s $scratch/short/$name/summary.json'
    read -r first <"$scenario"
    check "$name says in its first line what it shows" '$first == "// Shows: "*'
done
rm -rf "$scratch/short"
run run scenarios/real-day.json --out "$scratch/real-day"
check 'a whole real day: all its checks hold' '$code == 0 && $out == *"3,852 orders"*"All 8 checks passed."*'

# ---- the same bytes, every time ----
files=(summary.json series.csv metrics.csv events.jsonl quotes.bin report.html report.md junit.xml)
plots=()
timeout_run() { run run scenarios/kroger-timeout.json "$@"; }
timeout_run --out "$scratch/once"
check 'kroger-timeout: all its checks hold' '$code == 0'
timeout_run --out "$scratch/again"
check 'and again' '$code == 0'
if command -v gnuplot >/dev/null; then
    for plot in "$scratch"/once/plots/*.svg; do plots+=("plots/${plot##*/}"); done
    check 'it draws its figures' '${#plots[@]} -ge 4'
else
    skip 'it draws its figures' 'there is no gnuplot'
fi
same "$scratch/once" "$scratch/again" "${files[@]}" "${plots[@]}"
check 'two runs are the same, byte for byte, figures too' '$code == 0'
rm -rf "$scratch/again"
timeout_run -r 8 -j 1 --out "$scratch/j1"
check 'eight replications on one thread' '$code == 0'
timeout_run -r 8 -j 2 --out "$scratch/j2"
check 'eight replications on two' '$code == 0'
same "$scratch/j1" "$scratch/j2" "${files[@]}" "${plots[@]}"
check 'are the same, byte for byte, figures too' '$code == 0'
rm -rf "$scratch/j1" "$scratch/j2"
run run scenarios/kroger-timeout.json --short --seed 8 --no-plots --out "$scratch/seed8"
run run scenarios/kroger-timeout.json --short --seed 9 --no-plots --out "$scratch/seed9"
cmp -s "$scratch/seed8/events.jsonl" "$scratch/seed9/events.jsonl"
check 'another seed is another run' '$? -eq 1'

cp -r "$scratch/once" "$scratch/rebuilt"
rm "$scratch/rebuilt/report.html" "$scratch/rebuilt/report.md"
run report "$scratch/rebuilt"
same "$scratch/once" "$scratch/rebuilt" summary.json report.html report.md
check 'report rebuilds the same report' '$code == 0'
report=$(cat "$scratch/once/report.html")
check 'which loads nothing and runs no script' '$report != *"<script"* && $report != *"src=\"http"* && $report != *"url(http"* && $report == *"default-src '\''none'\''"*'

# ---- three recorded files in one scenario ----
data=${ROUTESIM_DATA:-}
if [ -z "$data" ] && [ -d ../shared/data ]; then data=$(cd ../shared/data && pwd); fi
carts=$data/groceries.csv stamps=$data/kroger_basket_times.csv latencies=$data/azure_llm_conv_2023.csv

quantiles() { # quantiles COUNT: of the first COUNT latencies, by the type-7 rule: p50 p95 p99
    awk -F, -v n="$1" 'NR > 1 && NR <= n + 1 { print $2 }' "$latencies" | sort -n | awk '
        { value[NR] = $1 }
        END {
            count = split("50 95 99", percents, " ")
            for (i = 1; i <= count; i++) {
                place = (NR - 1) * percents[i] / 100
                below = int(place)
                printf "%.6f ", value[below + 1] + (place - below) * (value[below + 2] - value[below + 1])
            }
        }'
}
# What summary.json says of one operation that is called once an order: calls, n, p50, p95, p99. The file is
# written one value a line, in a fixed order, so awk can read it.
reported() { # reported FILE PROVIDER OPERATION
    awk -v provider="$2" -v operation="$3" '
        $1 == "\"providers\":" { inside = 1 }
        inside && $1 == "\"" provider "\":" { here = 1 }
        here && $0 ~ "\"name\": \"" operation "\"" { found = 1 }
        found && $1 == "\"calls\":" { calls = $2 + 0 }
        found && $1 == "\"n\":" { n = $2 + 0 }
        found && /"percent": (50|95|99),/ {
            sub(/^.*"value": /, "")
            text = text sprintf("%.6f ", $0 + 0)
        }
        found && /"curve"/ { print calls, n, text; exit }' "$1"
}
replay() { # replay LIMIT: a run over three recorded files
    cat >"$scratch/replay.json" <<END
{
  "name": "replay",
  "duration": "181d",
  "workload": {
    "arrivals": {"kind": "replay", "file": "$stamps", "column": "local_time", "limit": $1},
    "carts": {"kind": "replay", "file": "$carts"}
  },
  "providers": {
    "MEALME": {
      "chain": "single",
      "errors": {"rate": 0},
      "latency": {"single": {"law": "empirical", "file": "$latencies", "column": "ContextTokens",
                             "resample": false, "replay": {"at_end": "stop"}}}
    }
  }
}
END
    run run "$scratch/replay.json" --percentiles 50,95,99 --no-plots --events none --no-quotes --force --out "$scratch/replay"
}
if [ -r "$carts" ] && [ -r "$stamps" ] && [ -r "$latencies" ]; then
    # 2,500 rows, whose quantiles lie between two of them, and the whole file.
    rows=$(awk 'END { print NR - 1 }' "$latencies")
    for count in 2500 "$rows"; do
        replay "$count"
        check "recorded carts, arrivals and $count latencies play" '$code == 0'
        wanted="$count $count $(quantiles "$count")"
        out=$(reported "$scratch/replay/summary.json" MEALME single)
        check "p50, p95 and p99 of $count latencies are the type-7 quantiles of the rows" '$out == "$wanted"'
    done
    replay $((rows + 34))
    check 'more calls than rows end the run, and the scenario is told where' '$code == 3 && $err == *"replay.json:"*"ran out"*'
    check 'and leave the earlier result alone' '-s $scratch/replay/summary.json'
else
    skip 'recorded carts, arrivals and latencies play' 'groceries.csv and the rest are not here; ROUTESIM_DATA says where'
fi

# ---- a mistake in line 31 ----
{
    echo '{'
    for ((line = 2; line <= 28; line++)); do echo "  // line $line"; done
    printf '  "duration": "10m",\n  "workload": {\n    "arivals": {"kind": "poisson", "rate": "5/s"}\n  }\n}\n'
} >"$scratch/line31.json"
run lint "$scratch/line31.json"
check 'a misspelt key in line 31 is found there, with a suggestion' '$code == 3 && $out == *"line31.json:31:5: error: unknown key \"arivals\""*"^~~~~~~~~"*"did you mean \"arrivals\"?"*'
run run "$scratch/line31.json" --out "$scratch/line31"
check 'and run says the same, on standard error, and writes nothing' '$code == 3 && -z $out && $err == *"line31.json:31:5: error: "*"did you mean"* && ! -e $scratch/line31'

# ---- secrets ----
cat >"$scratch/secrets.env" <<'END'
KROGER_CLIENT_ID=an-id-is-no-secret
KROGER_CLIENT_SECRET=canary-b-51c7
WALMART_API_KEY=canary-c-51c7
MEALME_API_KEY=canary-d-51c7
INSTACART_API_KEY=canary-e-51c7
LOOPGPT_KROGER_TIMEOUT=4900
END
chmod 600 "$scratch/secrets.env"
run run scenarios/kroger-timeout.json --short --env-file "$scratch/secrets.env" -v --out "$scratch/secret"
check 'a run with secrets ends' '$code == 0 || $code == 1'
found=$(grep -rla 'canary-' "$scratch/secret" "$scratch/out" "$scratch/err")
check 'no file and no stream shows one' '-z $found && -s $scratch/secret/run.json'
run run scenarios/kroger-timeout.json --short --env-file "$scratch/secrets.env" --json --no-plots --force --out "$scratch/secret"
found=$(grep -la 'canary-' "$scratch/out" "$scratch/err")
check 'nor does its JSON' '-z $found && $out == "{"*'
run run scenarios/kroger-timeout.json --short --set router.env.KROGER_CLIENT_SECRET=canary-f-51c7 \
    --set 'router.env={"MEALME_API_KEY": "canary-g-51c7"}' --force --out "$scratch/secret"
found=$(grep -rla 'canary-' "$scratch/secret" "$scratch/out" "$scratch/err")
check 'nor does one that --set gave' '-z $found && -s $scratch/secret/report.html'
rm -rf "$scratch/secret"

# ---- without gnuplot ----
mkdir "$scratch/bin" # nothing in it
bare() { # bare WORDS...: run with nothing to be found in PATH
    env PATH="$scratch/bin" "$program" "$@" >"$scratch/out" 2>"$scratch/err" </dev/null
    code=$?
    out=$(cat "$scratch/out") err=$(cat "$scratch/err")
}
bare run scenarios/kroger-timeout.json --short --out "$scratch/bare"
check 'without gnuplot the report still comes, and a line says so' '$code == 0 && -s $scratch/bare/report.html && $err$out == *gnuplot*'
check 'with scripts and data to draw by hand' '-s $scratch/bare/plots/timeline.gp && -s $scratch/bare/plots/timeline.tsv && ! -e $scratch/bare/plots/timeline.svg'
bare run scenarios/kroger-timeout.json --short --require-plots --force --out "$scratch/bare"
check 'unless figures are required' '$code == 4 && $err == *gnuplot*'

# ---- a folder that cannot be written ----
mkdir "$scratch/readonly" && chmod 555 "$scratch/readonly"
if touch "$scratch/readonly/x" 2>/dev/null; then
    rm -f "$scratch/readonly/x"
    skip 'a folder without permission is named' 'this user may write anywhere'
else
    run run scenarios/baseline.json --short --no-plots --out "$scratch/readonly/run"
    check 'a folder without permission is named' '$code == 4 && $err == *"readonly"*"ermission"*'
fi
run run scenarios/baseline.json --short --no-plots --out /proc/nothing/run
check 'a folder that cannot be made is named' '$code == 4 && $err == *"/proc/nothing"*'
if [ -w /dev/full ]; then
    "$program" run scenarios/baseline.json --short --no-plots --json --out "$scratch/full" >/dev/full 2>"$scratch/err"
    code=$? out='' err=$(cat "$scratch/err")
    check 'a full disk behind standard output is said' '$code == 4 && $err == *"No space left"*'
    check 'and the folder is there all the same' '-s $scratch/full/summary.json'
    run run scenarios/baseline.json --short --no-plots --junit /dev/full --force --out "$scratch/full"
    check 'a full disk behind --junit too' '$code == 4 && $err == *"/dev/full"*"No space left"*'
else
    skip 'a full disk is said' 'there is no /dev/full'
fi
# A file that may not grow beyond 64 KiB is as good as a full disk, and needs no right to mount one.
run run scenarios/baseline.json --short --no-plots --out "$scratch/small"
before=$(cd "$scratch/small" && cat summary.json events.jsonl | cksum)
(
    ulimit -f 64
    trap '' XFSZ
    exec "$program" run scenarios/baseline.json --short --no-plots --seed 5 --force --out "$scratch/small"
) >"$scratch/out" 2>"$scratch/err" </dev/null
code=$? out=$(cat "$scratch/out") err=$(cat "$scratch/err")
check 'a file that cannot grow ends the run with one message' '$code == 4 && $err == *"error: "*'
after=$(cd "$scratch/small" && cat summary.json events.jsonl | cksum)
check 'and the earlier result is as it was' '$before == "$after"'
left=$(find "$scratch" -maxdepth 1 -name 'small*tmp*')
check 'and nothing half written stays' '-z $left'

# ---- stopped half way ----
# --force over an earlier result; whatever becomes of the new one, a whole summary stands there afterwards.
run run scenarios/baseline.json --short --no-plots --out "$scratch/stopped"
cp "$scratch/stopped/summary.json" "$scratch/summary.before"
set -m # a job of its own, in which an interrupt is not ignored
"$program" run scenarios/baseline.json --duration 100d --events none --no-quotes --no-plots --out "$scratch/stopped-new" \
    >"$scratch/out" 2>"$scratch/err" </dev/null &
victim=$!
"$program" run scenarios/baseline.json --duration 100d --no-plots --force --out "$scratch/stopped" \
    >"$scratch/out2" 2>"$scratch/err2" </dev/null &
killed=$!
set +m
started() { compgen -G "$scratch/stopped-new.tmp-*" >/dev/null && compgen -G "$scratch/stopped.tmp-*" >/dev/null; }
await started
sleep 1
kill -INT "$victim"
kill -KILL "$killed"
{ # bash would tell of the death
    wait "$victim"
    code=$?
    wait "$killed"
    killed_code=$?
} 2>/dev/null
out=$(cat "$scratch/out") err=$(cat "$scratch/err")
check 'an interrupt ends a run with 130' '$code == 130'
summary=$(cat "$scratch/stopped-new/summary.json" 2>/dev/null)
check 'what it has is written, and marked as partial' '$summary == *"\"complete\": false"* && $out == *"Stopped early by a signal."*'
code=$killed_code out='' err=''
check 'a run killed outright dies' '$code == 137'
cmp -s "$scratch/stopped/summary.json" "$scratch/summary.before"
check 'and the earlier result is not lost' '$? -eq 0'
run run scenarios/baseline.json --short --no-plots --force --out "$scratch/stopped"
check 'nor in the way of the next run' '$code == 0'

exit "$failed"
