#!/usr/bin/env bash
# Goal: whatever is wrong with what the program is given, it says so in one clear message, at its place,
# with the exit code that is documented; nothing half written stays, and nobody's files are touched.
# Method: one line a mistake: what is wrong, the exit code, what the message must contain, the command.
# Scenarios are made here, in a scratch folder. Prints a line `ok - name` or `not ok - name` a test.
# shellcheck source=lib/e2e.bash
. "$(dirname "${BASH_SOURCE[0]}")/lib/e2e.bash" || exit 1
cd "$scratch" || exit 1

verdict() { # verdict NAME PASSED
    if [ "$2" = yes ]; then ok "$1"; else not_ok "$1" "wanted: exit $wanted_code and \"$wanted\"
exit $code: $(head -n 12 said)"; fi
}

# refuses NAME CODE PATTERN WORDS...: the program, given WORDS, exits with CODE, and its error, wherever it
# goes, matches the bash pattern; there is exactly one error, and no folder is left half written.
refuses() {
    local name=$1 passed=no
    wanted_code=$2 wanted=$3
    shift 3
    "$program" "$@" >said 2>&1 </dev/null
    code=$?
    # shellcheck disable=SC2053 # a pattern is wanted
    if [ "$code" = "$wanted_code" ] && [[ $(cat said) == *$wanted* ]] &&
        [ "$(grep -cE '(^|: )error: ' said)" = 1 ] && [ -z "$(find . -maxdepth 1 -name '*tmp-*')" ]; then
        passed=yes
    fi
    verdict "$name" "$passed"
}

# The same with a scenario: lint and run must agree, and run must write nothing.
scenario() { # scenario NAME PATTERN TEXT
    local name=$1 pattern=$2
    printf '%s\n' "$3" >s.json
    refuses "$name" 3 "$pattern" lint s.json
    refuses "$name, in run too" 3 "$pattern" run s.json --no-plots --out never
    if [ -e never ]; then
        not_ok "$name: an output folder was made"
        rm -rf never
    fi
}

# The same with a mistake that only playing the scenario finds, as in a CSV file that it names.
plays() { # plays NAME PATTERN TEXT
    local name=$1 pattern=$2
    printf '%s\n' "$3" >s.json
    refuses "$name" 3 "$pattern" run s.json --no-plots --duration 1m --out never
    if [ -e never ]; then
        not_ok "$name: an output folder was made"
        rm -rf never
    fi
}

# ---- files that are no scenarios ----
scenario 'an empty file' 's.json:*there is no JSON here' ''
scenario 'a list' 's.json:1:1: error: a scenario is one object' '[]'
scenario 'a trailing comma' 's.json:1:19: error: a trailing comma' '{"duration": "10m",}'
scenario 'a missing comma' 's.json:1:14: error: *is a comma missing' '{"name": "x" "duration": "10m"}'
scenario 'a text that ends too early' 's.json:1:1: error: this "{" is never closed' '{"name": "x"'
scenario 'bytes that are not UTF-8' 's.json:1:11: error: this byte (0xff) is not UTF-8' $'{"name": "\xff"}'
scenario 'a number that is none' 's.json:1:14: error: "NaN"' '{"duration": NaN}'
scenario 'a key that stands twice' 's.json:1:15: error: the key "name" stands here a second time' '{"name": "a", "name": "b"}'
scenario 'a version of tomorrow' 's.json:1:12: error: "schema" cannot be "routesim.scenario/2"' '{"schema": "routesim.scenario/2"}'
refuses 'a file that is not there' 3 'none.json: error: cannot be opened: No such file' run none.json
refuses 'a folder' 3 'error: cannot be read: Is a directory' run .

# ---- keys and values ----
scenario 'an unknown key' 's.json:1:2: error: unknown key "durration"*did you mean "duration"?' '{"durration": "10m"}'
scenario 'a span without a unit' 's.json:1:14: error: *"600s"' '{"duration": 600}'
scenario 'a negative span' 's.json:1:15: error: *negative' '{"duration": "-5m"}'
scenario 'a rate of nothing' 's.json:1:37: error: *"0/s" is not above zero' '{"workload": {"arrivals": {"rate": "0/s"}}}'
scenario 'more than all' 's.json:1:36: error: *at most 1; it is 1.5' '{"workload": {"confirm": {"share": "150%"}}}'
scenario 'a seed that a number cannot hold' 's.json:1:10: error: "seed"' '{"seed": 9007199254740993}'
scenario 'a p95 below the p50' 's.json:1:73: error: "p95" (1s) must be above "p50" (3s)' '{"providers": {"KROGER_API": {"latency": {"store": {"p50": "3s", "p95": "1s"}}}}}'
scenario 'an operation of somebody else' 's.json:1:43: error: KROGER_API has no operation "slots"' '{"providers": {"KROGER_API": {"latency": {"slots": {"median": "2s"}}}}}'
scenario 'a warm-up longer than the run' 's.json:1:31: error: the warm-up of 20m' '{"duration": "10m", "warmup": "20m"}'

# ---- faults and checks ----
scenario 'a provider that is none' 's.json:1:37: error: *did you mean "KROGER_API"?' '{"faults": [{"id": "f", "provider": "KROGER", "kind": "hang"}]}'
scenario 'a fault kind that is none' 's.json:1:59: error: *did you mean "hang"?' '{"faults": [{"id": "f", "provider": "KROGER_API", "kind": "hnag"}]}'
scenario 'a fault outside the run' 's.json:1:*: error: fault "f" begins at 20m, but the run ends at 10m' '{"duration": "10m", "faults": [{"id": "f", "provider": "MEALME", "kind": "hang", "at": "20m"}]}'
scenario 'a fault without a name' 's.json:1:13: error: "faults.0" lacks "id"' '{"faults": [{"provider": "MEALME", "kind": "hang"}]}'
scenario 'two faults of one name' 's.json:2:2: error: two faults are called "a"; the other stands in line 1' $'{"faults": [{"id": "a", "provider": "MEALME", "kind": "hang"}, {"id":\n "a", "provider": "MEALME", "kind": "hang"}]}'
scenario 'a metric that does not exist' 's.json:1:24: error: there is no metric "router.p59_ms"*did you mean "router.p50_ms"' '{"checks": [{"metric": "router.p59_ms", "op": "<=", "limit": "5s"}]}'
scenario 'a check during nothing' 's.json:1:51: error: no fault is called "lunch"' '{"checks": [{"metric": "router.p95_ms", "during": "lunch", "op": "<=", "limit": 5}]}'
scenario 'a comparison that is none' 's.json:1:47: error: "checks.0.op" cannot be "=<"*did you mean "<="' '{"checks": [{"metric": "router.p95_ms", "op": "=<", "limit": "5s"}]}'
scenario 'a limit of another kind' 's.json:1:62: error: the limit of router.p95_ms is a span' '{"checks": [{"metric": "router.p95_ms", "op": "<=", "limit": "5%"}]}'

# ---- CSV files: the line number ----
arrivals() { printf '{"workload": {"arrivals": {"kind": "replay", "file": "%s", "column": "t"}}}' "$1"; }
printf 't\n2017-01-01 00:00:00\n2017-01-01 00:00:01\nyesterday\n' >rows.csv
plays 'a row that is no instant' 'rows.csv:4:1: error: "yesterday" is no instant' "$(arrivals rows.csv)"
printf 'a,t\n1,2017-01-01 00:00:00\n2\n' >fields.csv
plays 'a row that lacks a field' 'fields.csv:3:1: error: ' "$(arrivals fields.csv)"
printf 'stamp\n2017-01-01 00:00:00\n' >column.csv
plays 'a column that is not there' 'column.csv:1:1: error: there is no column "t"' "$(arrivals column.csv)"
echo t >header.csv
plays 'a header and nothing else' 'error: no row of header.csv' "$(arrivals header.csv)"
plays 'a CSV file that is not there' 'none.csv: error: *No such file' "$(arrivals none.csv)"
printf 'name,price\nmilk,1.99\nbread,free\n' >prices.csv
plays 'a price that is none' 'prices.csv:3:7: error: "free" is no price' '{"catalogue": {"file": "prices.csv"}}'
printf 'name,price\nmilk,1.99\n"bread,2.50\n' >quote.csv
plays 'a quote that is never closed' 'quote.csv:3:1: error: this quote is never closed' '{"catalogue": {"file": "quote.csv"}}'
printf 'ms\n12\n-5\n' >latency.csv
plays 'a latency below nothing' 'latency.csv:3:1: error: "-5" is no latency' '{"providers": {"MEALME": {"latency": {"cart": {"law": "empirical", "file": "latency.csv", "column": "ms"}}}}}'
: >carts.csv
plays 'no basket at all' 'error: carts.csv holds no basket' '{"workload": {"carts": {"kind": "replay", "file": "carts.csv"}}}'

# ---- the command line ----
echo '{"name": "good", "duration": "20s"}' >good.json
refuses 'an override of a key that is none' 3 'has no "rte"*did you mean "rate"?' run good.json --set workload.arrivals.rte=4/s --out never
refuses 'an override of the wrong kind' 3 '"duration"*banana' run good.json --set duration=banana --out never
refuses 'a check from the shell on no metric' 3 'there is no metric "router.p59_ms"*did you mean' run good.json --check 'router.p59_ms<=5000' --out never
refuses 'a check that is none' 3 '"router.p95_ms" is no check' run good.json --check router.p95_ms --out never
refuses 'no threads' 2 'from 1 to 1024' run good.json -j 0
refuses 'a seed that is none' 2 '--seed cannot be "abc"' run good.json --seed abc
refuses 'percentiles that fall' 2 '--percentiles cannot be "99,50"' run good.json --percentiles 99,50
refuses 'two scenarios' 2 'run takes at most 1' run good.json good.json
refuses 'an env file that is not there' 3 'none.env: error: *No such file' run good.json --env-file none.env
echo 'LOOPGPT_KROGER_TIMEOUT 4900' >bad.env
chmod 600 bad.env
refuses 'an env file with a bad line' 3 'bad.env:1:23: error: an equals sign' run good.json --env-file bad.env

# ---- output folders that are not ours ----
mkdir foreign
echo mine >foreign/precious.txt
refuses 'a folder that is somebody else'\''s' 2 "foreign: error: *what it holds is not routesim's" run good.json --no-plots --out foreign
refuses 'and not by force either' 2 "foreign: error: *what it holds is not routesim's" run good.json --no-plots --force --out foreign
code=0 wanted_code=0 wanted='untouched' && : >said
[ "$(ls foreign)" = precious.txt ] && [ "$(cat foreign/precious.txt)" = mine ] && untouched=yes || untouched=no
verdict 'which is left as it was' "$untouched"
refuses 'a file in place of a folder' 2 'error: the output folder is a file or a link' run good.json --no-plots --out good.json
"$program" run good.json --no-plots --quiet --out kept >said 2>&1 </dev/null
before=$(cksum kept/summary.json)
echo '{"name": "other", "duration": "20s"}' >other.json
refuses 'a folder with results of another scenario' 2 'kept: error: ' run other.json --no-plots --out kept
refuses 'a bad scenario over good results' 3 's.json:' run s.json --no-plots --force --out kept
[ "$(cksum kept/summary.json)" = "$before" ] && untouched=yes || untouched=no
verdict 'and the results are as they were' "$untouched"

# ---- results that are none ----
refuses 'a report of nothing' 3 'none' report none
cp -r kept torn
head -c 1500 kept/summary.json >torn/summary.json
refuses 'a report of a torn summary' 3 'summary.json:*error: ' report torn
cp -r kept newer
sed 's,routesim.summary/1,routesim.summary/9,' kept/summary.json >newer/summary.json
refuses 'a report of another version' 3 'summary.json:*routesim.summary/1' report newer
cp -r kept drilled
echo '{}' >drilled/drill.json
refuses 'a report in the place of a drill'"'"'s' 3 'drilled: error: this is a drill' report drilled
"$program" run good.json --no-plots --quiet --seed 4 --out seed4 >said 2>&1 </dev/null
refuses 'a comparison of two seeds' 3 'seed4: error: the seed differs' compare kept seed4
refuses 'a comparison with nothing' 3 'foreign: error: this is no run' compare kept foreign

# ---- carts ----
echo '{"items": []}' >empty.json
"$program" route empty.json >said 2>&1 </dev/null
code=$? wanted_code=3 wanted='"items" and "shippingAddress"'
[ "$code" = 3 ] && grep -q '"items" has to be' said && grep -q '"shippingAddress" has to be' said && both=yes || both=no
verdict 'a cart with two mistakes is told both' "$both"

exit "$failed"
