#!/usr/bin/env bash
# Goal: routesim drill as the person on call, or a script, meets it: the shipped suite, drills that fail, are
# called off, are invalid or are none; the same bytes however it is run; real time with a person or without.
# Method: it is run, and its exit code, standard output, standard error and files are looked at. Prints a
# line `ok - name`, `ok - name # SKIP why` or `not ok - name` a test. Nothing leaves this machine.
# shellcheck source=lib/e2e.bash
. "$(dirname "${BASH_SOURCE[0]}")/lib/e2e.bash" || exit 1
line_end=$'\n'

refused() { # refused NAME CODE CONDITION WORDS...: a hint, and nothing written
    local name=$1 wanted=$2 condition=$3
    shift 3
    run drill "$@" --progress none -o "$scratch/refused"
    check "$name" "\$code == $wanted && -z \$out && \$err == *error:* && -z \$(compgen -G \"\$scratch/refused*\") && $condition"
}

few=(--progress none --no-plots)

# ---- the shipped suite -------------------------------------------------------------------------------
files=(scenarios/drills/*.json)
run drill scenarios/drills/ "${few[@]}" -o "$scratch/suite"
suite=$flat
check 'all shipped drills pass' '$code == 0 && $flat == *" ${#files[@]} of ${#files[@]} went as expected, in "*" s. Report: "*"/suite/index.html"*'
check 'the table has times, budget and orders lost' '$flat == *"DRILL verdict TTD TTM TTR budget lost"*'
missing='' unpaged=''
for file in "${files[@]}"; do
    name=$(basename "$file" .json)
    [ "$(grep -c "^  ${name:0:23}" <<<"$out")" -ge 1 ] || missing+=" $name"
    [ -s "$scratch/suite/$name/report.html" ] && [ -s "$scratch/suite/$name/drill.json" ] || unpaged+=" $name"
    [ "$(grep -c "href=\"$name/report.html\"" "$scratch/suite/index.html")" -ge 1 ] || unpaged+=" $name"
done
check 'every drill has its row' '-z $missing'
check 'a page of its own, and a link to it' '-z $unpaged'
check 'and its line in suite.md and suite.json' '$(grep -c "^| [a-z].* pass |" $scratch/suite/suite.md) -eq ${#files[@]} && $(grep -c "\"verdict\": \"pass\"" $scratch/suite/suite.json) -eq ${#files[@]}'
quarterly=$(grep -l '"tags":.*"quarterly"' "${files[@]}" | wc -l)
run drill scenarios/drills/ "${few[@]}" --tag quarterly -q -o "$scratch/quarterly"
check 'the quarterly test is those with its tag, and quiet when all is well' '$code == 0 && -z $out && $quarterly -gt 3 && $(ls -d $scratch/quarterly/*/ | wc -l) -eq $quarterly'
refused 'a tag that no drill has' 3 '$err == *"no-such-tag"*' scenarios/drills/ --tag no-such-tag

# ---- what is told beforehand -------------------------------------------------------------------------
run drill scenarios/drills/flapping.json --dry-run -o "$scratch/planned"
check 'a plan says what cannot fire, and writes nothing' '$code == 0 && $flat == *"a forecast under steady traffic, and no result"*"No Providers Available cannot fire: true for at most 4 min of the 5 min it waits for"* && ! -e $scratch/planned'
run drill scenarios/drills/emergency-1-as-coded.json --dry-run
check 'it has the warnings of lint beside the steps' '$code == 0 && $flat == *"1 set LOOPGPT_MEALME_MOCK = true ! no effect: production"*"2 set LOOPGPT_INSTACART_MOCK = true ! no effect"*"Nothing was played or written."*'
check 'no line of it is wider than 80' '$(wc -L <<<"$out") -le 80'
run drill scenarios/drills/ --dry-run
check 'of a folder it is a table' '$code == 0 && $(grep -cE "^  [a-z0-9-]+ .* [0-9]+$" <<<"$out") -eq ${#files[@]}'
run drill scenarios/drills/flapping.json --dry-run --clock real --speed 60x
check 'in real time it says what is called, and how fast' '$code == 0 && $flat == *"about 360 orders "*"2 min of real time"*"HTTP servers of this process; waiting is 60 times as fast"*'
printf '{"duration": "1h", "faults": 3}' >"$scratch/bad-plan.json"
run drill "$scratch/bad-plan.json" --dry-run
check 'a file that could not be played has no plan' '$code == 3 && -z $out && $err == *error:*'

# ---- one disaster, met in two ways --------------------------------------------------------------------
small='{"duration": "40m", "warmup": "5m", "seed": 5, "workload": {"arrivals": {"rate": "1/s"}},
 "router": {"env": {"LOOPGPT_ENABLE_KROGER": true}}, "slo": {"objective": "99.5%", "within": "8s"},
 "faults": [{"id": "hangs", "provider": "KROGER_API", "kind": "KIND", "at": "10m", "for": "20m"}],
 "alerts": {"file": "RULES"}, "operators": [{"id": "oncall", "triggers": [{"on_alert": "page"}], "ack": "1m", "steps": [
 {"do": "set", "key": "LOOPGPT_ENABLE_KROGER", "value": false}, {"do": "redeploy"}]}],
 "stop_conditions": [{"metric": "router.budget_burned", "limit": "5000%"}]}'
mkdir "$scratch/two"
tell() { # tell NAME KIND RULES: a small drill, five times
    sed -e "s|KIND|$2|; s|RULES|$3|" <<<"$small" >"$scratch/two/$1.json"
    run drill "$scratch/two/$1.json" "${few[@]}" -r 5 -q -o "$scratch/two-$1"
}
rules=$PWD/scenarios/alerts
tell runbook hang "$rules/runbook.json"
tell sre hang "$rules/sre.json"
tell refused refuse "$rules/sre.json"
run compare "$scratch/two-runbook" "$scratch/two-sre" --json="$scratch/two.json" --markdown="$scratch/two.md" --html="$scratch/two.html"
check 'two rule sets against one disaster: what it made of detection and cost' '$flat == *"THE DRILL A B B - A 95% interval time to detect "*" orders lost "*"Medians of 5 repeats, paired by repeat"*"alert Provider API Down < 50%/5m for 10m (no such rule)"*"alert Budget Burns Fast (no such rule) > 14.4/1h"*'
check 'and no line is wider than 80' '$(tail -n +3 <<<"$out" | wc -L) -le 80'
if command -v jq >/dev/null; then
    check 'the same as JSON, as Markdown and as a page' '$(jq -r ".drill.measures[] | select(.measure == \"pages\") | .pairs" $scratch/two.json) == 5 && $(grep -c "^| time to detect |" $scratch/two.md) -eq 1 && $(grep -c "<h2.*The drill" $scratch/two.html) -eq 1'
    check 'paged sooner, it burns less' '$(jq "[.drill.measures[] | select(.measure == \"ttd\" or .measure == \"budget_burned\") | .difference < 0] | all" $scratch/two.json) == true'
    run compare "$scratch/two-sre" "$scratch/two-sre" --json
    check 'the same drill twice differs in nothing' '$code == 0 && $(jq "[.drill.measures[] | .above + .below + .only_a + .only_b] | add" <<<"$out") == 0 && $(jq ".settings | length" <<<"$out") == 0'
else
    skip 'two drills compared, as JSON' 'jq is not here'
fi
run compare "$scratch/two-sre" "$scratch/two-refused"
check 'another fault is another disaster, and named' '$code == 3 && -z $out && $err == *"faults.hangs.kind"*'
run run "$scratch/two/sre.json" "${few[@]}" -r 5 -q -o "$scratch/two-plain"
run compare "$scratch/two-plain" "$scratch/two-sre"
check 'a drill is not compared with a plain run' '$code == 3 && -z $out && $err == *"it is a drill, and the baseline is a plain run"*'

# ---- the first emergency, as production's code is ----------------------------------------------------
coded=$scratch/suite/emergency-1-as-coded
run drill scenarios/drills/emergency-1-as-coded.json "${few[@]}" --events none --no-quotes -o "$scratch/coded"
check 'emergency 1: the console names both flags without effect, and why' '$code == 0 && $flat == *"mock-mealme set LOOPGPT_MEALME_MOCK = true"*" no effect"*"s code reads LOOPGPT_MEALME_MOCK nowhere"*"mock-instacart set LOOPGPT_INSTACART_MOCK ="*" no effect"*'
check 'and the verification that answers 400' '$flat == *"FINDINGS"*"failed: HTTP 400 INVALID_REQUEST: userId is missing"*'
findings=$(sed -n '/^\*\*Findings/,$p' "$coded/report.md" | tr -d '\\')
check 'report.md has all three as findings' '$findings == *"LOOPGPT_MEALME_MOCK = true"*"had no effect"* && $findings == *"LOOPGPT_INSTACART_MOCK = true"*"had no effect"* && $findings == *"HTTP 400 INVALID_REQUEST"*'
told=$(one_line "$coded/drill.json")
check 'drill.json as well, with the outcome of each step' '$told == *"\"mock-mealme\""*"\"no effect\""* && $told == *"\"mock-instacart\""*"\"no effect\""* && $told == *"HTTP 400 INVALID_REQUEST: userId is missing"*'
check 'the journal for Chaos Toolkit is there' '$(<$coded/journal.json) == *"chaoslib-version"*"steady_states"*'

# ---- small drills: one that is well, and what may be wrong with it ------------------------------------
write_drill() { # write_drill FILE [SED...]: half an hour; Kroger hangs from minute 8 to 18
    local file=$1
    shift
    cat >"$scratch/base" <<'JSON'
{
  "schema": "routesim.scenario/1", "seed": 5, "duration": "30m", "warmup": "4m",
  "workload": {"arrivals": {"rate": "1/s"}, "carts": {"lines": 2}},
  "router": {"env": {"LOOPGPT_ENABLE_KROGER": true, "LOOPGPT_ENABLE_WALMART": true}},
  "slo": {"objective": 0.995, "within": "8s"},
  "faults": [{"id": "hang", "provider": "KROGER_API", "kind": "hang", "at": "8m", "for": "10m"}],
  "alerts": {"rules": [{"name": "Kroger Down", "metric": "KROGER_API.success_rate", "op": "<", "threshold": "50%", "window": "1m", "for": "1m", "min_volume": 10}]},
  "hypothesis": {"probes": [
    {"name": "errors", "metric": "router.error_rate", "limit": "5%", "window": "1m", "min_volume": 10},
    {"name": "latency", "metric": "router.p95_ms", "limit": "6s", "mode": "edge", "window": "1m", "min_volume": 10}]},
  "operators": [{"id": "oncall", "triggers": [{"on_alert": "Kroger Down"}], "ack": {"law": "lognormal", "p50": "1m", "p95": "3m"}, "steps": [
    {"do": "set", "id": "off", "key": "LOOPGPT_ENABLE_KROGER", "value": false},
    {"do": "redeploy"},
    {"do": "wait_until", "when": "fault_cleared"},
    {"do": "rollback"}, {"do": "redeploy"}]}],
  "stop_conditions": [{"metric": "router.error_rate", "limit": "90%"}],
  "expect": [{"alert": "Kroger Down", "fires_within": "5m"},
    {"measure": "ttm", "limit": "9m", "quantile": 0.5}]
}
JSON
    sed "$@" "$scratch/base" >"$scratch/$file.json"
}
play() { # play FILE WORDS...
    local file=$1
    shift
    run drill "$scratch/$file.json" "${few[@]}" --events none --no-quotes -o "$scratch/out-$file" --force "$@"
}
write_drill well -e ''
play well
check 'a drill of ones own' '$code == 0 && $flat == *" Passed All 2 expectations were met."*"Report: "* && $(<$scratch/out-well/report.md) == *"**Passed.**"*'
check 'the file that events were to go to is not there' '! -e $scratch/out-well/events.jsonl && ! -e $scratch/out-well/quotes.bin'

write_drill unknown -e 's/"key": "LOOPGPT_ENABLE_KROGER"/"key": "LOOPGPT_ENABLE_KROGR"/'
play unknown
check 'a key that nobody knows is a warning with its place and a hint' '$err == *"unknown.json:12:39: warning: "*"LOOPGPT_ENABLE_KROGR is no key that the router reads"*"hint: did you mean \"LOOPGPT_ENABLE_KROGER\""*'
check 'the step has no effect, and that is a finding' '$flat == *"off set LOOPGPT_ENABLE_KROGR = false"*" no effect "*"FINDINGS"*"off \"set LOOPGPT_ENABLE_KROGR = false\" had no effect"*'
check 'in every file' '$(tr -d "\\\\" <$scratch/out-unknown/report.md) == *"had no effect: LOOPGPT_ENABLE_KROGR"* && $(<$scratch/out-unknown/drill.json) == *"operator_noop"* && $(<$scratch/out-unknown/report.html) == *LOOPGPT_ENABLE_KROGR* && $(<$scratch/out-unknown/timeline.csv) == *LOOPGPT_ENABLE_KROGR*'

write_drill unmet -e 's/"limit": "6s"/"limit": "100ms"/'
play unmet
check 'steady state that is not there before the method: invalid, exit 5' '$code == 5 && $flat == *" Invalid "*latency* && $(<$scratch/out-unmet/drill.json) == *"\"verdict\": \"invalid\""*'
play unmet -q
check 'quiet says that too' '$code == 5 && $out == *nvalid*'
write_drill fails -e 's/"limit": "9m"/"limit": "1m"/'
play fails --junit "$scratch/junit.xml"
check 'an expectation that is not met: exit 1, with where it stands' '$code == 1 && $flat == *" Failed 1 of 2 expectations not met"*"fails.json:18"* && $(<$scratch/junit.xml) == *"<failure"*'
write_drill stopped -e 's/"router.error_rate", "limit": "90%"/"router.budget_burned", "limit": "0.2%"/'
play stopped
check 'a stop condition aborts: exit 1' '$code == 1 && $flat == *" Aborted "*budget* && $(<$scratch/out-stopped/drill.json) == *"\"verdict\": \"aborted\""*'
write_drill stays -e 's/{"do": "rollback"}, {"do": "redeploy"}/{"do": "note", "text": "goes home"}/; s/"mode": "edge"/"mode": "end"/; s/"metric": "router.p95_ms", "limit": "6s"/"metric": "KROGER_API.success_rate", "op": ">=", "limit": "90%"/'
play stays
check 'what is left as the operator put it is said' '$flat == *"At the run'"'"'s end the router still ran with changed settings: KROGER_API disabled."*'

run drill "$scratch/unmet.json" "$scratch/well.json" "$scratch/fails.json" "${few[@]}" -o "$scratch/several"
check 'of several drills each has its verdict, and a failure wins over what is invalid' '$code == 1 && $flat == *"unmet invalid"*"well pass"*"fails fail"*"1 of 3 went as expected, 1 failed, 1 invalid"*'
run drill "$scratch/unmet.json" "$scratch/well.json" "${few[@]}" -o "$scratch/several" --force --junit "$scratch/suite.xml" --markdown "$scratch/suite.md" --json="$scratch/suite.json"
check 'without a failure it is 5' '$code == 5'
check 'copies go where they are wanted' '$(grep -c "<testsuite " $scratch/suite.xml) -eq 2 && -n $(cmp $scratch/suite.md $scratch/several/suite.md && echo same) && -n $(cmp $scratch/suite.json $scratch/several/suite.json && echo same)'

# ---- what is no drill, or wrong -----------------------------------------------------------------------
refused 'a scenario that is no drill' 3 '$err == *"this is a scenario and no drill"*"hint: "*"routesim run"*' scenarios/baseline.json
mkdir "$scratch/mixed" "$scratch/empty"
cp "$scratch/well.json" scenarios/baseline.json "$scratch/mixed"
run drill "$scratch/mixed" "${few[@]}" -o "$scratch/out-mixed"
check 'in a folder it is passed over with a warning' '$code == 0 && $err == *"baseline.json: warning: no drill"* && $flat == *"1 of 1 went as expected"*'
refused 'expectations of other rules than are played' 3 '$err == *"no alert is called"*"--set '"'"'expect=[]'"'"' plays without"*' scenarios/drills/flapping.json --set alerts.file=../alerts/sre.json
refused 'an empty folder' 3 '$err == *"there is no *.json in it"*' "$scratch/empty"
refused 'a file that is not there' 3 '$err == *"nothing.json"*' "$scratch/nothing.json"
run drill
check 'no file at all' '$code == 2 && -z $out && $err == *"Usage: "*"routesim help drill"*'
write_drill wrong -e 's/"do": "redeploy"}, *$/"do": "redeploy"},/; s/{"do": "wait_until", "when": "fault_cleared"}/{"do": "wait_untill", "when": "fault_cleared"}/'
refused 'a mistake has its place, a caret and a hint' 3 '$err == *"wrong.json:14:12: error: "*"^"*"hint: "*wait_until*' "$scratch/wrong.json"
cp "$scratch/wrong.json" "$scratch/mixed/z.json"
refused 'one bad file of a folder, and nothing is played' 3 '$err == *"z.json:14:12: error: "*' "$scratch/mixed"
refused 'an alert that nobody raises' 3 '$err == *"error: "*"Kroger Dawn"*"hint: "*"Kroger Down"*' --set 'operators.oncall.triggers=[{"on_alert": "Kroger Dawn"}]' "$scratch/well.json"
refused 'a reading that is none' 2 '$err == *--reading*' "$scratch/well.json" --reading D
refused 'all readings at once are for scores' 2 '$err == *"one reading"*"alerts score --reading all"*' scenarios/drills/flapping.json --reading all
for option in --ask --speed=60x --notify-pagerduty --notify-slack; do
    refused "$option in virtual time" 2 '$err == *"in virtual time nobody waits"*"hint: add --clock real"*' "$scratch/well.json" "$option"
done
refused 'a speed that is none' 2 '$err == *"--speed 60x"*' "$scratch/well.json" --clock real --speed fast

# ---- another reading is another story -----------------------------------------------------------------
run drill scenarios/drills/flapping.json "${few[@]}" --events none --no-quotes --reading A -o "$scratch/reading"
check 'flapping pages nobody in reading B' '$suite == *"flapping pass never never "*'
check 'and somebody in reading A: then the drill fails, and says so' '$code == 1 && $flat == *" Failed "*"No Providers Available does not fire"*"detected after "* && $flat == *"oncall, because of alert "*'

# ---- the same bytes -----------------------------------------------------------------------------------
run drill "$scratch/well.json" -r 20 -j 1 --progress none -o "$scratch/same-one"
check 'repeats are distributions' '$code == 0 && $flat == *"The story alone: pass in all 20 repeats."*"median of the repeats: detected after "*" (P90 "*'
run drill "$scratch/well.json" -r 20 -j 2 --progress none -o "$scratch/same/two"
diff -rq -x run.json "$scratch/same-one" "$scratch/same/two" >"$scratch/differences" 2>&1
check 'with one thread or two, here or there: the same bytes' '$code == 0 && ! -s $scratch/differences && -s $scratch/same-one/events.jsonl'

# ---- figures ------------------------------------------------------------------------------------------
if command -v gnuplot >/dev/null; then
    check 'figures are drawn' '$(<$scratch/same-one/report.html) == *"<svg"* && -s $scratch/same-one/plots/drill_timeline.svg'
else
    skip 'figures are drawn' 'there is no gnuplot'
fi
mkdir "$scratch/path"
bare() { PATH=$scratch/path "$program" drill "$scratch/well.json" --progress none "$@" >"$scratch/out" 2>"$scratch/err" </dev/null; look $?; }
bare -o "$scratch/bare"
check 'without gnuplot the rest comes, and a line says so' '$code == 0 && $err == *gnuplot* && $(<$scratch/bare/report.html) == *"<table"* && $(<$scratch/bare/report.html) != *"<svg"*'
bare -o "$scratch/refused" --require-plots
check 'unless figures are required' '$code == 4 && $err == *gnuplot* && -z $(compgen -G "$scratch/refused*")'

# ---- a quarterly habit: out of one drill into others' hands -------------------------------------------
run drill "$scratch/well.json" "${few[@]}" --json --events none --no-quotes -o "$scratch/json"
check '--json writes JSON and nothing else' '$code == 0 && $out == "{"*"\"schema\": \"routesim.drill/1\""*"}" && $out == "$(<$scratch/json/drill.json)"'
run export "$scratch/same-one" --csv -o "$scratch/tables"
check 'its logs can be exported' '$code == 0 && $(wc -l <$scratch/tables/edge_logs.csv) -gt 1000'
run report "$scratch/same-one"
check 'report leaves its pages alone' '$code != 0 && $err == *"drill"*'

# ---- secrets ------------------------------------------------------------------------------------------
canary=canary-$RANDOM$RANDOM$RANDOM
pager=$(printf 'c%031d' "$RANDOM$RANDOM")
write_drill secret -e "s/\"key\": \"LOOPGPT_ENABLE_KROGER\", \"value\": false/\"key\": \"KROGER_CLIENT_SECRET\", \"value\": \"$canary\"/"
run drill "$scratch/secret.json" --progress none -o "$scratch/out-secret"
said=$out$err
mkdir "$scratch/held"
cp "$scratch/secret.json" "$scratch/well.json" "$scratch/held"
run drill "$scratch/held" "${few[@]}" --json -o "$scratch/out-held"
said+=$out$err
check 'a secret that a step sets is in no output' '$said == *KROGER_CLIENT_SECRET* && $said != *"$canary"* && -z $(grep -r -l -a "$canary" $scratch/out-secret $scratch/out-held)'

# ---- where results may go -----------------------------------------------------------------------------
mkdir "$scratch/foreign"
echo mine >"$scratch/foreign/file"
run drill "$scratch/well.json" "${few[@]}" -o "$scratch/foreign" --force
check 'a folder of something else is refused, even with --force' '$code == 2 && $(cat $scratch/foreign/file) == mine'
run drill "$scratch/held" "${few[@]}" -o "$scratch/foreign" --force
check 'by a suite, too' '$code == 2 && $(ls $scratch/foreign) == file'
if [ "$(id -u)" -ne 0 ]; then
    mkdir -m 555 "$scratch/closed"
    closed=$scratch/closed/out
else
    closed=/proc/routesim-out
fi
run drill "$scratch/well.json" "${few[@]}" -o "$closed"
check 'a folder that cannot be written is the environment'"'"'s fault' '$code == 4 && $err == *error:*'
run drill "$scratch/held" "${few[@]}" -o "$closed"
check 'for a suite as well' '$code == 4 && $err == *error:*'

# ---- interrupted --------------------------------------------------------------------------------------
for what in secret.json held; do
    mkdir "$scratch/cut-$what"
    "$program" drill "$scratch/$what" -r 5000 "${few[@]}" -o "$scratch/cut-$what/out" >"$scratch/out" 2>"$scratch/err" </dev/null &
    running=$!
    await '[ -n "$(ls "$scratch/cut-$what")" ]'
    kill -TERM "$running"
    wait "$running"
    look $?
    check "SIGTERM half way through $what leaves nothing" '$code -eq 143 && -z $(ls $scratch/cut-$what)'
done

# ---- real time ----------------------------------------------------------------------------------------
# Kroger refuses connections from second 15 of a minute on, for half of it.
cat >"$scratch/minute.json" <<'JSON'
{
  "schema": "routesim.scenario/1", "name": "minute", "seed": 5, "duration": "1m",
  "workload": {"arrivals": {"rate": "20/s"}, "carts": {"lines": 2}},
  "router": {"env": {"LOOPGPT_ENABLE_KROGER": true, "LOOPGPT_ENABLE_WALMART": true}, "deployment": {"redeploy": "4s"}},
  "faults": [{"id": "refused", "provider": "KROGER_API", "kind": "refuse", "at": "15s", "for": "30s"}],
  "alerts": {"interval": "1s", "rules": [{"name": "Kroger Down", "metric": "KROGER_API.success_rate", "op": "<", "threshold": "50%", "window": "6s", "for": "4s", "min_volume": 5}]},
  "hypothesis": {"holds_for": "4s", "frequency": "1s", "probes": [{"name": "errors", "metric": "router.error_rate", "limit": "50%", "window": "6s"}]},
  "operators": [{"id": "oncall", "triggers": [{"on_alert": "Kroger Down"}], "ack": "2s", "steps": [
    {"do": "set", "id": "off", "key": "LOOPGPT_ENABLE_KROGER", "value": false, "takes": "2s"}, {"do": "redeploy"}]}],
  "expect": [{"alert": "Kroger Down"}, {"step": "off", "outcome": "done"}]
}
JSON
real=("$scratch/minute.json" --clock real "${few[@]}" --events none --no-quotes)
begin() { # begin NAME WORDS...: a run in real time that others run beside; what is said to it comes from NAME.in
    local name=$1
    shift
    "$program" drill "${real[@]}" -o "$scratch/$name" "$@" >"$scratch/$name.out" 2>"$scratch/$name.err" <"$scratch/$name.in" &
    pids[$name]=$!
}
finish() { # finish NAME
    wait "${pids[$1]}"
    local ended=$?
    cp "$scratch/$1.out" "$scratch/out"
    cp "$scratch/$1.err" "$scratch/err"
    look $ended
}
declare -A pids
# A mock server is a listener that takes everything down, and answers 404 to what it does not know.
"$program" mock --print-urls --keys "$scratch/keys" --for 2m --journal "$scratch/journal.jsonl" >"$scratch/urls" 2>"$scratch/mock.err" &
mock=$!
await 'grep -q ^ENV_FILE= "$scratch/urls"'
listener=$(sed -n 's/^KROGER_API=//p' "$scratch/urls")
refused 'without a key nobody is told' 3 '$err == *ROUTESIM_PAGERDUTY_KEY*' "${real[@]:0:3}" --notify-pagerduty
export ROUTESIM_PAGERDUTY_KEY=$pager
refused 'nor over plain http to another machine' 3 '$err == *"http:, which is for this machine alone"*' "${real[@]:0:3}" --notify-pagerduty --notify-url http://example.invalid/notify

answers() { # what a person types, after a while
    sleep 4
    echo hlep
    echo 'rotate KROGER'
    echo 'set LOOPGPT_ENABLE_KROGR false'
    echo "set KROGER_CLIENT_SECRET $canary"
    echo 'set LOOPGPT_ENABLE_KROGER false'
    echo redeploy
    echo status
}
mkfifo "$scratch/asked.in" "$scratch/stops.in"
ln -s /dev/null "$scratch/told.in"
answers >"$scratch/asked.in" &
begin asked --speed 6x --ask
{ sleep 2; echo 'note that is enough'; echo stop; } >"$scratch/stops.in" &
begin stops --speed 2x --ask
begin told --speed 6x --notify-pagerduty --notify-url "$listener/notify"

finish stops
check 'stop aborts it, and what was done until then is written' '$code == 1 && $flat == *"Aborted"*"stopped by hand"* && -e $scratch/stops/journal.json && $err == *"you: that is enough"*'
finish told
check 'in real time at 6x the same story is played, and told as it goes' '$code == 0 && $err == *"fault refused begins"*"page fires: Kroger Down, KROGER_API"*"oncall acknowledges"*"oncall: set LOOPGPT_ENABLE_KROGER = false: done"*"deployed: KROGER_API disabled"* && $flat == *"in real time"*'
kill -INT "$mock"
wait "$mock"
check 'alerts are sent for real, and what came of that is said' '$err == *"alerts of this drill are told to PagerDuty (http://127.0.0.1:"*"alerts told: PagerDuty: 0 sent, "*" failed (HTTP 404"*'
check 'the listener heard them' '$(grep -c "/notify" $scratch/journal.jsonl) -ge 2'
check 'their key is in no output' '$out$err != *"$pager"* && -z $(grep -r -l -a "$pager" "$scratch/told")'
finish asked
check 'a person is the operator: what is typed is done' '$code -lt 2 && $err == *"you: set LOOPGPT_ENABLE_KROGER = false: done"*"you: redeploy: done"* && $err == *"deployed: "*"KROGER_API disabled"*'
check 'a word that is none is answered, and so is a provider that is none' '$err == *"\"hlep\" is nothing that can be done here; help says what is"*"\"KROGER\" is no provider: MEALME, "*'
check 'a key that is none has no effect there either' '$err == *"set LOOPGPT_ENABLE_KROGR = false: no effect"* && $(<$scratch/asked/drill.json) == *operator_noop*LOOPGPT_ENABLE_KROGR*'
check 'whoever is drilled is not told of the fault' '$err != *"fault refused"*'
check 'nor is a secret shown that was typed' '$err$out != *"$canary"* && -z $(grep -r -l -a "$canary" "$scratch/asked")'
exit $failed
