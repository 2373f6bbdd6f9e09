# tests/e2e/lib/e2e.bash - what every end-to-end test begins with. Sourced first:
#
#   . "$(dirname "${BASH_SOURCE[0]}")/lib/e2e.bash" || exit 1
#
# It goes to the root of the sources, where scenarios/ is, and gives
#   program   the program, $ROUTESIM or ./routesim, as an absolute path
#   scratch   a folder of this test, which ends with it; TMPDIR is a folder in it
#   failed    0 until a test fails: end with `exit "$failed"`
# and the functions below. A test is a line `ok - name`, `ok - name # SKIP why` or `not ok - name`, which
# tests/run counts; what is to be told at its end is a line `told: ...`.
#
# The environment is what the program would meet on a plain machine: a UTF-8 locale, no colour said, no
# proxy, no key or setting of the program's but $ROUTESIM_DATA and $ROUTESIM_PROMTOOL, which are the tests'.
#
# At the end, however it comes, jobs in the background are killed, and so are `strays`: ids of processes
# that were disowned.
# shellcheck shell=bash
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/../../.." || exit 1
program=$(realpath "${ROUTESIM:-routesim}")
[ -x "$program" ] || { echo "not ok - there is a program at $program"; exit 1; }
scratch=$(mktemp -d "${TMPDIR:-/tmp}/routesim-e2e.XXXXXX") || exit 1
strays='' failed=0
clean() {
    local left
    left="$strays $(jobs -p)"
    # shellcheck disable=SC2086 # process ids are to be split
    [ -z "${left// /}" ] || kill -9 $left 2>/dev/null
    clean_more
    rm -rf "$scratch"
}
clean_more() { :; } # for another library, which has more to end
trap clean EXIT
trap 'exit 143' TERM
trap 'exit 130' INT

export LC_ALL=C.UTF-8 TMPDIR=$scratch/tmp
mkdir "$TMPDIR" || exit 1
unset NO_COLOR FORCE_COLOR CLICOLOR_FORCE
unset KROGER_CLIENT_ID KROGER_CLIENT_SECRET WALMART_API_KEY WALMART_PARTNER_ID MEALME_API_KEY INSTACART_API_KEY
for name in $(compgen -e | grep -E '^(LOOPGPT|ROUTESIM)_|_(proxy|PROXY)$'); do
    case $name in ROUTESIM_DATA | ROUTESIM_PROMTOOL) ;; *) unset "$name" ;; esac
done

# ---- verdicts -----------------------------------------------------------------------------------------
ok() { echo "ok - $1"; }
skip() { echo "ok - $1 # SKIP $2"; } # skip NAME WHY
not_ok() {                           # not_ok NAME [TEXT]
    echo "not ok - $1"
    [ $# -lt 2 ] || printf '%s\n' "$2" | head -n 20 | sed 's/^/    /'
    failed=1
}
expect() { # expect NAME WANTED GOT [TEXT]
    if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "wanted $2, got $3
${4-}"; fi
}
at_least() { # at_least NAME LEAST GOT [TEXT]
    if [ "${3:-0}" -ge "$2" ]; then ok "$1"; else not_ok "$1" "wanted $2 at least, got ${3:-nothing}
${4-}"; fi
}

# ---- running the program --------------------------------------------------------------------------------
code=0 out='' err='' flat=''
look() { # look CODE: of what was run into $scratch/out and $scratch/err, and is over: as run() says
    code=$1
    out=$(tr -d '\0' <"$scratch/out") err=$(cat "$scratch/err")
    flat=$(tr '\n' ' ' <"$scratch/out" | sed 's/\xc2\xa0/ /g' | tr -s ' ')
}
run() { # run WORDS...: sets code, out, err, and flat, which is out in one line
    "$program" "$@" >"$scratch/out" 2>"$scratch/err" </dev/null
    look $?
}
check() { # check NAME CONDITION: a bash condition about code, out, err and flat
    if eval "[[ $2 ]]"; then
        ok "$1"
    else
        not_ok "$1"
        printf '    wanted: %s\n    code: %s\n    out: %.600s\n    err: %.400s\n' "$2" "$code" "$out" "$err"
    fi
}

# ---- small tools ----------------------------------------------------------------------------------------
count() { grep -c "$@" || true; }
one_line() { tr '\n' ' ' <"$1" | tr -s ' '; }
await() { # await COMMAND: until it is true, for a minute at most
    local i
    for ((i = 0; i < 3000; i++)); do
        if eval "$1"; then return 0; fi
        sleep 0.02
    done
    return 1
}
