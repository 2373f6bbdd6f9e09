#!/usr/bin/env bash
# Goal: the program as a person or a script meets it: exit codes, streams, suggestions, help.
# Method: it is run, and its exit code, standard output and standard error are looked at. Prints a line
# `ok - name`, `ok - name # SKIP why` or `not ok - name` a test.
# shellcheck disable=SC2016,SC2034 # conditions are expanded later, by check()
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
program=${ROUTESIM:-$PWD/routesim}
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
export LC_ALL=C.UTF-8
unset NO_COLOR FORCE_COLOR CLICOLOR_FORCE ROUTESIM_COLOR
for name in $(compgen -e LOOPGPT_); do unset "$name"; done

line_end=$'\n' escape=$'\e'
failed=0
code=0 out='' err=''
run() { # run WORDS...: sets code, out and err
    "$program" "$@" >"$scratch/out" 2>"$scratch/err" </dev/null
    code=$?
    out=$(cat "$scratch/out") err=$(cat "$scratch/err")
}

check() { # check NAME CONDITION: a bash condition about code, out and err
    if eval "[[ $2 ]]"; then
        echo "ok - $1"
    else
        echo "not ok - $1"
        printf '    wanted: %s\n    code: %s\n    out: %.400s\n    err: %.400s\n' "$2" "$code" "$out" "$err"
        failed=1
    fi
}

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
    echo 'ok - which groff reads without a warning # SKIP there is no groff'
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
    echo 'ok - which zsh can parse # SKIP there is no zsh'
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
    echo "ok - agrees with every recorded decision # SKIP $sample is not here"
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

# ---- doctor ----
mkdir "$scratch/empty" && cd "$scratch/empty" || exit 1
run doctor
check 'finds this machine fit' '$code == 0 && $out == *"libcurl"* && $out == *"open files"*'
ROUTESIM_DATA=/nonexistent run doctor
check 'finds a data folder missing' '$code == 4 && $out == *"FAIL"*"ROUTESIM_DATA is /nonexistent"*'
ROUTESIM_COLOR=never run doctor --config
check 'says where values come from' '$code == 0 && $out == *"--color "*"never"*"environment, ROUTESIM_COLOR"*'

exit "$failed"
