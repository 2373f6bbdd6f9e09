/* sim/analysis/alert_watch.h - several sets of alert rules over one run.
 *
 * What orders do does not depend on who looks on, so one run serves every rule set: at each tick of
 * the world's own alerts (world_outputs.alerts_ticked) each set's engine does what is due for it,
 * on the world's signals. For that the world needs ticks that meet every set's, and signals that
 * reach as far back and keep whose latencies any set asks for: rules that never fire are put into
 * the scenario to make it so.
 *
 *   open loop    nobody acts: operators, probes, stop conditions and rollbacks are taken out of the
 *                scenario, and its own rules with them. What differs between sets is their doing.
 *   closed loop  the scenario is played as it is, its own rules and operators included; sets look
 *                on and tell nobody. Ticks are the scenario's, which have to meet the sets'.
 *
 * Notifications are told at ticks: a delay that is no whole number of ticks is told on the next.
 *
 * Ownership: borrows sets; alert_watch_make() allocates, alert_watch_release() frees. Not to be
 * moved while a run has it.
 * Failure:   memory: false, or `failed` during the run. Closed loop: ERR_INPUT when ticks do not
 * meet or the scenario has no room for another rule.
 */
#ifndef SIM_ANALYSIS_ALERT_WATCH_H
#define SIM_ANALYSIS_ALERT_WATCH_H

#include "sim/analysis/alert_record.h"
#include "sim/world/world.h"

struct alert_set {
    const char *name;
    struct alert_spec spec; /* with its reading */
};

struct alert_watched { /* what one set came to */
    struct alerts alerts;
    struct alert_change *changes; /* in order of time */
    uint32_t change_count, change_capacity;
    struct alert_record record; /* when wanted */
};

struct alert_watch {
    const struct alert_set *sets;
    uint32_t count;
    bool records; /* samples and states are kept too */
    bool begun, failed;
    struct alert_watched *each; /* as sets */
};

bool alert_watch_make(struct alert_watch *watch, const struct alert_set *sets, uint32_t count,
                      bool records);
void alert_watch_release(struct alert_watch *watch);

/* Changes a scenario so that it can be watched; its arena stays whose it was. */
void alert_watch_open_loop(const struct alert_watch *watch, struct scenario *scenario);
bool alert_watch_closed_loop(const struct alert_watch *watch, struct scenario *scenario,
                             struct err *err);
/* The same without faults and credentials that end, for a quiet run: what any alert says then is
 * false. */
void alert_watch_calm(struct scenario *scenario);

/* world_outputs.alerts_ticked, with the watch as context. Of one replication. */
void alert_watch_ticked(void *context, int64_t now_us, const struct alerts *alerts,
                        struct signals *signals);

#endif
