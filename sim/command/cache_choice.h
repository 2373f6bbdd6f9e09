/* sim/command/cache_choice.h - where a run keeps its quotes: --cache.
 *
 * Without it the scenario's cache is simulated. With it the quotes are in a Redis, and one that is
 * not there stops the run before its first order (exit code 4). What happens to it later costs the
 * router what it costs, and is told at the end.
 *
 * On the command line it is an error where the router keeps no quotes at all; in the environment
 * (ROUTESIM_CACHE) it says where quotes would go, and such a run has none.
 */
#ifndef SIM_COMMAND_CACHE_CHOICE_H
#define SIM_COMMAND_CACHE_CHOICE_H

#include "sim/command/console.h"
#include "sim/command/invocation.h"
#include "sim/world/redis_cache.h"
#include "sim/world/scenario.h"

struct cache_choice { /* stays where it is while the run lasts */
    bool given;
    struct redis_cache_plan plan;
    struct cache_client_maker maker;
};

/* Reads and checks; connects to nobody. */
bool cache_choice_read(const struct invocation *invocation, const struct scenario *scenario,
                       struct cache_choice *choice, struct err *err);

/* For --dry-run: "; quotes in redis://127.0.0.1:6379", or nothing. */
void cache_choice_describe(const struct cache_choice *choice, struct text *text);

/* After the run: a warning when the connection was lost. */
void cache_choice_say(const struct cache_choice *choice, const struct console *console);

#endif
