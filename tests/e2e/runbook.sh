#!/usr/bin/env bash
# Goal: routesim runbook as a person or a script meets it: the shipped runbook, its exit codes, its files, a bad file,
# and that its queries run unchanged on PostgreSQL.
# Method: it is run, and its exit code, standard output, standard error and files are looked at. Prints a
# line `ok - name` or `not ok - name` a test.
# shellcheck source=lib/e2e.bash
. "$(dirname "${BASH_SOURCE[0]}")/lib/e2e.bash" || exit 1
# shellcheck source=lib/postgres.bash
. tests/e2e/lib/postgres.bash || exit 1

shipped=scenarios/runbook.md

# ---- the shipped runbook ----
run runbook "$shipped" -o "$scratch/both"
check 'the shipped runbook has steps that do not work' '$code == 1 && $err == ""'
check 'the console names what it found' '$out == *"A verification that misleads"*"Rotated after the only deploy"*'
check 'and ends with the counts and the report' '$out == *"steps do nothing or fail as coded, "*" as documented."*"Report: $scratch/both/report.html"'
widest=0
while IFS= read -r line; do
    [[ $line == *Report:* ]] || ((${#line} <= widest)) || widest=${#line}
done <<<"$out"
check 'within 80 columns' '$widest -le 80'
for file in runbook.json report.md report.html summary.json; do
    check "writes $file" '-s $scratch/both/'"$file"
done
check 'the page loads nothing and runs nothing' \
    '$(cat "$scratch/both/report.html") != *"<script"* && $(cat "$scratch/both/report.html") == *"Content-Security-Policy"*'

run runbook "$shipped" --profile as_coded --only 'Emergency 1' -o "$scratch/coded"
check 'Emergency 1 as coded names the keys that do nothing' \
    '$code == 1 && $out == *"LOOPGPT_MEALME_MOCK = true"*"has no effect"*"LOOPGPT_INSTACART_MOCK = true"*"has no effect"*'
check 'and the verification that answers 400' '$out == *"400 INVALID_REQUEST: userId is missing"*'
check 'and nothing of another profile' '$out != *"AS DOCUMENTED"*'
run runbook "$shipped" --profile as_documented --only 'Emergency 1' -o "$scratch/documented"
check 'as documented every step of it works' '$code == 0 && $out == *"Every step that could be tried works."*'

run runbook "$shipped" -q -o "$scratch/quiet"
check 'quiet leaves one line' '$code == 1 && $(grep -c . <<<"$out") == 1'
run runbook "$shipped" --json -o "$scratch/json"
check 'JSON alone goes to standard output' '$code == 1 && $out == "{"*"routesim.runbook/1"*"}"'
check 'and is what the folder holds' '$out == "$(cat "$scratch/json/runbook.json")"'
if command -v jq >/dev/null; then
    check 'it is JSON' '$(jq -r ".steps | length" <<<"$out") -gt 40'
    check 'that tells who has no effect' \
        '$(jq -r "[.steps[] | select(.as_coded.reason == \"unread_key\") | .what] | join(\" \")" <<<"$out") == *LOOPGPT_KROGER_TIMEOUT*'
else
    skip 'it is JSON' 'jq is not there'
fi
run runbook "$shipped" --markdown - -o "$scratch/markdown"
check 'Markdown to standard output' '$code == 1 && $out == "# Runbook: "*"## Findings"*"## Steps that do not work"*'
cp "$scratch/both/runbook.json" "$scratch/first.json"
run runbook "$shipped" -o "$scratch/both"
check 'the same bytes again' '$code == 1 && $(cmp "$scratch/first.json" "$scratch/both/runbook.json" && echo same) == same'

# ---- other files ----
printf '# R\n\n```bash\nsupabase secrets set KROGER_CLIENT_SECRET=s3cr3t-canary "X\n```\n' >"$scratch/bad.md"
run runbook "$scratch/bad.md" -o "$scratch/bad"
check 'a quote that is never closed is shown with its place' \
    '$code == 3 && $err == *"bad.md:4:57: error: this quote is never closed"*"^"* && ! -e $scratch/bad'
check 'without the secret of its line' '$err != *canary*'
printf '# R\n\n```bash\nls\n' >"$scratch/open.md"
run runbook "$scratch/open.md"
check 'a block that is never closed is an error' '$code == 3 && $err == *"open.md:3: error: this block of code is never closed"*'
printf '# R\nnothing to do\n' >"$scratch/none.md"
run runbook "$scratch/none.md"
check 'a file without a step is an error' '$code == 3 && $err == *"there is no step in this file"*'
run runbook "$scratch/nowhere.md"
check 'a file that is not there is an error' '$code == 3 && $err == *nowhere.md*'
run runbook "$shipped" --only 'Emergncy 1'
check 'a heading that is none gets a suggestion' '$code == 2 && $err == *"did you mean"*"Emergency 1"*'
run runbook "$shipped" --profile documented
check 'a profile that is none is refused' '$code == 2 && $err == *as_documented*'
run runbook
check 'without a file there is help' '$code == 2 && $err == *"routesim runbook"*'
mkdir "$scratch/theirs" && touch "$scratch/theirs/file"
run runbook "$shipped" -o "$scratch/theirs"
check 'a folder of somebody else is left alone' '$code == 2 && -e $scratch/theirs/file'
printf '```bash\nsupabase secrets set WALMART_API_KEY=s3cr3t-canary\nsupabase functions deploy\n```\n' >"$scratch/secret.md"
run runbook "$scratch/secret.md" -v -o "$scratch/secret"
check 'a secret in the runbook is a finding' '$code == 0 && $out == *"A secret in plain text"*'
check 'and in no file' '$out$err != *canary* && $(grep -rc canary "$scratch/secret" | grep -v ":0$") == ""'

# ---- a scenario in which something is wrong ----
sed 's/"at": "20m", "for": "10m"/"at": "0s", "for": "10m"/; s/"refuse"/"hang"/' scenarios/all-providers-down.json >"$scratch/down.json"
run runbook "$shipped" --scenario "$scratch/down.json" --profile as_documented --only 'Monthly' -o "$scratch/down"
check 'a request meets the outage of the scenario' '$code == 1 && $out == *"503 NO_PROVIDERS_AVAILABLE"*TIMEOUT*'
run runbook "$shipped" --scenario "$scratch/down.json" --profile as_documented --only 'Emergency 1' -o "$scratch/mocked"
check 'mock mode answers through it' '$code == 0 && $out == *"POST loopgpt_route_order, an order"*works*'

# ---- PostgreSQL takes the queries as they are ----
name='the queries of the shipped runbook run unchanged on PostgreSQL'
if ! postgres_is_there; then
    skip "$name" 'there is no PostgreSQL: install postgresql'
elif postgres_start; then
    run run scenarios/baseline.json --short --no-plots -q -o "$scratch/baseline"
    run export "$scratch/baseline" --postgres --rebase load -q -o "$scratch/export"
    awk '/```sql/ { on = 1; next } /```/ { on = 0 } on' "$shipped" >"$scratch/queries.sql"
    (cd "$scratch/export" && ask -d postgres -f load.sql) >"$scratch/out" 2>"$scratch/err" &&
        ask -d postgres -A -t -f "$scratch/queries.sql" >"$scratch/out" 2>"$scratch/err"
    look $?
    check "$name" '$code == 0 && $out == *KROGER_API*'
fi
exit $failed
