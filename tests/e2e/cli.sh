#!/usr/bin/env bash
# Goal: the program as a person or a script meets it: exit codes, streams, suggestions, help.
# Method: it is run, and its exit code, standard output and standard error are looked at. Prints a line
# `ok - name`, `ok - name # SKIP why` or `not ok - name` a test.
# shellcheck source=lib/e2e.bash
. "$(dirname "${BASH_SOURCE[0]}")/lib/e2e.bash" || exit 1
line_end=$'\n' escape=$'\e'

# ---- help and versions ----
run
check 'lists the commands when called alone' '$code == 0 && $out == *"  score "* && -z $err'
run help
check 'lists the commands on help' '$code == 0 && $out == *"  score "*'
run help score
help_text=$out
check 'explains a command' '$code == 0 && $out == *"--check"* && -z $err'
run score --help
check 'explains it the same with --help' '$code == 0 && $out == "$help_text"'
run score -h
check 'and with -h' '$code == 0 && $out == "$help_text"'
run score --nonsense -h
check 'and whatever else is wrong' '$code == 0 && $out == "$help_text"'
run --version
version_text=$out
check 'says its version on one line' '$code == 0 && $out == "routesim "*" (libcurl "*")" && $out != *"$line_end"*'
run version
check 'says it by command as well' '$code == 0 && $out == "$version_text"'
run --version --json
check 'says it as JSON' '$code == 0 && $out == "{\"schema\":\"routesim.version/1\",\"version\":"*"}"'

# ---- wrong command lines ----
run score
check 'shows four lines of help when a file is missing' '$code == 2 && -z $out && $err == *"Example: routesim score"* && $(wc -l <"$scratch/err") -eq 4'
run socre x
check 'suggests a command' '$code == 2 && $err == *"did you mean \"score\"?"*'
run scor x
check 'takes no abbreviation' '$code == 2 && -z $out'
run score --chekc x
check 'suggests an option' '$code == 2 && $err == *"did you mean \"--check\"?"*'
run score x --color purple
check 'names what an option takes' '$code == 2 && $err == *"auto|always|never"*'
run score x --color
check 'misses a value' '$code == 2 && $err == *"--color needs a value"*'
run help socre
check 'suggests in help too' '$code == 2 && $err == *"did you mean \"score\"?"*'
run completion fish
check 'knows two shells' '$code == 2 && $err == *"bash and zsh"*'

# ---- man page and completions ----
run help --man
check 'writes its man page' '$code == 0 && $out == ".TH ROUTESIM 1"*'
if command -v groff >/dev/null; then
    warnings=$(groff -man -Tutf8 -ww <"$scratch/out" 2>&1 >/dev/null)
    check 'which groff reads without a warning' '-z $warnings'
else
    skip 'which groff reads without a warning' 'there is no groff'
fi
run completion bash
cp "$scratch/out" "$scratch/completion.bash"
check 'writes a bash completion' '$code == 0 && $out == *"complete -o filenames -F _routesim routesim"*'

offers() { # offers WORDS...: what bash would offer for the last of them
    bash --norc -c '
        source "$1"
        shift
        COMP_WORDS=(routesim "$@") COMP_CWORD=$#
        _routesim
        printf "%s " "${COMPREPLY[@]}"' - "$scratch/completion.bash" "$@"
}
out=$(offers sc)
check 'completes commands' '$out == *"score "*'
out=$(offers score --ch)
check 'completes options' '$out == "--check "'
out=$(offers score --color al)
check 'completes values' '$out == "always "'
out=$(offers score --color = ne)
check 'completes values behind an equals sign' '$out == "never "'
out=$(offers completion z)
check 'completes what a command takes' '$out == "zsh "'
run completion zsh
check 'writes a zsh completion' '$code == 0 && $out == "#compdef routesim"*'
if command -v zsh >/dev/null; then
    warnings=$(zsh -n "$scratch/out" 2>&1)
    check 'which zsh can parse' '-z $warnings'
else
    skip 'which zsh can parse' 'there is no zsh'
fi

# ---- score ----
vectors=tests/router/score-vectors.ndjson
run score --check "$vectors"
check 'agrees with the orders worked by hand' '$code == 0 && $out == "10 of 10 match" && -z $err'
sed 's/"expect":/"result":/' "$vectors" >"$scratch/wanted"
run score "$vectors"
check 'writes each line with its result' '$code == 0 && -z $err'
cmp -s "$scratch/out" "$scratch/wanted"
check 'byte for byte' '$? -eq 0'
"$program" score --check - <"$vectors" >"$scratch/out" 2>"$scratch/err"
code=$? out=$(cat "$scratch/out")
check 'reads standard input' '$code == 0 && $out == "10 of 10 match"'
run score --check -q "$vectors"
check 'is quiet when asked and right' '$code == 0 && -z $out && -z $err'
sed '4s/"score":165,/"score":165.00000000000003,/' "$vectors" >"$scratch/changed"
run score --check "$scratch/changed"
check 'sees the last bit' '$code == 1 && $out == "9 of 10 match" && $err == *"changed:4:"*"expected 165.00000000000003"*'
printf '%s\n' '' '{"itemsRequested":1,"quotes":[' '{"itemsReqested":1}' >"$scratch/broken"
run score "$scratch/broken"
check 'names every bad line' '$code == 3 && -z $out && $err == *"broken:2:"* && $err == *"broken:3:"*"itemsRequested"*'
run score /nonexistent
check 'names a file that is not there' '$code == 3 && $err == *"/nonexistent: error: "*"No such file"*'
run score --check /dev/null
check 'does not take nothing for right' '$code == 3 && $err == *"no quote set"*'
sample=${ROUTESIM_VECTORS:-../shared/vectors/scoring-sample.ndjson}
if [ -f "$sample" ]; then
    run score --check "$sample"
    check 'agrees with every recorded decision' '$code == 0 && $out == "500 of 500 match"'
else
    skip "agrees with every recorded decision" "$sample is not here"
fi

# ---- streams and colour ----
run socre
check 'writes no colour to a file' '$err != *"$escape"*'
FORCE_COLOR=1 "$program" socre >"$scratch/out" 2>"$scratch/err"
err=$(cat "$scratch/err")
check 'writes colour when forced' '$err == *"$escape["*'
if [ -w /dev/full ]; then
    "$program" help >/dev/full 2>"$scratch/err"
    code=$? err=$(cat "$scratch/err") out=
    check 'says that its result could not be written' '$code == 4 && $err == *"No space left"*'
fi
{ "$program" score "$vectors" "$vectors" 2>"$scratch/err"; echo $? >"$scratch/code"; } | head -n 1 >/dev/null
code=$(cat "$scratch/code") err=$(cat "$scratch/err") out=
check 'takes a reader that went away for no failure' '$code == 0 && -z $err'

# ---- lint ----
cat >"$scratch/bad.json" <<'END'
{
  "name": "bad",
  "duration": "10m",
  "workload": {"arivals": {"kind": "poisson", "rate": "5/s"}}
}
END
run lint "$scratch/bad.json"
check 'shows a mistake with its place, line, caret and hint' '$code == 3 && $out == *"bad.json:4:16: error: "*"arivals"*"^~~"*"did you mean \"arrivals\"?"* && -z $err'
run lint --format json "$scratch/bad.json"
check 'tells it to programs' '$code == 3 && $out == "{\"schema\":\"routesim.findings/1\",\"errors\":1,"*"\"line\":4,\"column\":16,"*'
run lint --format github "$scratch/bad.json"
check 'tells it to a workflow' '$code == 3 && $out == "::error file="*"bad.json,line=4,col=16::"*'
run validate --set 'duration=5 minutes' "$scratch/bad.json"
check 'finds mistakes in --set too, and goes by its alias' '$code == 3 && $out == *"--set"*'
echo '{"name": "good"}' >"$scratch/good.json"
run lint "$scratch/good.json"
check 'has nothing to say of a good file' '$code == 0 && $out == "1 file, 0 errors, 0 warnings"'
run lint -q "$scratch/good.json"
check 'or says nothing at all' '$code == 0 && -z $out && -z $err'
run lint "$scratch/bad.json" /nonexistent.json "$scratch/good.json"
check 'goes through all files' '$code == 3 && $out == *"/nonexistent.json: error: "*"3 files, 2 errors, 0 warnings"'
run schema
check 'prints the schema' '$code == 0 && $out == *"https://json-schema.org/draft/2020-12/schema"*'

# ---- route ----
cat >"$scratch/cart.json" <<'END'
{"items": [{"name": "whole milk", "quantity": 2}], "shippingAddress": {"postalCode": "45202"}}
END
run route --explain "$scratch/cart.json"
check 'explains a choice' '$code == 0 && $out == *" selected for "*"reliability"*"score"*"subtotal"* && -z $err'
explained=$out
"$program" route --explain - <"$scratch/cart.json" >"$scratch/out" 2>&1
out=$(cat "$scratch/out")
check 'the same from standard input, and every time' '$out == "$explained"'
run route "$scratch/cart.json" --set router.profile=as_coded
check 'tells the other form of a request by its profile' '$code == 3 && $err == *"the profile as_coded calls it \"location\""*'
off='LOOPGPT_ENABLE_MEALME LOOPGPT_ENABLE_INSTACART LOOPGPT_ENABLE_KROGER LOOPGPT_ENABLE_WALMART'
for key in $off; do echo "$key=false"; done >"$scratch/off.env"
run route "$scratch/cart.json" --env-file "$scratch/off.env"
check 'lets an env file reach the router' '$code == 1 && $out == "Not routed: NO_PROVIDERS"*'
LOOPGPT_ENABLE_MEALME=false run route "$scratch/cart.json"
check 'ignores keys of this shell, and says so' '$code == 0 && $err == *"warning: "*"LOOPGPT_ENABLE_MEALME"*"--inherit-env"*'
(for key in $off; do export "$key=false"; done; run route --inherit-env "$scratch/cart.json"; [ "$code" -eq 1 ])
check 'unless they are to be inherited' '$? -eq 0'
echo 'KROGER_CLIENT_SECRET=canary-91c2' >"$scratch/secret.env"
chmod 644 "$scratch/secret.env"
run route "$scratch/cart.json" --env-file "$scratch/secret.env"
check 'refuses secrets that others may read' '$code == 3 && $err == *"secret.env:1:1: error: "*"chmod 600"* && $err$out != *canary*'

# ---- bugs ----
mkfifo "$scratch/fifo"
"$program" score - <"$scratch/fifo" >/dev/null 2>"$scratch/err" &
victim=$!
exec 3>"$scratch/fifo"
# More empty lines than a pipe holds: once they are written, the program is up and reading.
head -c 300000 /dev/zero | tr '\0' '\n' >&3
kill -ABRT "$victim"
wait "$victim" 2>/dev/null
code=$? err=$(cat "$scratch/err") out=
exec 3>&-
check 'calls a failed assertion a bug of its own' '$code == 70 && $err == *"this is a bug in routesim"*"routesim version --json"*'

# ---- doctor ----
mkdir "$scratch/empty" && cd "$scratch/empty" || exit 1
run doctor
check 'finds this machine fit' '$code == 0 && $out == *"libcurl"* && $out == *"open files"*'
ROUTESIM_DATA=/nonexistent run doctor
check 'finds a data folder missing' '$code == 4 && $out == *"FAIL"*"ROUTESIM_DATA is /nonexistent"*'
ROUTESIM_COLOR=never run doctor --config
check 'says where values come from' '$code == 0 && $out == *"--color "*"never"*"environment, ROUTESIM_COLOR"*'

exit "$failed"
