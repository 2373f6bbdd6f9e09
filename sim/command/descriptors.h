/* sim/command/descriptors.h - does a run in real time fit into the file descriptors of a process?
 *
 * Every call in flight holds a connection, and each end of it that lies in this process a
 * descriptor. How many there are at once is what Little's law says: orders a second, times the
 * seconds for which one order holds connections, over all providers. A provider that hangs holds
 * each for a call's whole life.
 *
 * The estimate is for warning in time, not for proof: latencies count at their 95% quantile, the
 * hours of a profile at its peak, four standard deviations of a Poisson number on top. A run that
 * does run out ends, and says so (wire_starved(), sim/world/wire.h).
 */
#ifndef SIM_COMMAND_DESCRIPTORS_H
#define SIM_COMMAND_DESCRIPTORS_H

#include "sim/world/world.h"

/* Lifts this process's limit as far as it may without privilege. The limit then; UINT64_MAX: none.
 */
uint64_t descriptors_raise(void);

struct descriptor_need {
    uint64_t count;
    double orders_per_s;
    unsigned providers; /* that are called over HTTP */
    int64_t life_us;    /* of the longest calls that were reckoned with */
    bool both_ends;     /* some connections have both their ends in this process */
};

/* Of a run over HTTP in real time. The plan is one of the scenario's. */
void descriptors_estimate(const struct world_plan *plan, const struct wire_spec *wire,
                          struct descriptor_need *need);

/* True: it is more than the limit, and `warning` has the figures and what to do. */
bool descriptors_lack(const struct descriptor_need *need, uint64_t limit, struct err *warning);

#endif
