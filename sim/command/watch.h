/* sim/command/watch.h - what a run says of itself while it runs.
 *
 * How far it is; in real time also what it still waits for after its last order, for how long at
 * most and how that can be cut short, and what the first Ctrl-C has done.
 */
#ifndef SIM_COMMAND_WATCH_H
#define SIM_COMMAND_WATCH_H

#include "sim/command/console.h"
#include "sim/command/progress.h"
#include "sim/world/world.h"

struct watch {
    struct progress progress;
    int64_t duration_us;
    uint32_t replications;
    bool real;
    bool quiet;
    const volatile sig_atomic_t *stop;
    bool stop_said;
    int64_t draining_us; /* since when nothing but what is under way is waited for; 0: not yet */
};

struct watch_setup {
    const struct console *console;
    const struct scenario *scenario;
    unsigned progress;                 /* --progress, as progress_mode_for() takes it */
    bool real;                         /* the clock is */
    const volatile sig_atomic_t *stop; /* signals_catch() */
};

void watch_begin(struct watch *watch, const struct watch_setup *setup);
void watch_end(struct watch *watch, bool stopped);

/* For struct world_control and struct run_request; the context is the watch. */
void watch_time(void *context, const struct world_progress *at);
void watch_replication(void *context, uint32_t done, uint32_t of);

#endif
