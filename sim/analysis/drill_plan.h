/* sim/analysis/drill_plan.h - what a drill's story will be as far as its file fixes it: when which
 * alert can fire, told before anything is played.
 *
 * A forecast and no result. It is the closed form of sim/world/alert.h (after a step to an error
 * rate e a window W shows more than theta first after theta * W / e) carried on to faults that
 * ramp, flap, overlap and end: every second brings the same share of orders; of those the share
 * that the file's faults make fail fails; and the rule's state machine is stepped through its
 * ticks. For a single step it says what alert_first_firing_s() says. Nobody acts in it: operators
 * can only change what comes after the first page.
 *
 * Known shares are those of faults that end every quote of the orders they hit: hang, refuse,
 * reset, dns, tls, error, throttle, malformed and truncated where they meet a call that each quote
 * makes and cannot do without (Walmart's searches and stores, and Kroger's searches, are swallowed
 * as production does, unless `swallowed_search_errors` is off), and a revoked credential at Kroger
 * or Instacart. An order is counted when it is decided, which under a hang is when its provider's
 * timeout is over. What depends on how fast providers answer, on limits and capacities, on a cache
 * of quotes or on credentials that expire by themselves has no known share: DRILL_FORECAST_DEPENDS.
 *
 * Chance: the number of failing orders in a window of n is taken to be binomial, so the rule is
 * stepped twice more with its threshold moved by DRILL_PLAN_SIGMAS standard deviations either way,
 * and by the provider's own error rate: `earliest_us`, `latest_us`. What never fires even with the
 * easier threshold cannot fire; what fires only with that depends on traffic. In repeats other than
 * the first the ticks are shifted: up to an interval later.
 *
 * Ownership: a plan is plain data; it borrows the scenario.
 * Failure:   drill_plan_make(): a data file that cannot be read; out of memory.
 */
#ifndef SIM_ANALYSIS_DRILL_PLAN_H
#define SIM_ANALYSIS_DRILL_PLAN_H

#include "sim/world/scenario.h"

#define DRILL_PLAN_SIGMAS 3.3 /* one look in two thousand lies outside, on either side */
enum { DRILL_PLAN_SECONDS_MAX = 400000 }; /* longer runs have no forecast */

enum drill_forecast_kind {
    DRILL_FORECAST_FIRES,
    DRILL_FORECAST_CANNOT,    /* true for at most `longest_true_us`, which is too short */
    DRILL_FORECAST_DEPENDS,   /* on what no file fixes: `why` */
    DRILL_FORECAST_UNTOUCHED, /* no fault makes it true: `why` */
    DRILL_FORECAST_KINDS
};

struct drill_forecast { /* one instance of one rule */
    uint16_t rule;
    uint8_t scope;
    enum drill_forecast_kind kind;
    int64_t fires_us;               /* FIRES: under steady traffic */
    int64_t earliest_us, latest_us; /* FIRES: what chance leaves; latest INT64_MAX: perhaps never */
    int64_t longest_true_us;        /* the longest that its condition holds on end */
    const char *why;                /* DEPENDS and UNTOUCHED: a clause */
};

struct drill_plan {
    const struct scenario *scenario;
    double orders_per_s;
    uint64_t orders;                          /* of one repeat, warm-up and all, as expected */
    struct alert_rule rules[ALERT_RULES_MAX]; /* in their reading */
    uint32_t rule_count;
    struct drill_forecast forecasts[ALERT_INSTANCES_MAX]; /* by rule, then scope */
    uint32_t forecast_count;
};

bool drill_plan_make(const struct scenario *scenario, struct drill_plan *plan, struct err *err);

/* The first page by the forecast; NULL: none is known to come. */
const struct drill_forecast *drill_plan_first_page(const struct drill_plan *plan);

/* What a law's draws take: median and 90% quantile; -1 where it is not given, or no formula says
 * it. */
void drill_plan_span(const struct law_spec *law, int64_t *median_us, int64_t *p90_us);

#endif
