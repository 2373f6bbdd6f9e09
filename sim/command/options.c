#include "sim/command/options.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "sim/command/command.h"

#define IN(command)  (UINT32_C(1) << (command))
#define EVERYWHERE   (IN(COMMAND_COUNT) - 1u)
#define TUNES        (IN(COMMAND_TUNE) | IN(COMMAND_AB))
#define STUDIES      (TUNES | IN(COMMAND_CALIBRATE))
#define PLAYS        (IN(COMMAND_RUN) | IN(COMMAND_DRILL))
#define MAKES_OUTPUT (PLAYS | IN(COMMAND_REPORT) | STUDIES | IN(COMMAND_EXPORT))
#define WRITES_FOLDER                                                                              \
    (PLAYS | STUDIES | IN(COMMAND_EXPORT) | IN(COMMAND_ALERTS) | IN(COMMAND_RUNBOOK))
#define READS_SCENARIO                                                                             \
    (PLAYS | STUDIES | IN(COMMAND_LINT) | IN(COMMAND_ROUTE) | IN(COMMAND_VERIFY) |                 \
     IN(COMMAND_MOCK) | IN(COMMAND_DOCTOR) | IN(COMMAND_RUNBOOK))
#define RUNS (PLAYS | STUDIES | IN(COMMAND_VERIFY))
/* Those that may wait for real time. */
#define CALLS (PLAYS | IN(COMMAND_VERIFY) | IN(COMMAND_CALIBRATE))

const char *const option_group_titles[OPTION_GROUP_COUNT] = {
    [GROUP_LOAD] = "Load",     [GROUP_INPUT] = "Input",     [GROUP_JUDGE] = "Judging",
    [GROUP_OUTPUT] = "Output", [GROUP_DISPLAY] = "Display", [GROUP_OTHER] = "Other",
};

const struct command_traits command_table[] = {
    {.command = COMMAND_RUN,
     .name = "run",
     .summary = "Run one scenario through the router and judge the result",
     .about =
         "Simulates the scenario in virtual time: its orders through the full router, its four "
         "mock providers, its faults. Prints the checks first, then what happened, and writes the "
         "report and every number behind it to the output folder. With --clock real --wire http "
         "the "
         "mocks are HTTP servers of this process and time is waited for; with --live the named "
         "providers are the real ones, and nothing is ever bought.",
     .usage = "[options] SCENARIO.json",
     .example = "routesim run scenarios/kroger-timeout.json -r 8",
     .operand_kind = OPERAND_FILE,
     .operands_least = 1,
     .operands_most = 1,
     .handle = command_run},
    {.command = COMMAND_TUNE,
     .name = "tune",
     .summary = "Search scoring weights offline, exactly, and say how sure",
     .about =
         "Replays every order under other weights: each carries all its quotes, so winner, price, "
         "ETA and commission are counted, not estimated. Takes a scenario (run now), the folder of "
         "a finished run, or an event log (*.jsonl, *.ndjson, *.log, or - for standard input); "
         "further scenarios, folders or logs are met by the robust choice. Weights are chosen on "
         "the first part of the orders and judged once on the rest. Nothing is applied: the result "
         "ends with the line to paste.",
     .usage = "[options] SCENARIO.json|DIR|LOG.jsonl [MORE...]",
     .example = "routesim tune scenarios/real-day.json --constraint 'price<=+0.5%'",
     .operand_kind = OPERAND_FILE,
     .operands_least = 1,
     .operands_most = 16,
     .handle = command_tune},
    {.command = COMMAND_AB,
     .name = "ab",
     .summary = "Play an A/B of weight sets, or plan one",
     .about =
         "Gives each order to one arm by a hash, decides it by that arm's weights, and judges the "
         "difference as a live A/B would: sample ratio, CUPED, triggered orders, an interval that "
         "holds at every look, guardrails. Beside the estimate stands the replay's own difference, "
         "which no live A/B can know, and what learning it would have cost in orders and days. "
         "Takes what tune takes. Whether customers buy is observed with --purchases, else drawn "
         "from a stated choice model. --plan assigns nobody and says how long it would take. Exit "
         "code 1 means that the variant loses or breaks a guardrail.",
     .usage = "[options] SCENARIO.json|DIR|LOG.jsonl",
     .example = "routesim ab scenarios/real-day.json --weights revenue-first",
     .operand_kind = OPERAND_FILE,
     .operands_least = 1,
     .operands_most = 1,
     .handle = command_ab},
    {.command = COMMAND_CALIBRATE,
     .name = "calibrate",
     .summary = "Recommend provider timeouts, caches, retries from latencies",
     .about =
         "Puts the field's rules for timeouts side by side, each with what it would achieve: calls "
         "answered, calls given up that would have been answered, how long orders wait, who wins. "
         "Takes a scenario (run now), the folder of a finished run or an event log, whose orders "
         "are decided again exactly under every rule, or a CSV of latencies, where each value of "
         "the provider column is a provider. Calls that timed out count for as long as they were "
         "watched; what lies beyond is said to. Nothing is applied: the result ends with the line "
         "to paste.",
     .usage = "[options] SCENARIO.json|DIR|LOG.jsonl|FILE.csv",
     .example = "routesim calibrate scenarios/real-day.json --rule target=99%",
     .operand_kind = OPERAND_FILE,
     .operands_least = 0,
     .operands_most = 1,
     .handle = command_calibrate},
    {.command = COMMAND_DRILL,
     .name = "drill",
     .summary = "Play disaster-recovery drills: faults, alerts, operators",
     .about =
         "Plays each drill as a story whose truth is known: faults strike, alerts fire or stay "
         "silent, operators follow their steps after human delays, deploys take their time. Beside "
         "it the same orders go through without the fault, so what was lost is counted order by "
         "order. Says how long it took to detect, mitigate and recover, what it cost, and which "
         "step had no effect. Of a folder all drills are played: a table, and a page each. With "
         "--replications luck and human delays are drawn anew each time, and times are "
         "distributions. Exit code 1: a drill failed, deviated or was aborted; 5: it was invalid.",
     .usage = "[options] DRILL.json|DIR...",
     .example = "routesim drill scenarios/drills/",
     .operand_kind = OPERAND_FILE,
     .operands_least = 1,
     .operands_most = OPERANDS_MAX,
     .handle = command_drill},
    {.command = COMMAND_RUNBOOK,
     .name = "runbook",
     .summary = "Execute a runbook against the simulated system, step by step",
     .about =
         "Reads the shell, curl and SQL blocks of a Markdown file and does what they say: keys are "
         "set and deployed, requests go through the whole router, searches and queries are "
         "answered from the log of a run. Each section begins with the scenario's own settings. "
         "Says of every step whether it works, has no effect, fails or is not simulated, and why, "
         "under what production's runbook documents and under what its code does; then what no "
         "step shows alone, such as a change that nobody deploys. Exit code 1: a step has no "
         "effect or fails.",
     .usage = "[options] RUNBOOK.md",
     .example = "routesim runbook scenarios/runbook.md --only 'Emergency 1'",
     .operand_kind = OPERAND_FILE,
     .operands_least = 1,
     .operands_most = 1,
     .handle = command_runbook},
    {.command = COMMAND_ALERTS,
     .name = "alerts",
     .summary = "Export alert rules to Prometheus, or score rule sets",
     .about =
         "export writes rules of a scenario, or of a file of rules, for Prometheus (rules.yml) and "
         "Alertmanager (alertmanager.yml). A scenario is played as well, and what our engine saw "
         "and said at each tick becomes a test, rules_test.yml: promtool test rules finds out "
         "whether Prometheus says the same. score plays drills once, with nobody who repairs "
         "anything, and tells of each rule set what it found, how soon, what that had cost by "
         "then, how often it paged, and how often on quiet days, when nothing was wrong.",
     .usage = "export|score [options] SCENARIO.json|RULES.json...",
     .example = "routesim alerts score scenarios/alerts/*.json --drills scenarios/drills",
     .operand_kind = OPERAND_FILE,
     .operands_least = 2,
     .operands_most = 14,
     .handle = command_alerts},
    {.command = COMMAND_LINT,
     .name = "lint",
     .alias = "validate",
     .summary = "Check scenario files without running them",
     .about =
         "Reports every mistake of each file with its line and column, opens the data files they "
         "name, and warns of what is allowed but looks wrong.",
     .usage = "[options] SCENARIO.json...",
     .example = "routesim lint scenarios/baseline.json scenarios/bursty.json",
     .operand_kind = OPERAND_FILE,
     .operands_least = 1,
     .operands_most = OPERANDS_MAX,
     .handle = command_lint},
    {.command = COMMAND_REPORT,
     .name = "report",
     .summary = "Rebuild the reports of a finished run",
     .about =
         "Reads summary.json and series.csv of a run's folder and makes the figures, the HTML, "
         "Markdown and JUnit reports and the console summary anew.",
     .usage = "[options] DIR",
     .example = "routesim report out/kroger-timeout-20251123",
     .operand_kind = OPERAND_FOLDER,
     .operands_least = 1,
     .operands_most = 1,
     .handle = command_report},
    {.command = COMMAND_EXPORT,
     .name = "export",
     .summary = "Write a run's logs for PostgreSQL or as CSV",
     .about =
         "Takes the folder of a finished run or drill. Makes of its logs the tables that the "
         "operators' SQL reads: edge_logs, provider_metrics, score_calculations, order_outcomes; "
         "with --postgres also the SQL that makes, fills and asks them. Answers the operators' "
         "queries itself, to the last digit that PostgreSQL prints. A log that holds a sample of "
         "the orders is refused.",
     .usage = "[options] DIR",
     .example = "routesim export out/kroger-timeout-20251123 --postgres --rebase load",
     .operand_kind = OPERAND_FOLDER,
     .operands_least = 1,
     .operands_most = 1,
     .handle = command_export},
    {.command = COMMAND_COMPARE,
     .name = "compare",
     .summary = "Compare two runs, or gate one against a baseline",
     .about =
         "Takes the output folders of two finished runs of one scenario and seed, A the baseline, "
         "and pairs their orders. Prints what is worse, better, changed, inconclusive and the same "
         "in B, each with its interval; router settings may differ and are listed, anything else "
         "that differs is refused. Exit code 1 means that something is worse.",
     .usage = "[options] A B",
     .example = "routesim compare out/baseline-7 out/other-weights",
     .operand_kind = OPERAND_FOLDER,
     .operands_least = 2,
     .operands_most = 2,
     .handle = command_compare},
    {.command = COMMAND_VERIFY,
     .name = "verify",
     .summary = "Prove that structs, codecs and HTTP decide alike",
     .about =
         "Runs a scenario (its \"short\" block, or a minute of it) three times in virtual time: "
         "with "
         "structs, with every call through both codecs in memory, and with every call over a "
         "loopback socket. All quotes and decisions have to be the same, order by order. With "
         "--clock real it runs once more in real time; orders that differ then are listed, each "
         "with its reason. Exit code 1 means a difference that nothing explains, 5 that a fault of "
         "the scenario met no call, so that nothing was found out about it.",
     .usage = "[options] SCENARIO.json...",
     .example = "routesim verify scenarios/credentials-expired.json",
     .operand_kind = OPERAND_FILE,
     .operands_least = 1,
     .operands_most = OPERANDS_MAX,
     .handle = command_verify},
    {.command = COMMAND_SCORE,
     .name = "score",
     .summary = "Score quote sets given as JSON lines",
     .about =
         "Reads one quote set a line: weights, preference, itemsRequested, quotes and metrics. "
         "Writes the same lines with the scorer's \"result\" in place of \"expect\". Weights that "
         "a line does not name keep production's defaults.",
     .usage = "[options] FILE.ndjson...",
     .example = "routesim score --check ../shared/vectors/scoring-sample.ndjson",
     .operand_kind = OPERAND_FILE,
     .operands_least = 1,
     .operands_most = OPERANDS_MAX,
     .handle = command_score},
    {.command = COMMAND_ROUTE,
     .name = "route",
     .summary = "Route one cart and explain the choice",
     .about =
         "Sends one order request, in the form that the profile takes, through the whole router at "
         "the first instant of a scenario. Exit code 1 means that it could not be routed.",
     .usage = "[options] CART.json",
     .example = "routesim route --explain --scenario scenarios/baseline.json cart.json",
     .operand_kind = OPERAND_FILE,
     .operands_least = 1,
     .operands_most = 1,
     .handle = command_route},
    {.command = COMMAND_MOCK,
     .name = "mock",
     .summary = "Serve the mock providers over HTTP on loopback",
     .about =
         "Each provider on a port of its own, speaking its real API: for this router, for "
         "production's, for curl. Faults of the scenario strike by a clock that starts at 0 when "
         "serving begins. A JSON interface on another port changes faults, credentials and clock "
         "and shows what was asked. Stopped by SIGINT or SIGTERM it exits 0, or 4 where it "
         "had no file descriptor left for some client; SIGHUP reads the "
         "scenario again. Without a scenario every provider is well.",
     .usage = "[options] [SCENARIO.json]",
     .example = "routesim mock scenarios/kroger-timeout.json --keys keys --tls",
     .operand_kind = OPERAND_FILE,
     .operands_most = 1,
     .handle = command_mock},
    {.command = COMMAND_DOCTOR,
     .name = "doctor",
     .summary = "Check libraries, gnuplot, fonts, ports, limits, credentials",
     .about =
         "Looks at everything a run leans on, and says for each thing that is missing what it is "
         "for and how to get it. With --live it makes one call to each provider named and says "
         "whether it took the credential; no value of a credential is ever shown.",
     .usage = "[options]",
     .example = "routesim doctor --config",
     .operand_kind = OPERAND_NONE,
     .handle = command_doctor},
    {.command = COMMAND_SCHEMA,
     .name = "schema",
     .summary = "Print the JSON Schema of scenario files",
     .about =
         "For editors: it holds every key with its type, range, default and help, from the same "
         "table that the reader goes by.",
     .usage = "[options]",
     .example = "routesim schema > scenario.schema.json",
     .operand_kind = OPERAND_NONE,
     .handle = command_schema},
    {.command = COMMAND_COMPLETION,
     .name = "completion",
     .summary = "Print a completion script for bash or zsh",
     .about = "For one shell: source <(routesim completion bash). make install puts both in place.",
     .usage = "bash|zsh",
     .example = "routesim completion bash > ~/.local/share/bash-completion/completions/routesim",
     .operand_kind = OPERAND_CHOICE,
     .operand_choices = "bash|zsh",
     .operands_least = 1,
     .operands_most = 1,
     .handle = command_completion},
    {.command = COMMAND_HELP,
     .name = "help",
     .summary = "Explain a command",
     .about = "Without a command: the list of them.",
     .usage = "[options] [COMMAND]",
     .example = "routesim help score",
     .operand_kind = OPERAND_COMMAND,
     .operands_most = 1,
     .handle = command_help},
    {.command = COMMAND_VERSION,
     .name = "version",
     .summary = "Print the version, and those of the libraries",
     .about = "The same line as routesim --version.",
     .usage = "[options]",
     .example = "routesim version --json",
     .operand_kind = OPERAND_NONE,
     .handle = command_version},
};
const unsigned command_table_count = sizeof command_table / sizeof command_table[0];

const struct option_traits option_table[OPTION_COUNT] = {
    [OPTION_OUT] =
        {.name = "out",
         .letter = 'o',
         .type = OPTION_PATH,
         .argument = "DIR",
         .env = "ROUTESIM_OUT",
         .help = "where results go; out/SCENARIO-SEED when not given, out/COMMAND-SCENARIO-SEED of "
                 "tune, ab, calibrate, export, alerts and drill, out/suite-FOLDER of several "
                 "drills, out/runbook-FILE-SEED of runbook; a folder that holds anything else is "
                 "refused",
         .group = GROUP_OUTPUT,
         .commands = WRITES_FOLDER},
    [OPTION_FORCE] =
        {.name = "force",
         .type = OPTION_FLAG,
         .help = "replace results of another scenario, or of other settings, in the output folder",
         .group = GROUP_OUTPUT,
         .commands = WRITES_FOLDER},
    [OPTION_SEED] = {.name = "seed",
                     .letter = 's',
                     .type = OPTION_NUMBER_SEED,
                     .argument = "N",
                     .env = "ROUTESIM_SEED",
                     .help = "what all draws follow from; the scenario's when not given",
                     .group = GROUP_LOAD,
                     .commands = RUNS | IN(COMMAND_ALERTS) | IN(COMMAND_ROUTE) | IN(COMMAND_MOCK) |
                                 IN(COMMAND_RUNBOOK)},
    [OPTION_JOBS] = {.name = "jobs",
                     .letter = 'j',
                     .type = OPTION_NUMBER_COUNT,
                     .argument = "N",
                     .env = "ROUTESIM_JOBS",
                     .help = "threads; results do not depend on it; every core when not given",
                     .group = GROUP_LOAD,
                     .commands = PLAYS | STUDIES,
                     .least = 1,
                     .most = 1024},
    [OPTION_REPLICATIONS] = {.name = "replications",
                             .letter = 'r',
                             .type = OPTION_NUMBER_COUNT,
                             .argument = "N",
                             .env = "ROUTESIM_REPLICATIONS",
                             .help = "independent repeats, for confidence intervals",
                             .group = GROUP_LOAD,
                             .commands = PLAYS,
                             .least = 1,
                             .most = 100000},
    [OPTION_DURATION] = {.name = "duration",
                         .type = OPTION_SPAN,
                         .argument = "SPAN",
                         .help = "simulate this long instead: 30s, 90m, 1h30m",
                         .group = GROUP_LOAD,
                         .commands = RUNS},
    [OPTION_REQUESTS] = {.name = "requests",
                         .type = OPTION_NUMBER_COUNT,
                         .argument = "N",
                         .help = "stop after so many orders",
                         .group = GROUP_LOAD,
                         .commands = RUNS,
                         .least = 1,
                         .most = INT64_C(1000000000000)},
    [OPTION_RATE] = {.name = "rate",
                     .type = OPTION_EVENT_RATE,
                     .argument = "RATE",
                     .help = "order arrivals instead of the scenario's: 40/s, 500/h",
                     .group = GROUP_LOAD,
                     .commands = PLAYS | STUDIES},
    [OPTION_CLOCK] = {.name = "clock",
                      .type = OPTION_CHOICE,
                      .argument = "virtual|real",
                      .fallback = "virtual",
                      .help = "jump through time, or wait for it",
                      .group = GROUP_LOAD,
                      .commands = CALLS},
    [OPTION_WIRE] = {.name = "wire",
                     .type = OPTION_CHOICE,
                     .argument = "struct|bytes|http",
                     .help =
                         "how calls reach mock providers: as structs (the default), through the "
                         "codecs in memory, over HTTP (the default in real time)",
                     .group = GROUP_LOAD,
                     .commands = PLAYS | IN(COMMAND_CALIBRATE)},
    [OPTION_MOCK_TLS] =
        {.name = "tls",
         .type = OPTION_FLAG,
         .help = "the mocks of --wire http speak TLS, verified against their own authority",
         .group = GROUP_LOAD,
         .commands = PLAYS | IN(COMMAND_CALIBRATE)},
    [OPTION_CA] = {.name = "ca",
                   .type = OPTION_PATH,
                   .argument = "FILE",
                   .help = "whom mock servers elsewhere are verified against: the ca.pem that "
                           "routesim mock writes beside its keys; never real providers",
                   .group = GROUP_LOAD,
                   .commands = PLAYS | IN(COMMAND_CALIBRATE)},
    [OPTION_CACHE] = {.name = "cache",
                      .type = OPTION_TEXT,
                      .argument = "URL",
                      .env = "ROUTESIM_CACHE",
                      .help = "keep quotes in a real Redis: redis://[:PASSWORD@]HOST[:PORT][/DB] "
                              "or unix://[:PASSWORD@]/PATH; a password is better given by the "
                              "variable, where no list of processes shows it",
                      .group = GROUP_LOAD,
                      .commands = IN(COMMAND_RUN)},
    [OPTION_LIVE] = {.name = "live",
                     .type = OPTION_TEXT,
                     .argument = "PROVIDER,...",
                     .help =
                         "call the real mealme, instacart, kroger or walmart, in real time, with "
                         "credentials of the environment or --env-file",
                     .group = GROUP_LOAD,
                     .commands = PLAYS | IN(COMMAND_DOCTOR) | IN(COMMAND_CALIBRATE)},
    [OPTION_YES_LIVE] = {.name = "yes-live",
                         .type = OPTION_FLAG,
                         .help = "yes, real providers are to be called",
                         .group = GROUP_LOAD,
                         .commands = PLAYS | IN(COMMAND_DOCTOR) | IN(COMMAND_CALIBRATE)},
    [OPTION_MAX_REQUESTS] = {.name = "max-requests",
                             .type = OPTION_NUMBER_COUNT,
                             .argument = "N",
                             .fallback = "200",
                             .help = "HTTP requests to real providers, at most; and calls to them "
                                     "that fail before a request is sent",
                             .group = GROUP_LOAD,
                             .commands = PLAYS | IN(COMMAND_CALIBRATE),
                             .least = 1,
                             .most = 1000000},
    [OPTION_MAX_RATE] = {.name = "max-rate",
                         .type = OPTION_EVENT_RATE,
                         .argument = "RATE",
                         .fallback = "360/h",
                         .help = "order starts when a provider is real, at most",
                         .group = GROUP_LOAD,
                         .commands = PLAYS | IN(COMMAND_CALIBRATE)},
    [OPTION_SPEED] = {.name = "speed",
                      .type = OPTION_TEXT,
                      .argument = "60x",
                      .help = "in real time: shorten what is waited for so many times; calls, "
                              "timeouts and the rate of orders stay",
                      .group = GROUP_LOAD,
                      .commands = IN(COMMAND_DRILL)},
    [OPTION_ASK] = {.name = "ask",
                    .type = OPTION_FLAG,
                    .help = "in real time: you are the operator; type what to do when alerts fire",
                    .group = GROUP_LOAD,
                    .commands = IN(COMMAND_DRILL)},
    [OPTION_NOTIFY_PAGERDUTY] = {.name = "notify-pagerduty",
                                 .type = OPTION_FLAG,
                                 .help = "in real time: tell PagerDuty of alerts, really; the key "
                                         "is ROUTESIM_PAGERDUTY_KEY of the environment or "
                                         "--env-file",
                                 .group = GROUP_LOAD,
                                 .commands = IN(COMMAND_DRILL)},
    [OPTION_NOTIFY_SLACK] = {.name = "notify-slack",
                             .type = OPTION_FLAG,
                             .help = "the same for Slack; the webhook's URL is "
                                     "ROUTESIM_SLACK_WEBHOOK",
                             .group = GROUP_LOAD,
                             .commands = IN(COMMAND_DRILL)},
    [OPTION_NOTIFY_URL] = {.name = "notify-url",
                           .type = OPTION_TEXT,
                           .argument = "URL",
                           .help = "tell this URL instead of theirs: https:, or http: to this "
                                   "machine",
                           .group = GROUP_LOAD,
                           .commands = IN(COMMAND_DRILL)},
    [OPTION_RECORD] = {.name = "record",
                       .type = OPTION_PATH,
                       .argument = "FILE",
                       .help = "keep every conversation, without its secrets, to be played back by "
                               "mode \"replay\"",
                       .group = GROUP_OUTPUT,
                       .commands = IN(COMMAND_RUN)},
    [OPTION_ALLOW_UNANSWERED] =
        {.name = "allow-unanswered",
         .type = OPTION_FLAG,
         .help = "calls that a recording has no answer to, and that are told 404, are no failure",
         .group = GROUP_JUDGE,
         .commands = IN(COMMAND_RUN)},
    [OPTION_SET] = {.name = "set",
                    .type = OPTION_TEXT,
                    .argument = "PATH=VALUE",
                    .help = "override one value of the scenario; may be given again",
                    .group = GROUP_INPUT,
                    .commands = READS_SCENARIO,
                    .repeatable = true},
    [OPTION_SHORT] = {.name = "short",
                      .type = OPTION_FLAG,
                      .help = "apply the scenario's \"short\" block: a small version of it",
                      .group = GROUP_INPUT,
                      .commands = PLAYS | STUDIES | IN(COMMAND_LINT)},
    [OPTION_ENV_FILE] = {.name = "env-file",
                         .type = OPTION_PATH,
                         .argument = "FILE",
                         .env = "ROUTESIM_ENV_FILE",
                         .help = "production's keys as KEY=value lines; must be private when it "
                                 "holds secrets",
                         .group = GROUP_INPUT,
                         .commands = PLAYS | STUDIES | IN(COMMAND_ROUTE) | IN(COMMAND_DOCTOR)},
    [OPTION_INHERIT_ENV] = {.name = "inherit-env",
                            .type = OPTION_FLAG,
                            .help = "let LOOPGPT_* of this shell reach the router",
                            .group = GROUP_INPUT,
                            .commands = PLAYS | STUDIES | IN(COMMAND_ROUTE)},
    [OPTION_CHECK] = {.name = "check",
                      .type = OPTION_TEXT,
                      .argument = "CHECK",
                      .help = "add a check: 'router.p95_ms<=5s', 'router.p95_ms<=5s during FAULT'; "
                              "may be given again",
                      .group = GROUP_JUDGE,
                      .commands = IN(COMMAND_RUN),
                      .repeatable = true},
    [OPTION_STRICT_EVIDENCE] =
        {.name = "strict-evidence",
         .type = OPTION_FLAG,
         .help = "exit 5 when a check, or an A/B, has too few samples to be decided",
         .group = GROUP_JUDGE,
         .commands = IN(COMMAND_RUN) | IN(COMMAND_AB)},
    [OPTION_CHECK_DETERMINISM] =
        {.name = "check-determinism",
         .type = OPTION_FLAG,
         .help = "run twice and compare all decisions and quotes by their hash",
         .group = GROUP_JUDGE,
         .commands = IN(COMMAND_RUN)},
    [OPTION_PERCENTILES] = {.name = "percentiles",
                            .type = OPTION_PERCENT_LIST,
                            .argument = "LIST",
                            .fallback = "50,90,95,99,99.9",
                            .env = "ROUTESIM_PERCENTILES",
                            .help = "which percentiles to show, rising",
                            .group = GROUP_OUTPUT,
                            .commands = IN(COMMAND_RUN)},
    [OPTION_EXACT] = {.name = "exact",
                      .type = OPTION_NUMBER_COUNT,
                      .argument = "N",
                      .fallback = "65536",
                      .help = "latency samples kept one by one for each series, before histograms",
                      .group = GROUP_OUTPUT,
                      .commands = IN(COMMAND_RUN),
                      .least = 1024,
                      .most = 16777216},
    [OPTION_EVENTS] = {.name = "events",
                       .type = OPTION_CHOICE,
                       .argument = "all|sample=N|none",
                       .env = "ROUTESIM_EVENTS",
                       .help = "which orders events.jsonl holds: all of them (the default up to a "
                               "million lines), one in N, or none",
                       .group = GROUP_OUTPUT,
                       .commands = PLAYS},
    [OPTION_NO_QUOTES] = {.name = "no-quotes",
                          .type = OPTION_FLAG,
                          .help = "leave out quotes.bin, the record that compare and tuning read",
                          .group = GROUP_OUTPUT,
                          .commands = PLAYS},
    [OPTION_JSON] = {.name = "json",
                     .type = OPTION_MAYBE_PATH,
                     .argument = "FILE",
                     .help = "the summary as JSON; without =FILE to standard output, and nothing "
                             "else there",
                     .group = GROUP_OUTPUT,
                     .commands = PLAYS | STUDIES | IN(COMMAND_COMPARE) | IN(COMMAND_ALERTS) |
                                 IN(COMMAND_RUNBOOK)},
    [OPTION_JUNIT] = {.name = "junit",
                      .type = OPTION_PATH,
                      .argument = "FILE",
                      .help = "the checks as JUnit XML, too",
                      .group = GROUP_OUTPUT,
                      .commands = PLAYS},
    [OPTION_MARKDOWN] = {.name = "markdown",
                         .type = OPTION_PATH,
                         .argument = "FILE",
                         .help = "the short report as Markdown, too",
                         .group = GROUP_OUTPUT,
                         .commands = PLAYS | STUDIES | IN(COMMAND_COMPARE) | IN(COMMAND_RUNBOOK)},
    [OPTION_HTML] = {.name = "html",
                     .type = OPTION_PATH,
                     .argument = "FILE",
                     .help = "the comparison as one HTML page with a forest plot, too",
                     .group = GROUP_OUTPUT,
                     .commands = IN(COMMAND_COMPARE)},
    [OPTION_CSV] = {.name = "csv",
                    .type = OPTION_FLAG,
                    .help = "print the metrics as CSV instead of the console summary",
                    .group = GROUP_OUTPUT,
                    .commands = IN(COMMAND_RUN) | STUDIES},
    [OPTION_NO_PLOTS] = {.name = "no-plots",
                         .type = OPTION_FLAG,
                         .help = "leave the figures out of the report",
                         .group = GROUP_OUTPUT,
                         .commands = MAKES_OUTPUT},
    [OPTION_REQUIRE_PLOTS] = {.name = "require-plots",
                              .type = OPTION_FLAG,
                              .help = "exit 4 when gnuplot cannot draw the figures",
                              .group = GROUP_OUTPUT,
                              .commands = MAKES_OUTPUT},
    [OPTION_DRY_RUN] = {.name = "dry-run",
                        .type = OPTION_FLAG,
                        .help = "resolve everything, print the plan, do nothing",
                        .group = GROUP_OTHER,
                        .commands = IN(COMMAND_RUN)},
    [OPTION_OBJECTIVE] = {.name = "objective",
                          .type = OPTION_TEXT,
                          .argument = "NAME:W,...",
                          .fallback = "commission:0.5,savings:0.5",
                          .help = "what to improve: price, eta, commission, availability, savings, "
                                  "regret, conversion, expected_commission, surplus",
                          .group = GROUP_JUDGE,
                          .commands = IN(COMMAND_TUNE)},
    [OPTION_CONSTRAINT] =
        {.name = "constraint",
         .type = OPTION_TEXT,
         .argument = "LIMIT",
         .help = "what a choice must keep, as 'price<=+0.5%', 'eta<=+2min', 'share<=80%'; a sign "
                 "counts from the baseline; may be given again; price<=+0.5%, eta<=+2min, "
                 "availability>=-0.5pp and share<=80% when none is given; each part of the goal "
                 "keeps at least 99% of its value unless one names it",
         .group = GROUP_JUDGE,
         .commands = TUNES,
         .repeatable = true},
    [OPTION_WEIGHTS] = {.name = "weights",
                        .type = OPTION_TEXT,
                        .argument = "NAME=W,...",
                        .help = "judge weights of your own beside the presets: "
                                "'mine=price:0.4,commission:0.3'; the rest as in the baseline; may "
                                "be given again",
                        .group = GROUP_INPUT,
                        .commands = IN(COMMAND_TUNE),
                        .repeatable = true},
    [OPTION_BASELINE_WEIGHTS] = {.name = "baseline",
                                 .type = OPTION_TEXT,
                                 .argument = "W,...",
                                 .help = "what to compare with: 'price:0.3,speed:0.15'; the rest "
                                         "as recorded; the recorded weights when not given",
                                 .group = GROUP_INPUT,
                                 .commands = TUNES},
    [OPTION_HOLD] = {.name = "hold",
                     .type = OPTION_TEXT,
                     .argument = "WEIGHT,...",
                     .help = "weights that are not to be touched: priority, price, speed, "
                             "commission, availability, reliability",
                     .group = GROUP_INPUT,
                     .commands = IN(COMMAND_TUNE)},
    [OPTION_HOLDOUT] = {.name = "holdout",
                        .type = OPTION_SHARE,
                        .argument = "SHARE",
                        .fallback = "0.3",
                        .help = "the last part of the time, which is kept for judging",
                        .group = GROUP_JUDGE,
                        .commands = IN(COMMAND_TUNE)},
    [OPTION_HISTORY] = {.name = "history",
                        .type = OPTION_CHOICE,
                        .argument = "frozen|evolve",
                        .fallback = "frozen",
                        .help = "score with the history each order met, or also with what the "
                                "replayed decisions would have made of it",
                        .group = GROUP_JUDGE,
                        .commands = IN(COMMAND_TUNE)},
    [OPTION_WITHOUT] = {.name = "without",
                        .type = OPTION_TEXT,
                        .argument = "PROVIDER,...",
                        .help = "replay as if these providers had not answered",
                        .group = GROUP_INPUT,
                        .commands = TUNES},
    [OPTION_PURCHASES] = {.name = "purchases",
                          .type = OPTION_PATH,
                          .argument = "FILE.csv",
                          .help = "who bought (order_index,bought,rating): fits the choice model, "
                                  "which else runs over an assumed range",
                          .group = GROUP_INPUT,
                          .commands = TUNES},
    [OPTION_RESAMPLES] = {.name = "resamples",
                          .type = OPTION_NUMBER_COUNT,
                          .argument = "N",
                          .fallback = "2000",
                          .help = "of the bootstrap",
                          .group = GROUP_JUDGE,
                          .commands = TUNES,
                          .least = 100,
                          .most = 20000},
    [OPTION_AB_OBJECTIVE] = {.name = "objective",
                             .type = OPTION_TEXT,
                             .argument = "NAME:W,...",
                             .help = "the goal: price, eta, commission, availability, savings, "
                                     "regret, surplus, conversion, or expected_commission "
                                     "(commission of what is bought: a model's without "
                                     "--purchases); a sum of several counts in the baseline's "
                                     "standard deviations. commission when not given, with "
                                     "--purchases expected_commission",
                             .group = GROUP_JUDGE,
                             .commands = IN(COMMAND_AB)},
    [OPTION_AB_WEIGHTS] = {.name = "weights",
                           .type = OPTION_TEXT,
                           .argument = "NAME[=W,...]",
                           .help = "a variant: 'mine=price:0.4,commission:0.3', the rest as in the "
                                   "baseline, or a preset: price-first, revenue-first, "
                                   "speed-first, production; may be given again",
                           .group = GROUP_INPUT,
                           .commands = IN(COMMAND_AB),
                           .repeatable = true},
    [OPTION_PLAN] = {.name = "plan",
                     .type = OPTION_FLAG,
                     .help = "assign nobody: orders, days and what can be detected, from the "
                             "replay's own spread",
                     .group = GROUP_JUDGE,
                     .commands = IN(COMMAND_AB)},
    [OPTION_SALT] = {.name = "salt",
                     .type = OPTION_TEXT,
                     .argument = "TEXT",
                     .fallback = "ab",
                     .help = "goes into the hash that assigns orders: another one for every "
                             "experiment",
                     .group = GROUP_INPUT,
                     .commands = IN(COMMAND_AB)},
    [OPTION_INTERLEAVE] = {.name = "interleave",
                           .type = OPTION_FLAG,
                           .help = "all policies score every order, one serves it: judged on the "
                                   "orders that they decide differently",
                           .group = GROUP_JUDGE,
                           .commands = IN(COMMAND_AB)},
    [OPTION_POWER] = {.name = "power",
                      .type = OPTION_SHARE,
                      .argument = "SHARE",
                      .fallback = "0.8",
                      .help = "chance to see an effect that is there, for numbers of orders and "
                              "days",
                      .group = GROUP_JUDGE,
                      .commands = IN(COMMAND_AB)},
    [OPTION_PEEKS] = {.name = "peeks",
                      .type = OPTION_NUMBER_COUNT,
                      .argument = "N",
                      .fallback = "20",
                      .help = "how often the always-valid interval is looked at",
                      .group = GROUP_JUDGE,
                      .commands = IN(COMMAND_AB),
                      .least = 0,
                      .most = 200},
    [OPTION_PLANNED] = {.name = "planned",
                        .type = OPTION_NUMBER_COUNT,
                        .argument = "N",
                        .help = "orders an arm at which the fixed-horizon p is read, once; all "
                                "there are when not given",
                        .group = GROUP_JUDGE,
                        .commands = IN(COMMAND_AB),
                        .least = 2,
                        .most = INT64_C(1000000000)},
    [OPTION_FROM] = {.name = "from",
                     .type = OPTION_PATH,
                     .argument = "FILE.csv",
                     .help = "a CSV of latencies, whatever it is called; - for standard input",
                     .group = GROUP_INPUT,
                     .commands = IN(COMMAND_CALIBRATE)},
    [OPTION_COLUMNS] = {.name = "columns",
                        .type = OPTION_TEXT,
                        .argument = "WHAT=NAME,...",
                        .help = "which column is what, as latency=ms,provider=site: latency, "
                                "provider, code, time, order, timeout, event; found by common "
                                "names when not given",
                        .group = GROUP_INPUT,
                        .commands = IN(COMMAND_CALIBRATE)},
    [OPTION_TIMEOUT] = {.name = "timeout",
                        .type = OPTION_SPAN,
                        .argument = "SPAN",
                        .help = "the timeout in force when a CSV was written: what came at it or "
                                "later was given up",
                        .group = GROUP_INPUT,
                        .commands = IN(COMMAND_CALIBRATE)},
    [OPTION_RULE] = {.name = "rule",
                     .type = OPTION_TEXT,
                     .argument = "RULE",
                     .fallback = "target=99%",
                     .help = "what is recommended: today, p95+2s (or another span), p99, p99.9, "
                             "clamp, target=SHARE (waits for that share of answers, with 95% "
                             "confidence), knee, cost",
                     .group = GROUP_JUDGE,
                     .commands = IN(COMMAND_CALIBRATE)},
    [OPTION_MAX_TIMEOUT] = {.name = "max",
                            .type = OPTION_SPAN,
                            .argument = "SPAN",
                            .fallback = "15s",
                            .help = "no timeout longer than this is recommended",
                            .group = GROUP_JUDGE,
                            .commands = IN(COMMAND_CALIBRATE)},
    [OPTION_PRICES] = {.name = "prices",
                       .type = OPTION_TEXT,
                       .argument = "WHAT=CENTS,...",
                       .help = "what waiting and losing are worth, for the rule cost: "
                               "'wait=1,quote=20,order=150', cents for an order's every second, "
                               "for a quote given up, for an order without any; these, as an "
                               "assumption, when not given",
                       .group = GROUP_JUDGE,
                       .commands = IN(COMMAND_CALIBRATE)},
    [OPTION_WATCH] = {.name = "watch",
                      .type = OPTION_SPAN,
                      .argument = "SPAN",
                      .fallback = "60s",
                      .help = "how long a real provider is waited for, whatever its timeout; the "
                              "life of a call (policy.call_life) at most",
                      .group = GROUP_LOAD,
                      .commands = IN(COMMAND_CALIBRATE)},
    [OPTION_SPLIT] = {.name = "split",
                      .type = OPTION_SHARE,
                      .argument = "SHARE",
                      .fallback = "0.5",
                      .help = "the first part of the samples, whose advice is judged on the rest",
                      .group = GROUP_JUDGE,
                      .commands = IN(COMMAND_CALIBRATE)},
    [OPTION_METRIC] = {.name = "metric",
                       .type = OPTION_TEXT,
                       .argument = "NAME",
                       .help =
                           "compare this metric; may be given again; the main ones when not given",
                       .group = GROUP_JUDGE,
                       .commands = IN(COMMAND_COMPARE),
                       .repeatable = true},
    [OPTION_FAIL_ON] = {.name = "fail-on",
                        .type = OPTION_CHOICE,
                        .argument = "worse|any",
                        .fallback = "worse",
                        .help = "which differences make the exit code 1",
                        .group = GROUP_JUDGE,
                        .commands = IN(COMMAND_COMPARE)},
    [OPTION_ALPHA] = {.name = "alpha",
                      .type = OPTION_SHARE,
                      .argument = "SHARE",
                      .fallback = "0.05",
                      .help = "error probability allowed over all metrics compared",
                      .group = GROUP_JUDGE,
                      .commands = IN(COMMAND_COMPARE) | IN(COMMAND_AB)},
    [OPTION_SCORE_CHECK] = {.name = "check",
                            .type = OPTION_FLAG,
                            .help = "compare with each line's \"expect\" to the last bit; exit 1 "
                                    "naming the first line that differs",
                            .group = GROUP_JUDGE,
                            .commands = IN(COMMAND_SCORE)},
    [OPTION_FORMAT] = {.name = "format",
                       .type = OPTION_CHOICE,
                       .argument = "text|json|github",
                       .fallback = "text",
                       .help = "findings for people, for programs, or as workflow annotations",
                       .group = GROUP_OUTPUT,
                       .commands = IN(COMMAND_LINT)},
    [OPTION_EXPLAIN] = {.name = "explain",
                        .type = OPTION_FLAG,
                        .help = "show how every provider's score comes about",
                        .group = GROUP_OUTPUT,
                        .commands = IN(COMMAND_ROUTE)},
    [OPTION_SCENARIO] = {.name = "scenario",
                         .type = OPTION_PATH,
                         .argument = "FILE",
                         .help =
                             "the world to look at; defaults, every provider well, when not given",
                         .group = GROUP_INPUT,
                         .commands = IN(COMMAND_ROUTE) | IN(COMMAND_DOCTOR) | IN(COMMAND_RUNBOOK)},
    [OPTION_PROFILE] = {.name = "profile",
                        .type = OPTION_CHOICE,
                        .argument = "both|as_documented|as_coded",
                        .fallback = "both",
                        .help = "under which of production's readings; the scenario's own does not "
                                "count",
                        .group = GROUP_INPUT,
                        .commands = IN(COMMAND_RUNBOOK)},
    [OPTION_RUNBOOK_ONLY] = {.name = "only",
                             .type = OPTION_TEXT,
                             .argument = "HEADING",
                             .help = "sections alone whose heading contains this, in any case",
                             .group = GROUP_INPUT,
                             .commands = IN(COMMAND_RUNBOOK)},
    [OPTION_LISTEN] = {.name = "listen",
                       .type = OPTION_TEXT,
                       .argument = "ADDRESS[:PORT]",
                       .fallback = "127.0.0.1",
                       .help = "where to listen; a port counts as the base of all ports",
                       .group = GROUP_OTHER,
                       .commands = IN(COMMAND_MOCK)},
    [OPTION_PORT_BASE] =
        {.name = "port-base",
         .type = OPTION_NUMBER_COUNT,
         .argument = "N",
         .help = "MealMe, Instacart, Kroger, Walmart and the admin interface at N to N+4; any "
                 "free ports when it is 0 or not given",
         .group = GROUP_OTHER,
         .commands = IN(COMMAND_MOCK),
         .least = 0,
         .most = 65531},
    [OPTION_EXPOSE] = {.name = "expose",
                       .type = OPTION_FLAG,
                       .help = "allow an address that other machines can reach",
                       .group = GROUP_OTHER,
                       .commands = IN(COMMAND_MOCK)},
    [OPTION_ONLY] = {.name = "only",
                     .type = OPTION_TEXT,
                     .argument = "PROVIDERS",
                     .help = "serve these alone: kroger,walmart",
                     .group = GROUP_OTHER,
                     .commands = IN(COMMAND_MOCK)},
    [OPTION_ADMIN] = {.name = "admin",
                      .type = OPTION_TEXT,
                      .argument = "PORT|none",
                      .help = "the port of the admin interface, on loopback; any free one when not "
                              "given",
                      .group = GROUP_OTHER,
                      .commands = IN(COMMAND_MOCK)},
    [OPTION_PRINT_URLS] = {.name = "print-urls",
                           .type = OPTION_FLAG,
                           .help = "print NAME=URL lines, for programs",
                           .group = GROUP_OUTPUT,
                           .commands = IN(COMMAND_MOCK)},
    [OPTION_RELAY] = {.name = "relay",
                      .type = OPTION_FLAG,
                      .help =
                          "stand a relay in front, so that faults put in later can refuse "
                          "connections; without it one stands there when the scenario's need it",
                      .group = GROUP_OTHER,
                      .commands = IN(COMMAND_MOCK)},
    [OPTION_TLS] = {.name = "tls",
                    .type = OPTION_MAYBE_CHOICE,
                    .argument = "good|expired|wrong_host|unknown_issuer",
                    .help = "serve HTTPS, with certificates made on the spot; good when no kind is "
                            "named",
                    .group = GROUP_OTHER,
                    .commands = IN(COMMAND_MOCK)},
    [OPTION_KEYS] = {.name = "keys",
                     .type = OPTION_PATH,
                     .argument = "DIR",
                     .help =
                         "write what clients need: credentials (mock.env), Walmart's private key, "
                         "ca.pem",
                     .group = GROUP_OUTPUT,
                     .commands = IN(COMMAND_MOCK)},
    [OPTION_PAYLOADS] =
        {.name = "payloads",
         .type = OPTION_PATH,
         .argument = "DIR",
         .help = "words of the vendors that no document fixes, from DIR/kroger.json and "
                 "the like instead of the built-in ones (scenarios/data/payloads)",
         .group = GROUP_INPUT,
         .commands = IN(COMMAND_MOCK)},
    [OPTION_JOURNAL] = {.name = "journal",
                        .type = OPTION_PATH,
                        .argument = "FILE",
                        .help = "write the newest requests as JSON lines when it is stopped",
                        .group = GROUP_OUTPUT,
                        .commands = IN(COMMAND_MOCK)},
    [OPTION_FOR] = {.name = "for",
                    .type = OPTION_SPAN,
                    .argument = "SPAN",
                    .help = "stop after this long: 30s, 90m, 1h30m",
                    .group = GROUP_OTHER,
                    .commands = IN(COMMAND_MOCK)},
    [OPTION_POSTGRES] = {.name = "postgres",
                         .type = OPTION_FLAG,
                         .help = "write the tables as CSV, with schema.sql, load.sql and "
                                 "queries.sql for PostgreSQL",
                         .group = GROUP_OUTPUT,
                         .commands = IN(COMMAND_EXPORT)},
    [OPTION_TABLES_CSV] = {.name = "csv",
                           .type = OPTION_FLAG,
                           .help = "write the tables as CSV alone, for anything else",
                           .group = GROUP_OUTPUT,
                           .commands = IN(COMMAND_EXPORT)},
    [OPTION_DASHBOARDS] = {.name = "dashboards",
                           .type = OPTION_FLAG,
                           .help = "write the operators' dashboards as a page, dashboards.html",
                           .group = GROUP_OUTPUT,
                           .commands = IN(COMMAND_EXPORT)},
    [OPTION_ANSWERS] = {.name = "answers",
                        .type = OPTION_FLAG,
                        .help = "print the operators' queries with their answers",
                        .group = GROUP_OUTPUT,
                        .commands = IN(COMMAND_EXPORT)},
    [OPTION_REBASE] = {.name = "rebase",
                       .type = OPTION_TEXT,
                       .argument = "now|load|INSTANT",
                       .help = "move all instants so that the log's last line lies now, when "
                               "load.sql is run, or at 2025-11-22T18:00:00Z; as simulated when "
                               "not given",
                       .group = GROUP_OUTPUT,
                       .commands = IN(COMMAND_EXPORT)},
    [OPTION_TAG] = {.name = "tag",
                    .type = OPTION_TEXT,
                    .argument = "TAG",
                    .help = "of several drills only those with this tag: quarterly, runbook",
                    .group = GROUP_INPUT,
                    .commands = IN(COMMAND_DRILL)},
    [OPTION_RULES] = {.name = "rules",
                      .type = OPTION_PATH,
                      .argument = "FILE",
                      .help = "export these rules instead of the scenario's own",
                      .group = GROUP_INPUT,
                      .commands = IN(COMMAND_ALERTS)},
    [OPTION_FORM] = {.name = "form",
                     .type = OPTION_CHOICE,
                     .argument = "gauge|counter",
                     .fallback = "gauge",
                     .help = "export signals as gauges that somebody computes, or have Prometheus "
                             "compute them from counters",
                     .group = GROUP_OUTPUT,
                     .commands = IN(COMMAND_ALERTS)},
    [OPTION_READING] = {.name = "reading",
                        .type = OPTION_CHOICE,
                        .argument = "file|A|B|C|all",
                        .fallback = "file",
                        .help = "how \"above X for D\" is read: A looks at D and fires at once, B "
                                "looks at 5 minutes and waits for D, C looks at 1 minute and waits "
                                "for D; all: score each of them; as the file says when not given",
                        .group = GROUP_JUDGE,
                        .commands = IN(COMMAND_ALERTS) | IN(COMMAND_DRILL)},
    [OPTION_DRILLS] = {.name = "drills",
                       .type = OPTION_PATH,
                       .argument = "DIR|FILE",
                       .help = "score rule sets by these drills",
                       .group = GROUP_INPUT,
                       .commands = IN(COMMAND_ALERTS)},
    [OPTION_QUIET_DAYS] = {.name = "quiet-days",
                           .type = OPTION_NUMBER_COUNT,
                           .argument = "N",
                           .fallback = "3",
                           .help = "score false pages over so many days without faults; 0: none",
                           .group = GROUP_JUDGE,
                           .commands = IN(COMMAND_ALERTS),
                           .least = 0,
                           .most = 3650},
    [OPTION_QUIET_SCENARIO] =
        {.name = "quiet-scenario",
         .type = OPTION_PATH,
         .argument = "FILE",
         .help = "whose orders those days have; its faults are left out; the first drill's when "
                 "not given",
         .group = GROUP_INPUT,
         .commands = IN(COMMAND_ALERTS)},
    [OPTION_SIGNIFICANT] = {.name = "significant",
                            .type = OPTION_SHARE,
                            .argument = "SHARE",
                            .fallback = "2%",
                            .help = "an incident asks for a page from this share of the error "
                                    "budget on",
                            .group = GROUP_JUDGE,
                            .commands = IN(COMMAND_ALERTS)},
    [OPTION_MANUAL] = {.name = "manual",
                       .type = OPTION_FLAG,
                       .help = "the same keys as Markdown, for reading",
                       .group = GROUP_OUTPUT,
                       .commands = IN(COMMAND_SCHEMA)},
    [OPTION_CONFIG] = {.name = "config",
                       .type = OPTION_FLAG,
                       .help = "print every option's value here and where it comes from",
                       .group = GROUP_OUTPUT,
                       .commands = IN(COMMAND_DOCTOR)},
    [OPTION_MAN] = {.name = "man",
                    .type = OPTION_FLAG,
                    .help = "print the manual page, routesim.1",
                    .group = GROUP_OUTPUT,
                    .commands = IN(COMMAND_HELP)},
    [OPTION_VERSION_JSON] = {.name = "json",
                             .type = OPTION_FLAG,
                             .help = "version, commit, compiler and libraries as JSON",
                             .group = GROUP_OUTPUT,
                             .commands = IN(COMMAND_VERSION)},
    [OPTION_QUIET] = {.name = "quiet",
                      .letter = 'q',
                      .type = OPTION_FLAG,
                      .help = "print only what failed",
                      .group = GROUP_DISPLAY,
                      .commands = PLAYS | STUDIES | IN(COMMAND_LINT) | IN(COMMAND_SCORE) |
                                  IN(COMMAND_REPORT) | IN(COMMAND_EXPORT) | IN(COMMAND_MOCK) |
                                  IN(COMMAND_RUNBOOK)},
    [OPTION_VERBOSE] = {.name = "verbose",
                        .letter = 'v',
                        .type = OPTION_FLAG,
                        .help = "add a histogram of latencies to the summary",
                        .group = GROUP_DISPLAY,
                        .commands = IN(COMMAND_RUN)},
    [OPTION_RUNBOOK_VERBOSE] = {.name = "verbose",
                                .letter = 'v',
                                .type = OPTION_FLAG,
                                .help = "say what came of steps that work, too, with the first "
                                        "rows of answers",
                                .group = GROUP_DISPLAY,
                                .commands = IN(COMMAND_RUNBOOK)},
    [OPTION_PROGRESS] = {.name = "progress",
                         .type = OPTION_CHOICE,
                         .argument = "auto|bar|plain|none",
                         .fallback = "auto",
                         .env = "ROUTESIM_PROGRESS",
                         .help =
                             "a bar that redraws itself, plain lines, or nothing; auto: the bar "
                             "on a terminal, lines elsewhere",
                         .group = GROUP_DISPLAY,
                         .commands = PLAYS | STUDIES | IN(COMMAND_ALERTS)},
    [OPTION_COLOR] = {.name = "color",
                      .type = OPTION_CHOICE,
                      .argument = "auto|always|never",
                      .fallback = "auto",
                      .env = "ROUTESIM_COLOR",
                      .help = "auto: on a terminal, unless NO_COLOR is set or TERM is dumb",
                      .group = GROUP_DISPLAY,
                      .commands = EVERYWHERE},
    [OPTION_HELP] = {.name = "help",
                     .letter = 'h',
                     .type = OPTION_FLAG,
                     .help = "explain the command and stop",
                     .group = GROUP_OTHER,
                     .commands = EVERYWHERE},
    [OPTION_VERSION] = {.name = "version",
                        .letter = 'V',
                        .type = OPTION_FLAG,
                        .help = "print the version and stop",
                        .group = GROUP_OTHER,
                        .commands = EVERYWHERE},
};

const struct exit_code_meaning exit_code_meanings[] = {
    {"0", "done, and all checks passed"},
    {"1", "done, and a check failed, compare found a regression, ab a variant that loses or breaks "
          "a guardrail, or verify a difference that nothing explains"},
    {"2", "the command line is wrong"},
    {"3", "an input file is invalid or unusable"},
    {"4", "the environment: a file cannot be written, memory is out, no file descriptor is left, "
          "figures cannot be drawn"},
    {"5",
     "inconclusive: too few samples to decide a check (only with --strict-evidence), or verify "
     "ran with a fault that no call met"},
    {"70", "a bug in routesim; the message says what to attach to a report"},
    {"130, 143", "stopped by SIGINT or SIGTERM; partial results are marked as such"},
    {NULL, NULL},
};

const struct command_traits *command_by_name(const char *name)
{
    for (unsigned i = 0; i < command_table_count; i++) {
        const struct command_traits *traits = &command_table[i];
        if (strcmp(traits->name, name) == 0) return traits;
        if (traits->alias != NULL && strcmp(traits->alias, name) == 0) return traits;
    }
    return NULL;
}

const struct command_traits *command_by_id(enum command command)
{
    for (unsigned i = 0; i < command_table_count; i++) {
        if (command_table[i].command == command) return &command_table[i];
    }
    return NULL;
}

bool option_is_offered(enum option option)
{
    for (unsigned i = 0; i < command_table_count; i++) {
        if (option_belongs(option, command_table[i].command)) return true;
    }
    return false;
}

enum option option_by_name(enum command command, const char *name, unsigned length)
{
    for (enum option option = 0; option < OPTION_COUNT; option++) {
        const char *known = option_table[option].name;
        if (!option_belongs(option, command)) continue;
        if (strlen(known) == length && strncmp(known, name, length) == 0) return option;
    }
    return OPTION_COUNT;
}

enum option option_by_letter(enum command command, char letter)
{
    assert(letter != '\0');
    for (enum option option = 0; option < OPTION_COUNT; option++) {
        if (!option_belongs(option, command)) continue;
        if (option_table[option].letter == letter) return option;
    }
    return OPTION_COUNT;
}

const char *choice_word(const char *choices, unsigned index, unsigned *length)
{
    const char *word = choices;
    for (; index > 0; index--) {
        word = strchr(word, '|');
        if (word == NULL) return NULL;
        word++;
    }
    *length = (unsigned)strcspn(word, "|");
    return word;
}
