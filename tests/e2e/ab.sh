#!/usr/bin/env bash
# Goal: routesim ab as a person or a script meets it: scenario, folder and log; plan; exit codes; files.
# Method: it is run, and its exit code, standard output, standard error and files are looked at. Prints a
# line `ok - name` or `not ok - name` a test.
# shellcheck source=lib/e2e.bash
. "$(dirname "${BASH_SOURCE[0]}")/lib/e2e.bash" || exit 1

scenario=scenarios/real-day.json
few=(--progress none --no-plots)

# ---- wrong command lines, before anything is simulated ----
run ab "$scenario"
check 'an A/B without a variant is refused, with one to try' '$code == 2 && $err == *"needs a variant"*"--weights revenue-first"*'
run ab "$scenario" --weights revnue-first "${few[@]}" -o "$scratch/wrong"
check 'a preset that is none gets a suggestion' '$code == 2 && $err == *"revenue-first"* && ! -e $scratch/wrong'
run ab "$scratch/nothing.json" --weights revnue-first -o "$scratch/wrong"
check 'even before the scenario is opened' '$code == 2 && $err == *"there is no preset \"revnue-first\""*'
run ab "$scratch/nothing.json" --weights x=prise:0.4 -o "$scratch/wrong"
check 'so is a weight that is none' '$code == 2 && $err == *"prise"*'
run ab "$scenario" --weights x=price:0.4 --weights x=price:0.5 "${few[@]}" -o "$scratch/wrong"
check 'two arms of one name are refused' '$code == 2 && $err == *"two arms are called"*'
run ab "$scenario" --weights $'a\eb=price:0.4' "${few[@]}" -o "$scratch/wrong"
check 'a name that would paint the terminal is refused' '$code == 2 && $err == *"is no name for weights"*'
run ab "$scenario" --weights revenue-first --alpha 0.7 -o "$scratch/wrong"
check 'an alpha above a half is refused' '$code == 2 && $err == *"--alpha"*'
run ab "$scenario" --weights revenue-first --objective profit -o "$scratch/wrong"
check 'a goal that is none is refused' '$code == 2 && $err == *"profit"*'
run ab "$scenario" --weights revenue-first --peeks 201
check 'more looks than are kept are refused' '$code == 2 && $err == *"--peeks"*'
run ab "$scratch/nothing.json" --weights revenue-first -o "$scratch/wrong"
check 'a scenario that is not there is an input error' '$code == 3'
run ab "$scenario" --weights revenue-first --requests 150 "${few[@]}" -o "$scratch/wrong"
check 'too few orders are an input error that says how many it takes' '$code == 3 && $err == *"200"* && ! -e $scratch/wrong'

# ---- split ----
run ab "$scenario" --weights revenue-first "${few[@]}" -o "$scratch/one"
check 'a breached guardrail is said first and is exit code 1' '$code == 1 && $out == *"a guardrail is breached (guardrail_breached)"*"price<=+0.5%"*"BREACHED"*'
check 'the finding begins with the guardrail, by how much and against what limit' '$out == *"(guardrail_breached)"*"revenue-first breaks price<=+0.5%: price paid +"*"where at most +"*"beyond it by "*"(p of harm"*"Commission +"*'
check 'without purchases the goal is one that is counted' '$out == *"goal: commission;"* && $out != *"No purchase was observed"*'
check 'what is drawn from a model is called so' '$out == *"Commission earned (model)"*'
run ab "$scenario" --weights revenue-first --objective expected_commission --constraint 'eta<=+60min' "${few[@]}" -o "$scratch/invented"
headline=${out%%WEIGHTS*}
check 'a goal drawn from a model has no p in its headline, and says what it is' '$headline == *"drawn from an assumed model"* && $headline != *" p "* && $out == *"No purchase was observed"*'
check 'the replay stands beside the estimate, and the days it would have cost' '$out == *"replay"*"TIME TO LEARN IT"*"CUPED"*" days"*'
widest=$(wc -L <<<"${out%Nothing was applied*}")
check 'no line is wider than 80 columns' '$widest -le 80'
for file in summary.json arms.csv peeks.csv plan.csv report.md report.html; do
    check "there is a $file" '-s $scratch/one/$file'
done
check 'the looks are in peeks.csv' '$(wc -l <"$scratch/one/peeks.csv") -eq 21'
run ab "$scenario" --weights revenue-first "${few[@]}" -o "$scratch/two" -j 2
check 'again, with two threads, it is the same bytes' '-z $(diff -r "$scratch/one" "$scratch/two")'
run ab "$scenario" --weights revenue-first --salt other "${few[@]}" -o "$scratch/two"
check 'other results in the folder are not replaced unasked' '$code == 2 && $err == *"--force"*'
run ab "$scenario" --weights revenue-first --salt other "${few[@]}" -o "$scratch/two" --force
check 'another salt is another assignment' '$code == 1 && -n $(diff "$scratch/one/arms.csv" "$scratch/two/arms.csv")'
run ab "$scenario" --weights same=price:0.3 "${few[@]}" -o "$scratch/aa"
check 'the same weights under another name differ in nothing' '$code == 0 && $out == *"not_significant"*"decide every order alike"*'
run ab "$scenario" --weights price-first --objective price --constraint 'eta<=+60min' "${few[@]}" -o "$scratch/win"
check 'cheaper weights win on price' '$code == 0 && $out == *"the variant wins (variant_wins)"*"no A/B"*"is needed for it"*'
run ab "$scenario" --weights revenue-first --objective price --constraint 'eta<=+60min' "${few[@]}" -o "$scratch/lose"
check 'dearer ones lose, with exit code 1' '$code == 1 && $out == *"variant_loses"*'

run ab "$scenario" --weights revenue-first -q "${few[@]}" -o "$scratch/quiet"
check 'with -q a verdict that fails is still told, in a line' '$code == 1 && $(wc -l <<<"$out") -eq 1 && $out == "real-day: A guardrail is breached. revenue-first breaks price<=+0.5%:"* && -z $err'
run ab "$scenario" --weights price-first --objective price --constraint 'eta<=+60min' -q "${few[@]}" -o "$scratch/quiet" --force
check 'with -q one that does not fail is silent' '$code == 0 && -z $out && -z $err'

# ---- before the planned look ----
run ab "$scenario" --weights price-first --objective conversion --constraint 'eta<=+60min' --planned 90000 "${few[@]}" -o "$scratch/early"
check 'before the planned look data are still being collected' '$code == 0 && $out == *"collecting_data"*"always-valid"*'
check 'and no fixed-horizon p is told' '$(grep -c ",conversion,share,raw,[^,]*,[^,]*,[^,]*,[^,]*,,,," "$scratch/early/arms.csv") -eq 1'
run ab "$scenario" --weights price-first --objective conversion --constraint 'eta<=+60min' --planned 90000 --strict-evidence "${few[@]}" -o "$scratch/early" --force
check 'with --strict-evidence that is exit code 5' '$code == 5'

run ab "$scenario" --weights revenue-first --planned 150 "${few[@]}" -o "$scratch/small"
check 'a plan of too few orders is warned of, and noted' '$err == *"warning: --planned 150"* && $out == *"Fewer than 200 orders an arm"*'
run ab "$scenario" --weights revenue-first --planned 200 "${few[@]}" -o "$scratch/small" --force
check 'one of enough is not' '$err != *"--planned"* && $out != *"Fewer than 200"*'

# ---- interleaved, several variants ----
run ab "$scenario" --weights revenue-first --weights speed-first --interleave "${few[@]}" -o "$scratch/inter"
check 'interleaved, every variant has a line and a verdict' '$out == *"interleaved"*"VARIANTS"*"max-T"*"revenue-first"*"speed-first"*'

check 'and its own guardrails' '$out == *"GUARDRAILS"*"revenue-first:"*"price<=+0.5%"*"BREACHED"*"speed-first:"*"price<=+0.5%"*'

# ---- plan ----
run ab "$scenario" --weights revenue-first --plan "${few[@]}" -o "$scratch/plan"
check 'a plan assigns nobody and says how long it takes' '$code == 0 && $out == *"no order was assigned"*"80%"*"DETECTABLE IN 14 DAYS"*"HOW TO RUN IT"*'
check 'and leaves a plan alone' '-s $scratch/plan/plan.csv && ! -e $scratch/plan/arms.csv && ! -e $scratch/plan/peeks.csv'
run ab "$scenario" --weights revenue-first --plan --csv "${few[@]}" -o "$scratch/plan" --force
check 'as CSV, too' '$out == "variant,metric,unit,estimator,difference,"*'

# ---- JSON ----
run ab "$scenario" --weights revenue-first --json -q "${few[@]}" -o "$scratch/one" --force
check 'as JSON it is alone on standard output' '$code == 1 && $out == "{"*"\"schema\": \"routesim.ab/1\""*"}" && $out != *NaN* && $out != *inf*'

# ---- purchases ----
{ echo order_index,bought,rating; for i in $(seq 0 1499); do echo "$i,$((i * 7919 % 5 < 3)),"; done; } >"$scratch/bought.csv"
run ab "$scenario" --weights revenue-first --objective conversion --purchases "$scratch/bought.csv" "${few[@]}" -o "$scratch/bought"
check 'observed purchases are counted, and what is still drawn is said' '$err == *"1500 orders with a known purchase"* && $out == *"Orders bought (mixed)"*"Purchases are known of the quotes"*'
echo 'order_index,bought,rating
0,perhaps,' >"$scratch/wrong.csv"
run ab "$scenario" --weights revenue-first --purchases "$scratch/wrong.csv" "${few[@]}" -o "$scratch/wrong"
check 'a purchases file that is none is refused with its line' '$code == 3 && $err == *"wrong.csv:2"* && ! -e $scratch/wrong'

# ---- a run's folder, a log ----
"$program" run "$scenario" -q -o "$scratch/run" --no-plots --events all >/dev/null 2>&1
run ab "$scratch/run" --weights revenue-first "${few[@]}" -o "$scratch/of-run"
from_run=$(sed 1d "$scratch/of-run/arms.csv")
check 'the folder of a run gives the same numbers as its scenario' '$code == 1 && $from_run == "$(sed 1d "$scratch/one/arms.csv")"'
run ab "$scratch/run/events.jsonl" --weights revenue-first "${few[@]}" -o "$scratch/of-log"
check 'so does its event log, coverage first' '$code == 1 && $err == *"can be decided again"* && $(grep -c . "$scratch/of-log/arms.csv") -gt 40'
run ab - --weights revenue-first "${few[@]}" -o "$scratch/of-nothing"
check 'an empty log is refused' '$code == 3 && ! -e $scratch/of-nothing'

exit $failed
