#!/usr/bin/env bash
# Goal: routesim tune as a person or a script meets it: a scenario, a folder and a log; what it refuses,
# what it writes, and that nothing half done is left.
# Method: it is run, and its exit code, standard output, standard error and files are looked at. Prints a
# line `ok - name`, `ok - name # SKIP why` or `not ok - name` a test.
# shellcheck source=lib/e2e.bash
. "$(dirname "${BASH_SOURCE[0]}")/lib/e2e.bash" || exit 1
shopt -s extglob
line_end=$'\n'

refused() { # refused NAME CONDITION WORDS...: exit code 2, a hint, and nothing written
    local name=$1 condition=$2
    shift 2
    run tune "$@" --progress none -o "$scratch/refused"
    check "$name" "\$code == 2 && -z \$out && \$err == *\"hint: \"* && ! -e \$scratch/refused && $condition"
}

few=(--progress none --no-plots)
scenario=scenarios/real-day.json

# ---- wrong command lines, before anything is simulated ----
refused 'a weight that is none gets a suggestion' '$err == *"did you mean \"price\"?"*' "$scenario" --weights mine=prise:0.4
refused 'weights of your own need a name' '$err == *"mine=price:0.4"*' "$scenario" --weights price:0.4
refused 'which may not be one that is taken' '$err == *"suggested"*"is taken"*' "$scenario" --weights suggested=price:0.4
refused 'nor come twice' '$err == *"\"a\" is taken"*' "$scenario" --weights a=price:0.4 --weights a=price:0.5
refused 'nor paint the terminal' '$err == *"is no name"*' "$scenario" --weights $'a\eb=price:0.4'
refused 'a baseline needs values' '$err == *"write it as price:0.4"*' "$scenario" --baseline price
refused 'what is held has to be a weight' '$err == *"known: priority"*' "$scenario" --hold cost
refused 'what is left out has to be a provider' '$err == *"KROGER"*' "$scenario" --without krogr
refused 'a constraint needs a sign and a limit' '$err == *"price<=+0.5%"*' "$scenario" --constraint 'price<5'
refused 'its unit has to fit' '$err == *"does not belong to eta"*' "$scenario" --constraint 'eta<=+2usd'
refused 'a share is not larger than 1' '$err == *"write 80% or 0.8"*' "$scenario" --constraint 'share<=80'
refused 'an objective has to be known' '$err == *"known: price"*' "$scenario" --objective profit
run tune "$scenario" --holdout 1 "${few[@]}" -o "$scratch/refused"
check 'a holdout takes a part of the time, not all' '$code == 2 && $err == *"--holdout"* && ! -e $scratch/refused'
run tune "$scratch/nothing.json" "${few[@]}" -o "$scratch/refused"
check 'a scenario that is not there is an input error' '$code == 3 && ! -e $scratch/refused'

# ---- a scenario ----
run tune "$scenario" --progress none -o "$scratch/one" -j 1
check 'a tuning prints its verdict and where the report is' '$code == 0 && $out == *"(variant_wins)"* || $out == *"(not_significant)"* || $out == *"(guardrail_breached)"*'
check 'and says what it stands on' '$out == *"3,852 decisions replayed exactly"*"judged once on the last"*"the replay makes every recorded decision again"*'
check 'it writes report and recommendation' '-s $scratch/one/report.html && -s $scratch/one/report.md && -s $scratch/one/summary.json && -s $scratch/one/recommendation.env && -s $scratch/one/arms.csv && -s $scratch/one/candidates.csv && -s $scratch/one/sweeps.csv && -s $scratch/one/flips.csv'
check 'the recommendation holds the six weights and nothing is applied' '$(grep -c "^LOOPGPT_SCORE_[A-Z]*_WEIGHT=[0-9.]*$" $scratch/one/recommendation.env) -eq 6 && $out == *"Nothing was applied"*"supabase secrets set LOOPGPT_SCORE_PRIORITY_WEIGHT="*'
if command -v gnuplot >/dev/null; then
    check 'with figures' '-s $scratch/one/plots/curves.svg'
else
    skip 'with figures' 'there is no gnuplot'
fi
run tune "$scenario" --progress none -o "$scratch/two" -j 2
diff -r "$scratch/one" "$scratch/two" >"$scratch/differences" 2>&1
check 'the same bytes in every file with another number of threads, and again' '$code == 0 && ! -s $scratch/differences'
run tune "$scenario" --seed 7 "${few[@]}" -o "$scratch/one"
check 'results of other settings are not replaced unasked' '$code == 2 && $err == *"--force"*'
run tune "$scenario" "${few[@]}" -o "$scratch/one" --json --weights mine=price:0.45 --baseline price:0.35 --hold commission --without instacart --constraint 'price<=+1%' --constraint 'share<=90%' --objective savings --holdout 0.4 --resamples 200 --force
cp "$scratch/out" "$scratch/options.json"
check 'every option of judging together' '$code == 0 && $out == "{"*'
check 'which are left out when not wanted' '-z $(ls $scratch/one/plots | grep -E "svg|png")'
if command -v python3 >/dev/null; then
    printf '%s\n' 'import json, sys' \
        'doc = json.load(open(sys.argv[1]), parse_constant=lambda word: sys.exit(word))' \
        'text = json.dumps(doc)' \
        'arms = [arm["name"] for arm in doc["arms"]]' \
        'assert doc["schema"] == "routesim.tuning/1", doc["schema"]' \
        'assert arms[0] == "baseline" and "mine" in arms, arms' \
        'assert "price<=+1%" in text and "share<=90%" in text' \
        'print("fine")' >"$scratch/look.py"
    out=$(python3 "$scratch/look.py" "$scratch/options.json" 2>&1)
    check 'whose JSON is whole and has no figure that is none' '$out == fine'
else
    skip 'whose JSON is whole and has no figure that is none' 'there is no python3'
fi
check 'it is the file of the folder' '$(cmp "$scratch/options.json" "$scratch/one/summary.json" 2>&1) == ""'
run tune "$scenario" "${few[@]}" -o "$scratch/two" --csv --force
check 'the metrics as CSV are those of arms.csv' '$code == 0 && -z $(cmp "$scratch/out" "$scratch/two/arms.csv" 2>&1)'

# ---- the same orders from a folder and from a log ----
run run "$scenario" "${few[@]}" -o "$scratch/run" -q
run tune "$scratch/run" "${few[@]}" -o "$scratch/from-run"
check 'a folder is tuned on' '$code == 0'
run tune "$scratch/run/events.jsonl" "${few[@]}" -o "$scratch/from-log"
check 'so is its event log, and coverage comes first' '$code == 0 && $err == *"3,852 of 3,852 requests can be decided again (100%)"*'
check 'which says that it does not tell the weights' '$out == *"An event log does not tell the weights"*'
check 'the same figures from scenario and folder' '-z $(cmp $scratch/two/arms.csv $scratch/from-run/arms.csv 2>&1) && -z $(cmp $scratch/two/recommendation.env $scratch/from-run/recommendation.env 2>&1)'
check 'and from the log' '-z $(cmp $scratch/two/arms.csv $scratch/from-log/arms.csv 2>&1) && -z $(cmp $scratch/two/recommendation.env $scratch/from-log/recommendation.env 2>&1)'
"$program" tune - "${few[@]}" -o "$scratch/from-pipe" <"$scratch/run/events.jsonl" >"$scratch/out" 2>"$scratch/err"
code=$? out=$(cat "$scratch/out") err=$(cat "$scratch/err")
check 'and from standard input' '$code == 0 && -z $(cmp $scratch/two/arms.csv $scratch/from-pipe/arms.csv 2>&1)'
run tune "$scratch/run/events.jsonl" "${few[@]}" -o "$scratch/refused" --history evolve
check 'histories of other decisions cannot be had from a log' '$code == 2 && $err == *"give the scenario itself"* && ! -e $scratch/refused'
run tune "$scratch/run" "${few[@]}" -o "$scratch/refused" --history evolve
check 'nor from a folder' '$code == 2 && $err == *"give the scenario itself"* && ! -e $scratch/refused'
mkdir "$scratch/no-quotes"
cp "$scratch/run/summary.json" "$scratch/run/run.json" "$scratch/no-quotes"
run tune "$scratch/no-quotes" "${few[@]}" -o "$scratch/refused"
check 'a folder without the record of quotes is an input error' '$code == 3 && $err == *"--no-quotes"* && ! -e $scratch/refused'

# ---- logs that lack something ----
awk '!/provider_quote_success/ || ++n % 5 != 0' "$scratch/run/events.jsonl" >"$scratch/fifth.jsonl"
run tune "$scratch/fifth.jsonl" "${few[@]}" -o "$scratch/fifth"
check 'a log without a fifth of its quotes: coverage is stated' '$code == 0 && $err == *" of 14,834 quotes are there"*"left out: the decision counts other quotes than were logged"* && $out == *"coverage "*"left out, not guessed"*'
check 'nothing is guessed: what is left decides as it did' '$out =~ "the replay makes "([0-9,]+)" of "([0-9,]+)" recorded decisions again" && ${BASH_REMATCH[1]} == "${BASH_REMATCH[2]}"'
grep -v provider_quote "$scratch/run/events.jsonl" >"$scratch/bare.jsonl"
run tune "$scratch/bare.jsonl" "${few[@]}" -o "$scratch/refused"
check 'a log without quotes is refused and told what to log' '$code == 3 && $err == *"hint: log provider_quote_success with every quote, and router_decision"* && ! -e $scratch/refused'
sed 's/"history":{.*}}/"note":0}/' "$scratch/run/events.jsonl" >"$scratch/no-history.jsonl"
run tune "$scratch/no-history.jsonl" "${few[@]}" -o "$scratch/refused"
check 'so is one without the history, which it names' '$code == 3 && $err == *"avgMarginRate"* && ! -e $scratch/refused'
head -n 1500 "$scratch/run/events.jsonl" >"$scratch/short.jsonl"
run tune "$scratch/short.jsonl" "${few[@]}" -o "$scratch/refused"
check 'too few orders are an input error that says how many it takes' '$code == 3 && $err == *"200 at least"* && ! -e $scratch/refused'

# ---- histories of their own, purchases, several operands ----
run tune "$scenario" "${few[@]}" -o "$scratch/evolved" --history evolve --json
check 'with a scenario, arms also get the histories they make' '$code == 0 && $out == *"\"history\": \"evolve\""*"\"holdout_evolved\""*'
{
    echo order_index,bought,rating
    awk 'BEGIN { for (i = 0; i < 3852; i++) { b = (i * 7919) % 11 < 8; print i "," b "," (b ? 1 + i % 5 : "") } }'
} >"$scratch/bought.csv"
run tune "$scratch/run" "${few[@]}" -o "$scratch/bought" --purchases "$scratch/bought.csv"
check 'purchases are counted' '$code == 0 && $err == *"bought.csv: 3,852 orders with a known purchase"* || $err == *"bought.csv: 3852 orders with a known purchase"*'
sed '5s/.*/3,maybe,/' "$scratch/bought.csv" >"$scratch/bad.csv"
run tune "$scratch/run" "${few[@]}" -o "$scratch/refused" --purchases "$scratch/bad.csv"
check 'a purchase that is none is named by line and column' '$code == 3 && $err == *"bad.csv:5:3: error: "* && ! -e $scratch/refused'
run tune "$scenario" scenarios/double-fault.json "$scratch/run" "${few[@]}" -o "$scratch/robust"
check 'several operands get a robust choice' '$code == 0 && $out == *"GOAL OVER ALL INPUTS"*"baseline"*"least regret"* && $(<$scratch/robust/summary.json) == *"\"robust\""*"\"regret\""*'

# ---- where results may go ----
mkdir "$scratch/foreign"
echo mine >"$scratch/foreign/file"
run tune "$scratch/run" "${few[@]}" -o "$scratch/foreign" --force
check 'a folder of something else is refused, even with --force' '$code == 2 && $err == *"nothing was touched"* && $(cat $scratch/foreign/file) == mine'
if [ "$(id -u)" -ne 0 ]; then
    mkdir -m 555 "$scratch/closed"
    run tune "$scratch/run" "${few[@]}" -o "$scratch/closed/out"
else
    run tune "$scratch/run" "${few[@]}" -o /proc/routesim-out
fi
check 'a folder that cannot be written is the environment'"'"'s fault' '$code == 4'
mkdir "$scratch/path"
PATH=$scratch/path "$program" tune "$scratch/run" --progress none -o "$scratch/plain" >"$scratch/out" 2>"$scratch/err" </dev/null
code=$? out=$(cat "$scratch/out") err=$(cat "$scratch/err")
check 'without gnuplot the report still comes, and a line says so' '$code == 0 && $err == *gnuplot* && -s $scratch/plain/report.html'
PATH=$scratch/path "$program" tune "$scratch/run" --progress none -o "$scratch/refused" --require-plots >"$scratch/out" 2>"$scratch/err" </dev/null
code=$? out=$(cat "$scratch/out") err=$(cat "$scratch/err")
check 'unless figures are required' '$code == 4 && $err == *gnuplot* && ! -e $scratch/refused'

# ---- the commission weight under production's rates ----
rates=()
for rate in MEALME=3 INSTACART=2 KROGER_API=3 WALMART_API=3; do
    rates+=(--set "providers.${rate%=*}.history.orders=1000" --set "providers.${rate%=*}.history.success_rate=95"
        --set "providers.${rate%=*}.history.margin_rate=${rate#*=}")
done
run tune scenarios/baseline.json "${few[@]}" --duration 1h "${rates[@]}" --set router.history.frozen=true -o "$scratch/rates"
check 'the commission weight has no effect under production'"'"'s rates, and the numbers are there' '$code == 0 && ${out//$line_end*( )/ } == *"commission 0.0"[0-9]"% ("+([0-9])" orders: no effect in this data"*'
check 'and why is said' '${out//$line_end*( )/ } == *"The weight on commission can move "*" decisions: known rates are 2.00% to 3.00%"*"not how far these are apart"*'
run tune "$scratch/run" "${few[@]}" -o "$scratch/alone" --without instacart,kroger,walmart
check 'where no order has two quotes there is nothing to tune, and that is said' '$code == 0 && ${out//$line_end*( )/ } == *"there is nothing to tune"*'

# ---- interrupted ----
for signal in INT TERM; do
    mkdir "$scratch/$signal"
    "$program" tune scenarios/baseline.json --duration 6h "${few[@]}" -o "$scratch/$signal/out" >/dev/null 2>"$scratch/err" </dev/null &
    tuning=$!
    await '[ -d "$scratch/$signal/out.tmp-$tuning" ]'
    kill -s "$signal" "$tuning"
    wait "$tuning"
    code=$? out=$(ls "$scratch/$signal") err=$(cat "$scratch/err")
    check "SIG$signal ends a tuning, and nothing half done stays" '$code -gt 128 && -z $out'
done
exit $failed
