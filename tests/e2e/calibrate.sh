#!/usr/bin/env bash
# Goal: routesim calibrate as a person or a script meets it: a scenario, a folder, a log and CSVs of every
# kind; what it refuses, what it writes, what it calls, and that nothing half done is left.
# Method: it is run, and its exit code, standard output, standard error and files are looked at. Prints a
# line `ok - name`, `ok - name # SKIP why` or `not ok - name` a test. Real providers are names under
# .invalid: nothing leaves this machine. With ROUTESIM_DATA, measured latencies are looked at too.
# shellcheck source=lib/e2e.bash
. "$(dirname "${BASH_SOURCE[0]}")/lib/e2e.bash" || exit 1
line_end=$'\n'

refused() { # refused NAME CODE CONDITION WORDS...: a hint, and nothing written
    local name=$1 wanted=$2 condition=$3
    shift 3
    run calibrate "$@" --progress none -o "$scratch/refused"
    check "$name" "\$code == $wanted && -z \$out && \$err == *error:* && \$err == *\"hint: \"* && -z \$(compgen -G \"\$scratch/refused*\") && $condition"
}
same() { # same FILE A B: that file of two folders
    cmp -s "$scratch/$2/$1" "$scratch/$3/$1" && echo same
}

few=(--progress none --no-plots)
scenario=scenarios/real-day.json
# A part of it, in which Kroger is too slow for a while.
part=(--requests 1200 --set 'faults=[{"id":"slow","provider":"KROGER_API","kind":"latency","add":"11s","at":"0s","for":"90m"}]' --set 'checks=[]')
printf 'ms\n5\n6\n' >"$scratch/small.csv"

# ---- wrong command lines, before anything is simulated ----
refused 'without anything to calibrate from' 2 '$err == *"name a scenario, the folder of a run, an event log or a CSV"*'
refused 'with two of them' 2 '$err == *"which of them is meant"*' "$scenario" --from x.csv
refused 'a rule that is none' 2 '$err == *"there is no rule \"p98\""*"p95+2s"*' "$scenario" --rule p98
refused 'a share that is none' 2 '$err == *"target=99%"*' "$scenario" --rule target=99
refused 'a span that is none' 2 '$err == *"p95+500ms"*' "$scenario" --rule p95+2
refused 'a price that is no number' 2 '$err == *"wait=1,quote=20,order=150"*' "$scenario" --prices wait=-1
refused 'a price of what has none' 2 '$err == *"\"time=1\" is not understood"*' "$scenario" --prices time=1
refused 'a longest timeout without a unit' 2 '$err == *--max*' "$scenario" --max 15
refused 'a column of what nobody reads' 2 '$err == *"there are latency, provider, code, time"*' "$scratch/small.csv" --columns site=ms
refused 'columns of a scenario' 2 '$err == *"--columns is about a CSV"*' "$scenario" --columns provider=ms
refused 'a timeout of a scenario' 2 '$err == *"--timeout is about a CSV"*' "$scenario" --timeout 5s
refused 'a CSV cannot be called live' 2 '$err == *"--live is about a scenario"*"is a CSV"*' "$scratch/small.csv" --live kroger --yes-live
refused 'nor be watched' 2 '$err == *"--watch is about a scenario"*' "$scratch/small.csv" --watch 5s
run calibrate "$scenario" --split 1 "${few[@]}" -o "$scratch/refused"
check 'a part that is all' '$code == 2 && $err == *--split* && ! -e $scratch/refused'
run calibrate "$scratch/nothing.json" "${few[@]}" -o "$scratch/refused"
check 'a scenario that is not there is an input error' '$code == 3 && ! -e $scratch/refused'
run calibrate "$scratch/nothing.csv" "${few[@]}" -o "$scratch/refused"
check 'so is a CSV' '$code == 3 && ! -e $scratch/refused'
printf '{"schema": "routesim.scenario/1",\n "duration": 5}\n' >"$scratch/bad.json"
refused 'a scenario with a mistake has its place and a caret' 3 '$err == *"bad.json:2:14: error: "*"^"*' "$scratch/bad.json"

# ---- a scenario ----
run calibrate "$scenario" "${part[@]}" --progress none -o "$scratch/one" -j 1
check 'a calibration of a scenario says what to wait, what for, and how sure that is' '$code == 0 && $flat == *"Waiting "*" for "*" instead of "*"95% interval"*"n = 1,200"*"TIMEOUTS, s"*"CHOSEN, s"*"ROUTER, exact"*"DOES IT HOLD?"*"SECOND CALLS"*"CACHES"*'
check 'nothing is applied, and the line to paste is there' '$out == *"Nothing was applied. To try it:"*"supabase secrets set LOOPGPT_MEALME_TIMEOUT="[0-9]*'
files=(report.html report.md summary.json recommendation.env rules.csv curves.csv ecdf.csv waiting.csv early.csv stability.csv hedges.csv retries.csv caches.csv)
missing=
for file in "${files[@]}"; do [ -s "$scratch/one/$file" ] || missing+=" $file"; done
check 'every file is there' '-z $missing'
check 'the recommendation holds keys with whole milliseconds, and comments' '$(grep -c "^LOOPGPT_[A-Z]*_TIMEOUT=[0-9]*$" $scratch/one/recommendation.env) -eq 3 && -z $(grep -v -e "^#" -e "^LOOPGPT_[A-Z]*_TIMEOUT=[0-9]*$" $scratch/one/recommendation.env)'
check 'no line is wider than a terminal but the one to paste' '-z $(grep -v -e "^  supabase " -e "^  Report: " "$scratch/out" | grep -E "^.{81}")'
if command -v gnuplot >/dev/null; then
    drawn=$(cd "$scratch/one/plots" && ls ./*.svg | wc -l)
    check 'five figures are drawn' '$drawn -eq 5'
else
    skip 'five figures are drawn' 'there is no gnuplot'
fi
run calibrate "$scenario" "${part[@]}" --progress none -o "$scratch/two" -j 2
diff -r "$scratch/one" "$scratch/two" >"$scratch/differences" 2>&1
check 'the same bytes in every file, figures too: again, elsewhere, with other threads' '$code == 0 && ! -s $scratch/differences'
run calibrate "$scenario" "${part[@]}" --seed 7 "${few[@]}" -o "$scratch/two"
check 'results of other settings are not replaced unasked' '$code == 2 && $err == *"--force"*'
run calibrate "$scenario" "${part[@]}" "${few[@]}" --rule p99 -o "$scratch/one"
check 'nor are those of another rule' '$code == 2 && $err == *"--force"*'
run calibrate "$scenario" "${part[@]}" --progress none -o "$scratch/two" --no-plots --force --json --rule cost --prices wait=2,quote=5,order=100 --max 8s --split 0.3 --markdown "$scratch/short.md"
cp "$scratch/out" "$scratch/options.json"
check 'unless with --force; every option of judging together' '$code == 0 && $out == "{"*'
check 'figures are left out when not wanted' '-z $(ls $scratch/two/plots | grep -E "svg|png")'
check 'the command that is told holds them' '$out == *"--max 8s"* && $out == *"--rule cost"* && $out == *"--split 0.3"* && $out == *"--prices wait=2,quote=5,order=100"*'
check 'the JSON is the file of the folder, the Markdown too' '-z $(cmp $scratch/options.json $scratch/two/summary.json 2>&1) && -z $(cmp $scratch/short.md $scratch/two/report.md 2>&1)'
check 'the chosen rule is in it, its prices are stated, none is beyond --max' '$(<$scratch/two/report.html) == *": stated prices, of the whole router"* && $(grep -c ,cost,found, $scratch/two/rules.csv) -eq 5 && -z $(awk -F= "/^LOOP/ && \$2 > 8000" $scratch/two/recommendation.env)'
if command -v python3 >/dev/null; then
    printf '%s\n' 'import json, sys' \
        'doc = json.load(open(sys.argv[1]), parse_constant=lambda word: sys.exit(word))' \
        'assert doc["schema"] == "routesim.calibration/1", doc["schema"]' \
        'print("fine")' >"$scratch/look.py"
    out=$(python3 "$scratch/look.py" "$scratch/options.json" 2>&1)
    check 'whose JSON is whole and has no figure that is none' '$out == fine'
else
    skip 'whose JSON is whole and has no figure that is none' 'there is no python3'
fi
run calibrate "$scenario" "${part[@]}" "${few[@]}" -o "$scratch/two" --csv --force
check 'rules as CSV are those of the folder' '$code == 0 && -z $(cmp $scratch/out $scratch/two/rules.csv 2>&1)'

# ---- the same orders from a folder and from a log ----
run run "$scenario" "${part[@]}" "${few[@]}" -o "$scratch/run" -q
run calibrate "$scratch/run" "${few[@]}" -o "$scratch/from-run"
check 'a folder is calibrated on; the same rules, orders and recommendation as from its scenario' '$code == 0 && $(same rules.csv one from-run) == same && $(same curves.csv one from-run) == same && $(same waiting.csv one from-run) == same && $(same stability.csv one from-run) == same && $(same recommendation.env one from-run) == same'
check 'what only a scenario knows is n/a' '$flat == *"What caches would do is n/a"*'
run calibrate "$scratch/run/events.jsonl" "${few[@]}" -o "$scratch/from-log"
check 'so is its event log, and coverage comes first' '$code == 0 && $err == *"1,200 of 1,200 requests can be decided again (100%)"*'
check 'late answers are not in it: what lies beyond its timeout is "> T"' '$flat == *"warning Calls that were given up hide the tail"*Kroger* && $flat == *" Kroger "*">10"* && $flat == *"Kroger: nothing is recommended"* && $(grep -c "^LOOPGPT_" $scratch/from-log/recommendation.env) -eq 3'
check 'the others get what the scenario gives them' '$(grep "^LOOPGPT_[IMW]" $scratch/one/recommendation.env) == $(grep "^LOOPGPT_[IMW]" $scratch/from-log/recommendation.env)'
"$program" calibrate - "${few[@]}" -o "$scratch/from-pipe" <"$scratch/run/events.jsonl" >"$scratch/out" 2>"$scratch/err"
look $?
check 'the same from standard input' '$code == 0 && $(same rules.csv from-log from-pipe) == same && $(same recommendation.env from-log from-pipe) == same'
run run "$scenario" "${part[@]}" "${few[@]}" --set router.policy.log_late_quotes=true -o "$scratch/late" -q
run calibrate "$scratch/late/events.jsonl" "${few[@]}" -o "$scratch/from-late"
check 'a log with late answers recommends what the scenario does' '$code == 0 && $(grep "^LOOPGPT_" $scratch/one/recommendation.env) == $(grep "^LOOPGPT_" $scratch/from-late/recommendation.env)'
run calibrate "$scratch/run" "${few[@]}" -o "$scratch/refused" --requests 5
check 'what has happened is not run otherwise' '$code == 2 && $err == *"was recorded"* && ! -e $scratch/refused'
grep -v provider_quote "$scratch/run/events.jsonl" >"$scratch/bare.jsonl"
run calibrate "$scratch/bare.jsonl" "${few[@]}" -o "$scratch/refused"
check 'a log without quotes is refused and told what to log' '$code == 3 && $err == *"hint: "* && ! -e $scratch/refused'
mkdir "$scratch/no-quotes"
cp "$scratch/run/summary.json" "$scratch/run/run.json" "$scratch/no-quotes"
run calibrate "$scratch/no-quotes" "${few[@]}" -o "$scratch/refused"
check 'a folder without the record of quotes is an input error' '$code == 3 && $err == *"--no-quotes"* && ! -e $scratch/refused'

# ---- production as it is coded ----
run calibrate "$scenario" "${part[@]}" "${few[@]}" --set router.profile=as_coded -o "$scratch/coded"
unread='does not read the LOOPGPT_*_TIMEOUT keys'
check 'that production reads no such key is said on the console' '$code == 0 && $flat == *"$unread"*'
for file in report.html report.md recommendation.env; do
    check "and in $file" '$(tr "\n" " " <"$scratch/coded/$file") == *"$unread"*'
done
check 'but not of production as it is documented' '$(<$scratch/one/recommendation.env) != *"$unread"*'

# ---- a CSV, every rule ----
awk 'BEGIN { print "ms,site,code,epoch"
    for (i = 0; i < 1500; i++) for (s = 0; s < 2; s++)
        print 100 + (i * 7919 % 1009) + (i % 50 == 0 ? 4000 : 0) + 50 * s ",shop " s "," (i % 97 == 0 ? 503 : 200) "," 1700000000 + 60 * i }' >"$scratch/shops.csv"
for rule in today p95+2s p95+500ms p99 p99.9 clamp target target=95% knee cost; do
    run calibrate "$scratch/shops.csv" "${few[@]}" --rule "$rule" --timeout 60s -o "$scratch/rule" --force
    name=$(sed -E 's/\+.*/+/; s/=.*//' <<<"$rule")
    chosen=$(awk -F, -v rule="$name" '$2 == rule && $7 == 1' "$scratch/rule/rules.csv" | wc -l)
    check "rule $rule: it chooses, or says why not" '$code == 0 && ($chosen -eq 2 || $flat == *"nothing is recommended: "*) && -s $scratch/rule/stability.csv'
done
run calibrate "$scratch/shops.csv" "${few[@]}" --max 3s -o "$scratch/rule" --force
check 'what is longer than --max is cut to it, and what that achieves is said' '$code == 0 && $flat == *"Waiting 3 s for shop "*"in time: "*"n = 1,500"*'
check 'a site has no key of ours: its timeout stands in a comment' '$(grep -c "^# shop [01]: 3000 ms" $scratch/rule/recommendation.env) -eq 2 && -z $(grep -v "^#" $scratch/rule/recommendation.env)'
run calibrate "$scratch/shops.csv" "${few[@]}" --max 800ms -o "$scratch/twice" --force
check 'what needs more than twice --max is not cut to it: nothing is recommended' '$code == 0 && $flat == *"No timeout is recommended"*"more than twice the longest that is allowed"* && -z $(grep -v "^#" $scratch/twice/recommendation.env)'
check 'the router is a model there' '$flat == *"ROUTER, a model"* && $flat != *"ROUTER, exact"*'
run calibrate "$scenario" "${few[@]}" --rule cost --prices quote=0,order=0 -o "$scratch/starved"
check 'timeouts that leave orders without a quote are not handed out' '$code == 0 && $flat == *"would leave orders without a quote"* && -z $(grep -v "^#" $scratch/starved/recommendation.env)'
run calibrate "$scratch/shops.csv" --progress none -o "$scratch/csv-one" -j 1
run calibrate "$scratch/shops.csv" --progress none -o "$scratch/csv-two" -j 2
diff -r "$scratch/csv-one" "$scratch/csv-two" >"$scratch/differences" 2>&1
check 'the same bytes twice' '$code == 0 && ! -s $scratch/differences'
"$program" calibrate --from - "${few[@]}" -o "$scratch/csv-pipe" <"$scratch/shops.csv" >"$scratch/out" 2>"$scratch/err"
look $?
check 'and the same rules through a pipe' '$code == 0 && $(same rules.csv csv-one csv-pipe) == same'
sed 's/^ms,site,code,epoch/Wartezeit,Ort,Antwort,Zeit/' "$scratch/shops.csv" >"$scratch/named.txt"
run calibrate "$scratch/named.txt" "${few[@]}" --columns latency=Wartezeit,provider=Ort,code=Antwort,time=Zeit -o "$scratch/csv-named"
check 'and from columns of other names' '$code == 0 && $err == *"latency=Wartezeit provider=Ort code=Antwort time=Zeit"* && $(same rules.csv csv-one csv-named) == same'
sed 's/$/\r/' "$scratch/shops.csv" >"$scratch/windows.csv"
run calibrate "$scratch/windows.csv" "${few[@]}" -o "$scratch/csv-windows"
check 'and from lines that end as those of Windows' '$code == 0 && $(same rules.csv csv-one csv-windows) == same && $(same stability.csv csv-one csv-windows) == same'
{ head -n 1 "$scratch/shops.csv"; tail -n +2 "$scratch/shops.csv" | sort -t, -k4,4nr -k2,2; } >"$scratch/backwards.csv"
run calibrate "$scratch/backwards.csv" "${few[@]}" -o "$scratch/csv-backwards"
check 'and from rows whose time goes backwards' '$code == 0 && $(same rules.csv csv-one csv-backwards) == same && $(same stability.csv csv-one csv-backwards) == same'

# ---- the trap ----
awk 'BEGIN { print "ms"; for (i = 0; i < 2000; i++) print i % 25 < 2 ? 10000 : 200 + i * 7919 % 1000 }' >"$scratch/trap.csv"
run calibrate "$scratch/trap.csv" "${few[@]}" --timeout 10s --rule p95+2s -o "$scratch/trap"
check 'with 8% of calls at the timeout p95 is more than that, and the warning says so' '$code == 0 && $flat == *"warning Calls that were given up hide the tail: 8.0% of all"*" all 10 >12 >10 n/a >10.5 >10 "*'
check 'nothing is recommended by a rule that is blind there' '$flat == *"No timeout is recommended"*"all: nothing is recommended: what it asks for lies beyond where watching ended."*'
check 'and where answers alone would lead is shown' '$flat == *"Percentiles of answers alone hide the calls that never came"*"settles at"*"92.0% (95% interval"*'
check 'the page shows it too' '$(<$scratch/trap/report.html) == *"hide the calls that never came"* && $(grep -c "^all,p95+,beyond," $scratch/trap/rules.csv) -eq 1'

# ---- CSVs that are odd ----
odd() { # odd NAME CONDITION: odd.csv, from standard input, is read with figures
    cat >"$scratch/odd.csv"
    rm -rf "$scratch/odd"
    run calibrate "$scratch/odd.csv" --progress none -o "$scratch/odd"
    check "$1" "\$code == 0 && -s \$scratch/odd/report.html && -s \$scratch/odd/summary.json && $2"
}
bad() { # bad NAME CONDITION: odd.csv is refused
    cat >"$scratch/odd.csv"
    run calibrate "$scratch/odd.csv" --progress none -o "$scratch/refused"
    check "$1" "\$code == 3 && -z \$out && -z \$(compgen -G \"\$scratch/refused*\") && $2"
}
printf 'ms\n5\n' | odd 'one value is too few for a rule, and its figures say so' '$flat == *"No timeout is recommended"* && $(<$scratch/odd/report.html) == *"has enough answers for any rule"*'
printf 'ms\n5\n7\n' | odd 'so are two' '$flat == *"No timeout is recommended"*'
{ echo ms; yes 0 | head -n 1000; } | odd 'all zero' '$flat == *"1,000 calls to 1 site"*'
{ echo ms; yes 5 | head -n 1000; } | odd 'all the same' '$flat == *"Waiting 6.0 ms for all"*'
{ echo ms,site,code; for ((i = 0; i < 200; i++)); do echo "$i,a,200"; echo "$i,b,500"; done; } | odd 'a site without answers' '$flat == *" b - 200 n/a n/a n/a kept"*'
printf 'ms\nnan\n5\n\n7\n' | odd 'what is not known is left out and counted' '$err == *" left out: an answer without a time"*'
awk 'BEGIN { print "ms,site"; for (i = 0; i < 300; i++) for (s = 0; s < 64; s++) print 10 + i * 7919 % 1000 ",site " s }' | odd '64 sites' '$flat == *"19,200 calls to 64 sites"* && $(cut -d, -f1 $scratch/odd/rules.csv | sort -u | grep -c "^site ") -eq 64'
awk 'BEGIN { print "ms,site"; for (s = 0; s < 65; s++) print 10 ",site " s }' | bad '65 are refused with a hint' '$err == *"odd.csv:66:4: error: "*64*"hint: is this the column of providers?"*'
printf 'ms\n5\n-5\n' | bad 'a time below zero has its place and a caret' '$err == *"odd.csv:3:1: error: "*"$line_end    3 | -5$line_end"*"^"*'
printf 'ms\n5\n1e300\n' | bad 'so has one beyond all bounds' '$err == *"odd.csv:3:1: error: "*"^"*'
printf 'ms\n5\ninf\n' | bad 'and an infinite one' '$err == *"odd.csv:3:1: error: "*"^"*'
printf 'ms\nsoon\n' | bad 'and a word' '$err == *"odd.csv:2:1: error: "*"^"*'
printf 'ms,code\n5,500\n6,503\n' | bad 'calls that all failed' '$err == *"not one call was answered"*"hint: "*'
printf 'ms\n' | bad 'no rows' '$err == *odd.csv*'
printf '' | bad 'no header' '$err == *"is empty"*'
printf 'a,b\n1,2\n' | bad 'no column of latencies' '$err == *"odd.csv:1:1: error: "*'
run calibrate "$scratch/small.csv" --columns latency=wait "${few[@]}" -o "$scratch/refused"
check 'a column that is not there' '$code == 3 && $err == *"small.csv:1:1: error: "*wait*"^"* && ! -e $scratch/refused'
run calibrate "$scratch/small.csv" --timeout 1ms "${few[@]}" -o "$scratch/refused"
check 'a timeout before all answers' '$code == 3 && $err == *"is --timeout long enough?"* && ! -e $scratch/refused'

# ---- names are text ----
owned=$(mktemp -u /tmp/ownedXXXX) # short: names have 63 bytes at most
awk -v touch="$owned" 'BEGIN {
    q = sprintf("%c", 39); names[0] = "<script>alert(1)</script>"; names[1] = "`touch " touch "`"
    names[2] = q "; system(" q "touch " touch q "); " q; names[3] = "$(touch " touch ")"; names[4] = "\"\"quoted\"\""
    names[5] = "a\033[31mred"; names[6] = "b\302\23331mred"; names[7] = "Zo\303\253 \342\202\254"; names[8] = "\342\200\256gnp"
    print "ms,site"
    for (i = 0; i < 150; i++) for (s = 0; s < 9; s++) print 100 + i * 7919 % 500 + s ",\"" names[s] "\"" }' |
    odd 'names of every kind' '$flat == *"1,350 calls to 9 sites"*"Zoë €"*'
obeyed=$'\033|\302\233|\342\200\256'
check 'none opens a tag in the page' '$(<$scratch/odd/report.html) != *"<script>alert"* && $(<$scratch/odd/report.html) == *"&lt;script&gt;alert"*'
check 'none is in a script of gnuplot' '-z $(grep -l -e script -e system -e touch -e red -e "€" $scratch/odd/plots/*.gp)'
check 'nothing was run' '! -e $owned'
check 'no control gets to the terminal' '-z $(LC_ALL=C grep -l -a -E "$obeyed" $scratch/out $scratch/err)'
check 'nor into files that are read there' '-z $(LC_ALL=C grep -l -a -E "$obeyed" $scratch/odd/*.csv $scratch/odd/report.md $scratch/odd/recommendation.env $scratch/odd/plots/*.tsv)'
printf 'ms,a\033[31mb\n5,x\n' >"$scratch/odd.csv"
run calibrate "$scratch/odd.csv" --columns $'latency=ms,provider=a\e[31mb' "${few[@]}" -o "$scratch/odd" --force
check 'nor does the name of a column' '$code == 0 && -z $(LC_ALL=C grep -l -a -E "$obeyed" $scratch/out $scratch/err)'

# ---- large ----
awk 'BEGIN { print "ms,site"; for (i = 0; i < 1000000; i++) print 50 + i * 7919 % 100003 / 20 ",site " i % 5 }' >"$scratch/million.csv"
timeout --foreground -s KILL 120 "$program" calibrate "$scratch/million.csv" "${few[@]}" -o "$scratch/million" >"$scratch/out" 2>"$scratch/err" </dev/null
look $?
check 'a million rows' '$code == 0 && $flat == *"1,000,000 calls to 5 sites"*'
rm "$scratch/million.csv"
timeout --foreground -s KILL 120 "$program" calibrate scenarios/baseline.json --duration 24h --rate 2/s --requests 50000 "${few[@]}" -o "$scratch/many" >"$scratch/out" 2>"$scratch/err" </dev/null
look $?
check '50,000 orders' '$code == 0 && $flat == *"200,000 calls to 4 providers, 50,000 orders"*'

# ---- measured latencies ----
measured() { # measured FILE SITES: for each site the page and stability.csv have a verdict
    local file=$1
    sites=$2
    if [ ! -r "${ROUTESIM_DATA:-/nowhere}/$file" ]; then
        skip "$file: advice of its first half, judged on the rest" 'ROUTESIM_DATA names no folder with it'
        return
    fi
    run calibrate "$ROUTESIM_DATA/$file" "${few[@]}" -o "$scratch/measured" --force
    verdicts=$(tr -d '\r' <"$scratch/measured/stability.csv" | grep -E ',held,target,verdict,(held|stale|n/a)$')
    page=$(tr -d '\n' <"$scratch/measured/report.html")
    told=$(grep -c -E '^<tr.*>(Held|Stale|n/a)<' <<<"${page//<tr/$line_end<tr}")
    check "$file: for each site, advice of its first half was held, stale or n/a on the rest" '$code == 0 && $(wc -l <<<"$verdicts") -eq $sites && $told -ge $sites && $flat == *"judged on the rest: "*" of $sites sites"*'
    check 'and n/a where calls are too few' '$verdicts == *n/a* && $verdicts == *held*'
}
measured upptime_saas_maryville.csv 18
measured upptime_sentrybay.csv 5

# ---- real time, and real providers ----
cat >"$scratch/live.json" <<'JSON'
{
  "schema": "routesim.scenario/1", "name": "live", "duration": "3s",
  "workload": {"arrivals": {"rate": "20/s"}, "carts": {"lines": 2}},
  "router": {"env": {"LOOPGPT_ENABLE_WALMART": "false", "LOOPGPT_ENABLE_KROGER": "true"}},
  "providers": {"KROGER_API": {"base_url": "https://kroger.invalid"}, "MEALME": {"base_url": "https://mealme.invalid"}}
}
JSON
mocks=(--set 'providers.KROGER_API.base_url=""' --set 'providers.MEALME.base_url=""')
run calibrate "$scratch/live.json" "${mocks[@]}" --clock real --duration 5s "${few[@]}" -o "$scratch/real"
check 'in real time, with mocks of its own' '$code == 0 && $flat == *" calls to 3 providers"*"Report: "*'
"$program" calibrate "$scratch/live.json" "${mocks[@]}" --clock real --duration 60s "${few[@]}" -o "$scratch/cut" >"$scratch/out" 2>"$scratch/err" </dev/null &
running=$!
sleep 2.5
kill -INT "$running"
wait "$running"
look $?
check 'Ctrl-C half way: what is there is used' '$code == 130 && $flat == *" calls to 3 providers"*"The run was stopped before its end by a signal"* && -s $scratch/cut/report.html && $(<$scratch/cut/report.md) == *"stopped before its end"*'
"$program" mock --print-urls --keys "$scratch/keys" --for 1m >"$scratch/urls" 2>"$scratch/mock.err" &
mock=$!
await 'grep -q ^ENV_FILE= "$scratch/urls"'
url=$(sed -n 's/^KROGER_API=//p' "$scratch/urls")
canary=canary-$RANDOM$RANDOM$RANDOM
MEALME_API_KEY=$canary-mealme run calibrate "$scratch/live.json" --clock real --duration 1s --inherit-env --set 'providers.MEALME.base_url=""' --set "providers.KROGER_API.base_url=$url" --env-file "$scratch/keys/mock.env" "${few[@]}" -o "$scratch/elsewhere"
check 'and with a mock server of another process' '$code == 0 && $flat == *" calls to 3 providers"*'
said=$err$out
run calibrate "$scratch/live.json" --live kroger --yes-live --set "providers.KROGER_API.base_url=$url" --env-file "$scratch/keys/mock.env" "${few[@]}" -o "$scratch/refused"
check 'which nobody can pass off as a real provider: credentials travel over https only' '$code == 3 && $err == *"https only"* && ! -e $scratch/refused'
kill -INT "$mock"
wait "$mock"
live=("$scratch/live.json" --live kroger --watch 5s --max-requests 9 --max-rate 20/s)
run calibrate "${live[@]}" --yes-live "${few[@]}" -o "$scratch/refused"
check 'a real provider without credentials is not called' '$code == 4 && $err == *"KROGER_CLIENT_ID and KROGER_CLIENT_SECRET"* && ! -e $scratch/refused'
export KROGER_CLIENT_ID=$canary-id KROGER_CLIENT_SECRET=$canary-secret
refused 'nor without a yes' 2 '$err == *"--yes-live"*' "${live[@]}"
said+=$err
run calibrate "${live[@]}" --yes-live "${few[@]}" -o "$scratch/refused"
check 'one that cannot be reached tells nothing of timeouts, and nothing is written' '$code == 4 && $err == *"no real provider answered"* && -z $(compgen -G "$scratch/refused*")'
said+=$err$out
check 'no secret of the environment is in any output' '$said != *"$canary"* && -z $(grep -r -l "$canary" "$scratch")'
secrets=$(grep -E '^(MEALME_API_KEY|KROGER_CLIENT_SECRET)=' "$scratch/keys/mock.env" | cut -d= -f2- | tr -d '"' | grep .)
check 'nor one of an env file' '-n $secrets && -z $(grep -r -l -F "$secrets" "$scratch/elsewhere") && $said != *"${secrets%%$line_end*}"*'
unset KROGER_CLIENT_ID KROGER_CLIENT_SECRET

# ---- where results may go ----
mkdir "$scratch/foreign"
echo mine >"$scratch/foreign/file"
run calibrate "$scratch/shops.csv" "${few[@]}" -o "$scratch/foreign" --force
check 'a folder of something else is refused, even with --force' '$code == 2 && $err == *"nothing was touched"* && $(cat $scratch/foreign/file) == mine'
if [ "$(id -u)" -ne 0 ]; then
    mkdir -m 555 "$scratch/closed"
    run calibrate "$scratch/shops.csv" "${few[@]}" -o "$scratch/closed/out"
else
    run calibrate "$scratch/shops.csv" "${few[@]}" -o /proc/routesim-out
fi
check 'a folder that cannot be written is the environment'"'"'s fault' '$code == 4'
run calibrate "$scratch/shops.csv" "${few[@]}" -o "$scratch/csv-two" --json=/proc/routesim-json --force
check 'so is a file that cannot be' '$code == 4'
mkdir "$scratch/path"
PATH=$scratch/path "$program" calibrate "$scratch/shops.csv" --progress none -o "$scratch/plain" >"$scratch/out" 2>"$scratch/err" </dev/null
look $?
check 'without gnuplot the report still comes, with tables, and a line says so' '$code == 0 && $err == *gnuplot* && $(<$scratch/plain/report.html) == *"<table"* && $(<$scratch/plain/report.html) != *"<svg"*'
PATH=$scratch/path "$program" calibrate "$scratch/shops.csv" --progress none -o "$scratch/refused" --require-plots >"$scratch/out" 2>"$scratch/err" </dev/null
look $?
check 'unless figures are required' '$code == 4 && $err == *gnuplot* && -z $(compgen -G "$scratch/refused*")'

# ---- interrupted ----
for signal in INT TERM; do
    mkdir "$scratch/$signal"
    "$program" calibrate scenarios/baseline.json --duration 24h --rate 2/s --requests 12000 "${few[@]}" -o "$scratch/$signal/out" >/dev/null 2>"$scratch/err" </dev/null &
    running=$!
    await '[ -d "$scratch/$signal/out.tmp-$running" ]'
    kill -s "$signal" "$running"
    wait "$running"
    code=$? out=$(ls "$scratch/$signal") err=$(cat "$scratch/err")
    check "SIG$signal ends a calibration, and nothing half done stays" '$code -gt 128 && -z $out'
done
exit $failed
