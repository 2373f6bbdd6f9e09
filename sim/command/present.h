/* sim/command/present.h - a result on disk and on the terminal: every file of the output folder.
 *
 *   events.jsonl quotes.bin      written while running (sim/command/logs.h)
 *   series.csv metrics.csv       the numbers
 *   plots/...                    every figure, and what it is drawn from
 *   report.md junit.xml          for pull requests and CI
 *   report.html                  the one file to share
 *   run.json                     wall-clock facts: command line, host, resolved settings with
 * origins summary.json                 last: a folder that has it is whole
 *
 * Everything but run.json is a function of scenario, seed and version.
 */
#ifndef SIM_COMMAND_PRESENT_H
#define SIM_COMMAND_PRESENT_H

#include "sim/command/console.h"
#include "sim/command/invocation.h"
#include "sim/world/result.h"
#include "sim/world/scenario.h"

struct redis_cache_plan;

struct present {
    const struct invocation *invocation;
    struct console *console;
    const struct result *result;
    const struct scenario *scenario; /* NULL: rebuilt from a folder; run.json stays as it is */
    const char *directory;           /* where files are written */
    const char *final_path;          /* what the folder is going to be called */
    int64_t started_unix_us;
    double wall_seconds;                  /* of the simulation alone; negative: not known */
    const struct redis_cache_plan *cache; /* NULL: no real one */
    int exit_code;
};

/* run.json alone: the command line, this machine, every setting with its origin. */
bool present_run(const struct present *present, struct err *err);

bool present_files(struct present *present, struct err *err);

/* The console summary, or what --json, --csv asked for instead; --junit and --markdown copies. */
int present_result(struct present *present);

#endif
