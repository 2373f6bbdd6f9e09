/* The commands: what help, manual and completions say of each, and who handles it. */
#include <stddef.h>

#include "sim/command/command.h"
#include "sim/command/options.h"

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
