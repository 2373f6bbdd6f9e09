/* sim/command/decision_source.h - where tune, ab and calibrate get their orders from.
 *
 * One operand, three kinds: a scenario (run now, in virtual time, its first replication kept), the
 * folder of a finished run (its quotes.bin), or an event log (*.jsonl, *.ndjson, *.log, or "-").
 * Coverage is told on the console for a log, because it comes before any result.
 *
 * A command that takes --clock may run its scenario in real time and call real providers, after the
 * same questions and under the same caps as `run` (sim/command/wires.h). With --watch calls to real
 * providers are then waited for that long, whatever their timeouts, which are kept in `today_us`:
 * of what is recorded any shorter timeout can be decided again, theirs too.
 *
 * Ownership: decision_source_release() frees all, also after a failure; a command may move the set
 *            out (and leave it zeroed).
 * Failure:   everything is printed; `exit_code` says how the process is to end.
 */
#ifndef SIM_COMMAND_DECISION_SOURCE_H
#define SIM_COMMAND_DECISION_SOURCE_H

#include "sim/analysis/tune.h"
#include "sim/command/load.h"
#include "sim/command/progress.h"
#include "sim/world/wire.h"

enum { SOURCE_NAME_MAX = 128 };

struct decision_source {
    enum tune_source kind;
    const char *path;           /* borrowed: the operand */
    char name[SOURCE_NAME_MAX]; /* of the scenario, or made from the path */
    uint64_t seed;
    uint64_t experiment; /* a hash that is the same for the same input */
    struct decision_set set;
    struct loaded loaded; /* of a scenario */
    struct wire_spec wire;
    bool live;   /* real providers were called */
    int stopped; /* the signal that stopped the run, whose orders until then are there; 0: none */
    int64_t today_us[PROVIDER_COUNT]; /* timeouts that --watch took the place of; 0: none */
    int exit_code;
};

bool decision_source_open(struct decision_source *source, const struct invocation *invocation,
                          struct console *console, const char *path);

/* Runs the scenario of a source again, under other weights and the same luck: what became of orders
 * feeds the scores of later ones. Prints nothing but progress; false with an err. */
bool decision_source_again(struct decision_source *source, const struct invocation *invocation,
                           const struct console *console, const struct score_weights *weights,
                           struct decision_set *set, struct err *err);
/* The same with quotes kept for `ttl_us` (0: none are), by the key that the scenario has. */
bool decision_source_with_cache(struct decision_source *source, const struct invocation *invocation,
                                const struct console *console, int64_t ttl_us,
                                struct decision_set *set, struct err *err);
void decision_source_release(struct decision_source *source);

/* "shop-week-3" of "logs/shop week-3.jsonl": what results are called after. */
void decision_source_name(const char *path, char name[static SOURCE_NAME_MAX]);

#endif
